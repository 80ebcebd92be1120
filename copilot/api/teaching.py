"""Whether one's own edits teach: read and switched by oneself alone."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.idempotency import once
from copilot.api.keys import caller
from copilot.learning import unlearning
from people.models import User


class TeachingBody(serializers.Serializer[Any]):
    teaches = serializers.BooleanField(help_text="False: nothing is learnt from you, earlier edits included.")


class UnlearntSerializer(serializers.Serializer[Any]):
    """A lesson or a proposal that had rested on your edits; `now` is `gone` where nothing is left."""

    title = serializers.CharField()
    team = serializers.CharField()
    was = serializers.CharField()
    now = serializers.CharField()


class TeachingSerializer(serializers.Serializer[Any]):
    """`unlearnt` is what this request took back."""

    teaches = serializers.BooleanField()
    unlearnt = UnlearntSerializer(many=True)


class Teaching(Door):
    people_only = True

    @extend_schema(operation_id="teaching_retrieve", responses={200: TeachingSerializer}, tags=["teaching"])
    def get(self, request: Request) -> Response:
        """Whether your edits teach, and your replies help to write drafts."""
        return _told(_person(request), [])

    @extend_schema(
        operation_id="teaching_set", request=TeachingBody, responses={200: TeachingSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["teaching"],
    )  # fmt: skip
    @once
    def post(self, request: Request) -> Response:
        """Switch it off, which takes back what your edits taught, or on again, from now on."""
        body = TeachingBody(data=request.data)
        body.is_valid(raise_exception=True)
        person, key = _person(request), caller(request).key
        if body.validated_data["teaches"]:
            unlearning.opt_in(person, person, key)
            return _told(person, [])
        return _told(person, unlearning.opt_out(person, person, key))


def _person(request: Request) -> User:
    person = caller(request).person
    if person is None:
        raise PermissionDenied("Only a person's key may do this; a connection's key never can.")
    return person


def _told(person: User, unlearnt: list[unlearning.Unlearnt]) -> Response:
    told = {"teaches": unlearning.teaches(person), "unlearnt": unlearnt}
    return Response(TeachingSerializer(told).data)
