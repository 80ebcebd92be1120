"""Rehearsals: start, stop and read them, what they showed by topic, and each draft beside its reply."""

from typing import Any

import django_filters as filters
from django.db.models import Count, Q, QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot import rehearsing
from copilot.access import led_rehearsals, visible_rehearsals, visible_rehearsed
from copilot.api import reach
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.filters import Id
from copilot.api.idempotency import once
from copilot.api.keys import Caller, caller
from copilot.api.problems import Problem
from copilot.api.resources import Resource
from copilot.learning.rehearsed import Result, results
from copilot.models import Rehearsal, RehearsedReply
from people.models import Team

State = RehearsedReply.State


class RehearsalSerializer(serializers.ModelSerializer[Rehearsal]):
    """`size` replies were drawn from `of` by the `seed`; `waiting` of them are still to be rehearsed."""

    waiting = serializers.IntegerField(read_only=True)

    class Meta:
        model = Rehearsal
        fields = (
            "id",
            "team",
            "seed",
            "size",
            "of",
            "waiting",
            "state",
            "started_by",
            "created_at",
            "ended_at",
            "failure",
        )


class RehearsedReplySerializer(serializers.ModelSerializer[RehearsedReply]):
    """`message` is what was really sent; `text` would have been the draft. Nobody can approve it."""

    class Meta:
        model = RehearsedReply
        fields = (
            "id", "rehearsal", "conversation", "message", "topic", "state", "text", "abstained", "missing",
            "unsupported", "distance", "engine", "model", "prompt_version", "failure", "done_at",
        )  # fmt: skip


class DistanceSerializer(serializers.Serializer[Any]):
    """Word edits by the longer length, 0 to 1; with an interval of 95 % where there are 20 drafts or more."""

    n = serializers.IntegerField()
    is_enough = serializers.BooleanField()
    mean = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class ResultSerializer(serializers.Serializer[Any]):
    """`topic` empty: without one. `n` replies, of which some may be waiting; `cost_micros` is for leads."""

    topic = serializers.CharField()
    n = serializers.IntegerField()
    waiting = serializers.IntegerField()
    drafted = serializers.IntegerField()
    as_sent = serializers.IntegerField()
    abstained = serializers.IntegerField()
    failed = serializers.IntegerField()
    unsupported = serializers.IntegerField()
    cost_micros = serializers.IntegerField(allow_null=True)
    distance = DistanceSerializer()


class ResultsSerializer(serializers.Serializer[Any]):
    all = ResultSerializer()
    topics = ResultSerializer(many=True)


class RehearsalBody(serializers.Serializer[Any]):
    team = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    size = serializers.IntegerField(min_value=1, max_value=rehearsing.MOST)
    seed = serializers.IntegerField(min_value=0, max_value=rehearsing.LARGEST_SEED)


class RehearsalMoveBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["stop", "go_on"])


class ReplyFilter(filters.FilterSet):
    rehearsal = Id(field_name="rehearsal_id")
    conversation = Id(field_name="conversation_id")
    state = filters.ChoiceFilter(choices=State.choices)


def _rehearsals(who: Caller) -> QuerySet[Rehearsal]:
    rows = Rehearsal.objects.none() if who.connection else visible_rehearsals(who.standing)
    return rows.annotate(waiting=Count("replies", filter=Q(replies__state=State.QUEUED)))


def _replies(who: Caller) -> QuerySet[RehearsedReply]:
    return RehearsedReply.objects.none() if who.connection else visible_rehearsed(who.standing)


def _led_team(who: Caller, pk: int) -> Team:
    own = reach.teams(who)
    led = own if who.standing.is_admin else own.filter(pk__in=who.standing.lead_teams)
    found = led.filter(pk=pk).first()
    if found is None:
        raise ValidationError({"team": ["Name a team that you lead."]})
    return found


class Rehearsals(Resource):
    """Drafts rehearsed on a random sample of a team's closed conversations, from strictly earlier data."""

    reach = _rehearsals
    serializer_class = RehearsalSerializer

    @extend_schema(
        operation_id="rehearsals_start", request=RehearsalBody, responses={201: RehearsalSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["rehearsals"],
    )  # fmt: skip
    @once
    def create(self, request: Request) -> Response:
        """Start one; the same seed draws the same replies. Nothing of it is sent to anybody."""
        who = caller(request)
        body = RehearsalBody(data=request.data)
        body.is_valid(raise_exception=True)
        sent = body.validated_data
        if who.person is None or not (who.standing.is_lead or who.standing.is_admin):
            raise PermissionDenied("Leads and admins start a rehearsal.")
        team = _led_team(who, sent["team"])
        try:
            made = rehearsing.start(team, sent["size"], sent["seed"], who.person, who.key)
        except rehearsing.Refused as why:
            raise Problem(409, "refused", str(why)) from None
        return Response(self.get_serializer(_rehearsals(who).get(pk=made.pk)).data, status=201)


class RehearsedReplies(Resource):
    """The drawn replies in conversations that you may see, with what the drafts would have been."""

    reach = _replies
    serializer_class = RehearsedReplySerializer
    filterset_class = ReplyFilter


class RehearsalResults(Door):
    @extend_schema(operation_id="rehearsals_results", responses=ResultsSerializer, tags=["rehearsals"])
    def get(self, request: Request, pk: int) -> Response:
        """What it shows so far, in all and by topic."""
        who = caller(request)
        found = get_object_or_404(_rehearsals(who), pk=pk)
        leads = led_rehearsals(who.standing).filter(pk=pk).exists()
        in_all, by_topic = results(found)
        told = {"all": _told(in_all, leads=leads), "topics": [_told(one, leads=leads) for one in by_topic]}
        return Response(ResultsSerializer(told).data)


def _told(one: Result, *, leads: bool) -> dict[str, Any]:
    far = one.distance
    enough = far.is_enough
    distance = {"n": far.n, "is_enough": enough} | {
        name: getattr(far, name) if enough else None for name in ("mean", "low", "high")
    }
    fields = ("topic", "n", "waiting", "drafted", "as_sent", "abstained", "failed", "unsupported")
    told = {name: getattr(one, name) for name in fields}
    return told | {"distance": distance, "cost_micros": one.cost_micros if leads else None}


class RehearsalMoves(Door):
    people_only = True

    @extend_schema(
        operation_id="rehearsals_move", request=RehearsalMoveBody, responses={200: RehearsalSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["rehearsals"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Stop it, or go on with what was not rehearsed yet."""
        who = caller(request)
        found = get_object_or_404(_rehearsals(who), pk=pk)
        body = RehearsalMoveBody(data=request.data)
        body.is_valid(raise_exception=True)
        if who.person is None or not led_rehearsals(who.standing).filter(pk=pk).exists():
            raise PermissionDenied("The team's leads stop it and go on with it.")
        try:
            if body.validated_data["kind"] == "go_on":
                rehearsing.go_on(found, who.person, who.key)
            elif not rehearsing.stop(found, who.person, who.key):
                raise rehearsing.Refused("It had ended already. Nothing was changed.")
        except rehearsing.Refused as why:
            raise Problem(409, "refused", str(why)) from None
        return Response(RehearsalSerializer(_rehearsals(who).get(pk=pk)).data)
