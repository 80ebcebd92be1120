"""In our words: what somebody typed, in wordings of the house; nothing is sent by asking."""

from collections.abc import Sequence
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.api import bodies, reach
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.idempotency import once
from copilot.api.keys import caller
from copilot.learning.our_words import NOTHING, Offered, in_our_words


class OurWordingSerializer(serializers.Serializer[Any]):
    """`sent` times by so many `colleagues`."""

    text = serializers.CharField()
    sent = serializers.IntegerField()
    colleagues = serializers.IntegerField()


class OurWordsSerializer(serializers.Serializer[Any]):
    """Up to three wordings, the nearest first; `why` there are none, else empty."""

    offers = OurWordingSerializer(many=True)
    why = serializers.CharField(allow_blank=True)


class ConversationOurWords(Door):
    people_only = True

    @extend_schema(
        operation_id="conversations_our_words", request=bodies.RoughBody, responses={200: OurWordsSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["conversations"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """What you want to say, in wordings that two colleagues of your teams sent to two customers."""
        who = caller(request)
        related = reach.conversations(who).select_related("team", "contact", "account")
        conversation = get_object_or_404(related, pk=pk)
        reach.must_answer(who, pk)
        body = bodies.RoughBody(data=request.data)
        body.is_valid(raise_exception=True)
        assert who.person is not None
        text = body.validated_data["text"]
        return Response(_told(in_our_words(conversation, who.person, who.standing.teams, text)))


def _told(found: Sequence[Offered]) -> dict[str, Any]:
    offers = [{"text": one.text, "sent": one.evidence.sent, "colleagues": one.evidence.people} for one in found]
    return {"offers": offers, "why": "" if offers else NOTHING}
