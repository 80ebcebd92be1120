"""Count how the drafts of each topic fared, from decisions, signals and conversations, and keep it beside it.

What happens only marks a topic as due; the learning queue counts it anew. Counting again from the same
rows gives the same record, so all of them can be thrown away and rebuilt.
"""

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, CharField, Count, Exists, F, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Now

from copilot.context.trust import DAYS
from copilot.models import Decision, Draft, Signal, Topic, TopicRecord
from interactions.models import Conversation

COUNT = "copilot.tasks.count_topic"
REWRITTEN = 0.5
FRESH = timedelta(days=1)
State, Kind = Draft.State, Decision.Kind


def note_news(topic_id: int) -> None:
    """Takes the topic's row, so that a count under way does not miss what this transaction adds."""
    Topic.objects.filter(pk=topic_id).update(recount_at=Now())


def note_news_of(conversation: Conversation) -> None:
    Topic.objects.filter(labels__conversation=conversation).update(recount_at=Now())


def due_topics(limit: int) -> list[int]:
    due = Topic.objects.filter(recount_at__lte=Now()).order_by("recount_at")
    return list(due.values_list("pk", flat=True)[:limit])


def keep_fresh() -> int:
    """A record looks back so many days, so it changes though nothing happens."""
    old = Q(record=None) | Q(record__counted_at__lt=Now() - FRESH)
    return Topic.objects.filter(old, retired_at=None, recount_at=None).update(recount_at=Now())


@transaction.atomic
def count_topic(topic_id: int) -> TopicRecord | None:
    """Counted once however often it was noted; None where nothing was due."""
    if not Topic.objects.filter(pk=topic_id, recount_at__isnull=False).update(recount_at=None):
        return None
    numbers = counts(Draft.objects.filter(conversation__topic_label__topic=topic_id))
    record, _ = TopicRecord.objects.update_or_create(topic_id=topic_id, defaults=numbers)
    return record


def counts(drafts: QuerySet[Draft]) -> dict[str, int]:
    """Each draft that people decided about counts under one outcome, however often it was written."""
    decided = with_outcome(drafts).exclude(outcome="")
    came_back = Q(conversation__reopened_at__gte=F("ready_at")) | Q(
        conversation__asked_again_at__gte=F("ready_at")
    )
    outcomes = ("unchanged", "edited", "rewritten", "escalated", "discarded")
    numbers: dict[str, Any] = {name: Count("pk", filter=Q(outcome=name)) for name in outcomes}
    return decided.aggregate(
        n=Count("pk"), unsupported=Count("pk", filter=~Q(checks=[])), reopened=Count("pk", filter=came_back),
        **numbers,
    )  # fmt: skip


def with_outcome(drafts: QuerySet[Draft]) -> QuerySet[Any]:
    """Only what was ready lately and proposed something; `outcome` is empty until a person has decided."""
    decisions = Decision.objects.filter(undone_at=None)
    on_it = decisions.filter(draft=OuterRef("pk"))
    instead = decisions.filter(
        conversation=OuterRef("conversation"), kind=Kind.WRITE, at__gte=OuterRef("ready_at")
    )
    settled = Signal.objects.filter(draft=OuterRef("pk"), state=Signal.State.SETTLED).order_by("-pk")
    aside = Q(Exists(on_it.filter(kind=Kind.DISCARD))) | Q(Exists(instead))
    recent = drafts.filter(abstained=False, ready_at__gte=Now() - timedelta(days=DAYS))
    return recent.annotate(distance=Subquery(settled.values("distance")[:1])).annotate(
        outcome=Case(
            When(Exists(on_it.filter(kind=Kind.ESCALATE)), then=Value("escalated")),
            When(aside, state=State.DISCARDED, then=Value("discarded")),
            When(distance=0, then=Value("unchanged")),
            When(distance__gt=REWRITTEN, then=Value("rewritten")),
            When(distance__gt=0, then=Value("edited")),
            default=Value(""),
            output_field=CharField(),
        )
    )
