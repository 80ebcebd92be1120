"""What other teams learnt or wrote and offer: its words, its record there, and the answer to it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.access import decidable_offers, visible_offers, writable_articles, writable_saved_replies
from copilot.api import reach
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.filters import Id
from copilot.api.idempotency import once
from copilot.api.keys import Caller, caller
from copilot.api.problems import Problem
from copilot.api.resources import Resource
from copilot.knowledge import texts
from copilot.learning import moves, network, offering_texts
from copilot.learning.mine import LONGEST
from copilot.models import Offer
from people.access import Standing


class OfferSerializer(serializers.ModelSerializer[Offer]):
    """`lesson` is theirs, `made` yours. `agree` counts conversations, `kept` of `of` the replies sent with it,
    all in the team that offers it. `heading` and `body` are an article's or saved reply's; `evidence` names the
    teams where what is offered belongs together."""

    title = serializers.CharField(read_only=True)

    class Meta:
        model = Offer
        fields = (
            "id", "from_team", "team", "lesson", "kind", "language", "title", "before", "after",
            "heading", "body", "article", "saved_reply", "agree", "kept", "of", "evidence", "state", "version",
            "why", "by", "made", "made_article", "made_reply", "created_at", "decided_at",
        )  # fmt: skip


class OfferFilter(filters.FilterSet):
    team = Id(field_name="team_id")
    from_team = Id(field_name="from_team_id")
    lesson = Id(field_name="lesson_id")
    state = filters.ChoiceFilter(choices=Offer.State.choices)


class OfferDecisionBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["accept", "adapt", "decline"])
    version = serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="As it was seen.")
    before = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    after = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    heading = serializers.CharField(max_length=texts.LONGEST_TITLE, required=False)
    body = serializers.CharField(max_length=texts.LONGEST_TEXT, required=False)
    why = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


TEXTS: dict[str, tuple[Callable[[Caller], QuerySet[Any]], Callable[[Standing], QuerySet[Any]]]] = {
    "articles": (reach.articles, writable_articles),
    "saved-replies": (reach.saved_replies, writable_saved_replies),
}


def _offers(who: Caller) -> QuerySet[Offer]:
    return Offer.objects.none() if who.connection else visible_offers(who.standing)


class Offers(Resource):
    """Lessons, articles and saved replies that one team offers to another, with how they fared there."""

    reach = _offers
    serializer_class = OfferSerializer
    filterset_class = OfferFilter


class OfferDecision(Door):
    people_only = True

    @extend_schema(
        operation_id="offers_decide", request=OfferDecisionBody, responses={200: OfferSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["offers"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Accept it, adapt it in words of your own, or decline it and say why."""
        who = caller(request)
        offer = get_object_or_404(_offers(who), pk=pk)
        body = OfferDecisionBody(data=request.data)
        body.is_valid(raise_exception=True)
        if who.person is None or not decidable_offers(who.standing).filter(pk=pk).exists():
            raise PermissionDenied("The leads of the team to which it is offered decide.")
        sent: dict[str, Any] = body.validated_data
        place = (pk, sent["version"], who.person)
        try:
            match sent["kind"]:
                case "accept":
                    decided = network.accept(*place, who.key)
                case "adapt":
                    own = {name: sent[name] for name in ("before", "after", "heading", "body") if name in sent}
                    told = replace(network.offered(offer), **own)
                    decided = network.adapt(*place, told, who.key)
                case _:
                    decided = network.decline(*place, sent["why"], who.key)
        except moves.Refused as why:
            raise Problem(409, "refused", str(why)) from None
        return Response(OfferSerializer(decided).data)


class TextOffers(Door):
    """Of an article or a saved reply, by whoever may write it."""

    people_only = True
    kind = "articles"

    @extend_schema(
        request=None, responses={201: OfferSerializer(many=True)},
        parameters=[IDEMPOTENCY_KEY], tags=["offers"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Offer it to the teams that neither use it nor were offered it."""
        who = caller(request)
        seen, writable = TEXTS[self.kind]
        text = get_object_or_404(seen(who), pk=pk)
        if who.person is None or not writable(who.standing).filter(pk=pk).exists():
            raise PermissionDenied("Who may write it offers it.")
        leads = None if who.standing.is_admin else who.standing.lead_teams
        try:
            made = offering_texts.offer_text(text, who.person, leads, who.key)
        except moves.Refused as why:
            raise Problem(409, "refused", str(why)) from None
        return Response(OfferSerializer(made, many=True).data, status=201)
