"""Asking for drafts where a team's switch keeps them off, and what its leads say to it."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot import requesting
from copilot.access import decidable_requests, visible_requests
from copilot.api import reach
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.filters import Id
from copilot.api.idempotency import once
from copilot.api.keys import Caller, caller
from copilot.api.problems import Problem
from copilot.api.resources import Resource
from copilot.models import DraftingRequest, Topic

LARGEST_ID = 2**63 - 1


class DraftingRequestSerializer(serializers.ModelSerializer[DraftingRequest]):
    """`topic` null: for the whole team."""

    class Meta:
        model = DraftingRequest
        fields = (
            "id", "team", "topic", "why", "state", "reason", "asked_by", "asked_at", "decided_by", "decided_at",
        )  # fmt: skip


class RequestFilter(filters.FilterSet):
    team = Id(field_name="team_id")
    state = filters.ChoiceFilter(choices=DraftingRequest.State.choices)


class DraftingRequestBody(serializers.Serializer[Any]):
    team = serializers.IntegerField(min_value=1, max_value=LARGEST_ID)
    topic = serializers.IntegerField(min_value=1, max_value=LARGEST_ID, required=False, allow_null=True)
    why = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class RequestDecisionBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["approve", "decline"])
    reason = serializers.CharField(
        max_length=300, required=False, allow_blank=True, default="", help_text="Needed to decline."
    )


def _requests(who: Caller) -> QuerySet[DraftingRequest]:
    return DraftingRequest.objects.none() if who.connection else visible_requests(who.standing)


class DraftingRequests(Resource):
    """Wishes of teams for drafts that their switches keep off."""

    reach = _requests
    serializer_class = DraftingRequestSerializer
    filterset_class = RequestFilter

    @extend_schema(
        operation_id="drafting_requests_ask", request=DraftingRequestBody,
        responses={201: DraftingRequestSerializer}, parameters=[IDEMPOTENCY_KEY], tags=["drafting-requests"],
    )  # fmt: skip
    @once
    def create(self, request: Request) -> Response:
        """Ask for drafts in a team of yours, or on one of its topics."""
        who = caller(request)
        if who.person is None:
            raise PermissionDenied("Only a person's key may do this; a connection's key never can.")
        body = DraftingRequestBody(data=request.data)
        body.is_valid(raise_exception=True)
        sent = body.validated_data
        team = reach.teams(who).filter(pk=sent["team"]).first()
        if team is None:
            raise ValidationError({"team": ["Name a team of yours."]})
        told = sent.get("topic")
        topic = Topic.objects.filter(pk=told, team=team, retired_at=None).first() if told else None
        if told and topic is None:
            raise ValidationError({"topic": ["The team has no such topic."]})
        try:
            made = requesting.ask(team, topic, who.person, sent["why"], who.key)
        except requesting.Refused as why:
            raise Problem(409, "refused", str(why)) from None
        return Response(self.get_serializer(made).data, status=201)


class RequestDecision(Door):
    people_only = True

    @extend_schema(
        operation_id="drafting_requests_decide", request=RequestDecisionBody,
        responses={200: DraftingRequestSerializer}, parameters=[IDEMPOTENCY_KEY], tags=["drafting-requests"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Approve it, which sets the team's drafting switch, or decline it and say why."""
        who = caller(request)
        asked = get_object_or_404(_requests(who).select_related("team", "topic"), pk=pk)
        body = RequestDecisionBody(data=request.data)
        body.is_valid(raise_exception=True)
        if who.person is None or not decidable_requests(who.standing).filter(pk=pk).exists():
            raise PermissionDenied("A lead of the team decides.")
        try:
            if body.validated_data["kind"] == "approve":
                requesting.approve(asked, who.person, body.validated_data["reason"], who.key)
            else:
                requesting.decline(asked, who.person, body.validated_data["reason"], who.key)
        except requesting.Refused as why:
            raise Problem(409, "refused", str(why)) from None
        return Response(DraftingRequestSerializer(asked).data)
