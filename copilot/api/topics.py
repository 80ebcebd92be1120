"""Topics with their records, a person's better word for one, and what drafts cost a team a day."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.access import visible_spending, visible_topics
from copilot.api import reach
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.idempotency import once
from copilot.api.keys import Caller, caller
from copilot.api.resources import Resource
from copilot.api.shapes import ConversationSerializer
from copilot.insight.topics import correct
from copilot.models import Spending, Topic, TopicRecord


class TopicRecordSerializer(serializers.ModelSerializer[TopicRecord]):
    class Meta:
        model = TopicRecord
        fields = (
            "n", "unchanged", "edited", "rewritten", "escalated", "discarded", "unsupported", "reopened",
            "counted_at",
        )  # fmt: skip


class TopicSerializer(serializers.ModelSerializer[Topic]):
    record = serializers.SerializerMethodField(help_text="Null until it was counted.")

    class Meta:
        model = Topic
        fields = ("id", "team", "name", "drafting", "merged_into", "retired_at", "created_at", "record")

    @extend_schema_field(TopicRecordSerializer(allow_null=True))
    def get_record(self, topic: Topic) -> dict[str, Any] | None:
        record = getattr(topic, "record", None)
        return dict(TopicRecordSerializer(record).data) if record else None


class CostSerializer(serializers.ModelSerializer[Spending]):
    """`cost_micros` are millionths of a US dollar; the day is the team's own."""

    class Meta:
        model = Spending
        fields = ("id", "team", "day", "drafts", "input", "output", "cache_read", "cache_write", "cost_micros")


def _topics(who: Caller) -> QuerySet[Topic]:
    return Topic.objects.none() if who.connection else visible_topics(who.standing).select_related("record")


def _costs(who: Caller) -> QuerySet[Spending]:
    return Spending.objects.none() if who.connection else visible_spending(who.standing)


class Topics(Resource):
    """A team's topics, each with how the drafts on it fared lately."""

    reach = _topics
    serializer_class = TopicSerializer


class Costs(Resource):
    """What a team's drafts took on one of its days; for leads and admins."""

    reach = _costs
    serializer_class = CostSerializer


class TopicBody(serializers.Serializer[Any]):
    topic = serializers.IntegerField(
        allow_null=True, min_value=1, max_value=2**63 - 1, help_text="The topic's id; null: none of them."
    )


class ConversationTopic(Door):
    people_only = True

    @extend_schema(
        operation_id="conversations_topic", request=TopicBody, responses={200: ConversationSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["conversations"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Say what a conversation is about; the next ones like it are proposed the same."""
        who = caller(request)
        conversation = get_object_or_404(reach.conversations(who), pk=pk)
        reach.must_answer(who, pk)
        assert who.person is not None
        body = TopicBody(data=request.data)
        body.is_valid(raise_exception=True)
        told = body.validated_data["topic"]
        mine = Topic.objects.filter(team=conversation.team_id, retired_at=None)
        topic = mine.filter(pk=told).first() if told else None
        if told and topic is None:
            raise ValidationError({"topic": ["The conversation's team has no such topic."]})
        correct(conversation, topic, who.person, who.key)
        return Response(ConversationSerializer(reach.conversations(who).get(pk=pk)).data)
