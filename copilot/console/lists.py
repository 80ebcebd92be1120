"""The inbox's lists: which conversations stand in which, how many, and one page of them at a time."""

from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any

from django.db import connection
from django.db.models import (
    Exists,
    F,
    Func,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.fetch_modes import FETCH_RAISE
from django.db.models.functions import JSONObject

from copilot.models import Decision, Draft
from customers.models import Account
from interactions.access import visible_conversations
from interactions.models import Conversation, Escalation, OutboxMessage
from people.access import Standing
from people.models import User
from people.zone import moment_of
from prepared import prepared

PAGE = 50
COUNT_TO = 1000
VIEWS = ("mine", "team", "unassigned", "ready", "waiting", "escalated", "snoozed")
LABELS = {
    "mine": "Mine", "team": "Team", "unassigned": "Unassigned", "ready": "Draft ready",
    "waiting": "To release",     "escalated": "Escalated", "snoozed": "Snoozed",
}  # fmt: skip
Status = Conversation.Status
_OPEN = [Escalation.State.OPEN, Escalation.State.TAKEN]


def default_view(who: Standing) -> str:
    return "mine" if who.inbox_teams else "team"


def in_view(who: Standing, view: str) -> QuerySet[Conversation]:
    opened = Conversation.objects.filter(status=Status.OPEN)
    match view:
        case "mine":
            return visible_conversations(who).filter(status=Status.OPEN, assignee=who.user_id)
        case "unassigned":
            return opened.filter(_whole_inbox(who), assignee=None)
        case "ready":
            ready = Draft.objects.filter(conversation=OuterRef("pk"), state=Draft.State.READY, abstained=False)
            return opened.filter(_whole_inbox(who), Exists(ready))
        case "waiting":
            to_release = OutboxMessage.objects.filter(state=OutboxMessage.State.WAITING).values("conversation")
            return visible_conversations(who).filter(pk__in=to_release)
        case "escalated":
            handed_on = Escalation.objects.filter(state__in=_OPEN).values("conversation")
            return visible_conversations(who).filter(pk__in=handed_on).exclude(status=Status.RESOLVED)
        case "snoozed":
            return Conversation.objects.filter(_whole_inbox(who), status=Status.SNOOZED)
    return opened.filter(_whole_inbox(who))


def _whole_inbox(who: Standing) -> Q:
    """The teams' inboxes and an account manager's own accounts, without what was handed on."""
    if who.reads_all:
        return Q()
    whole = Q(team__in=who.inbox_teams)
    if who.is_manager:
        whole |= Q(account__in=Account.objects.filter(manager=who.user_id).values("pk"))
    return whole


class CountRows(Subquery):
    template = "(SELECT count(*) FROM (%(subquery)s) counted)"
    output_field = IntegerField()


def counts(who: Standing) -> dict[str, int]:
    """All views in one query; none counts further than a person would read."""
    with connection.cursor() as cursor:
        cursor.execute(*_count_rows(who))
        row = cursor.fetchone()
    return dict(zip(VIEWS, row, strict=True))


@lru_cache(maxsize=1000)
def _count_rows(who: Standing) -> tuple[str, tuple[Any, ...]]:
    """Every page asks it. It depends on the standing alone, and writing it costs more than answering it."""
    numbers = [CountRows(in_view(who, view).order_by().values("pk")[:COUNT_TO]) for view in VIEWS]
    return User.objects.filter(pk=who.user_id).values_list(*numbers).query.sql_with_params()


@dataclass(frozen=True, slots=True)
class Page:
    conversations: list[Conversation]
    after: str = ""  # where the next page begins; empty on the last one


def page_of(who: Standing, view: str, after: str = "") -> Page:
    """The longest wait first; who is not waiting comes last."""
    field = "snoozed_until" if view == "snoozed" else "waiting_since"
    rows = with_states(in_view(who, view)).order_by(F(field).asc(nulls_last=True), "pk")
    cursor = _read(after)
    if cursor:
        rows = rows.filter(_later(field, *cursor))
    found = list(rows[: PAGE + 1])
    if len(found) <= PAGE:
        return Page(found)
    last = found[PAGE - 1]
    moment = getattr(last, field)
    return Page(found[:PAGE], f"{moment.isoformat() if moment else ''}~{last.pk}")


def _read(after: str) -> tuple[datetime | None, int] | None:
    moment, _, pk = after.partition("~")
    return (moment_of(moment) if moment else None, int(pk)) if pk.isdecimal() else None


def _later(field: str, moment: datetime | None, pk: int) -> Q:
    if moment is None:
        return Q(**{field: None, "pk__gt": pk})
    same = Q(**{field: moment, "pk__gt": pk})
    return Q(**{f"{field}__gt": moment}) | same | Q(**{field: None})


class Ticks(Func):
    """How many of the checks ask for a tick; the others are notices."""

    template = "jsonb_array_length(jsonb_path_query_array(%(expressions)s, '$[*] ? (@.tick == true)'))"
    output_field = IntegerField()


@prepared
def listed(*, conversation: int) -> QuerySet[Conversation]:
    """One conversation with what its row shows."""
    return with_states(Conversation.objects.filter(pk=conversation))


def with_states(conversations: QuerySet[Conversation]) -> QuerySet[Conversation]:
    """Each with what its row shows: the newest draft, the newest reply, and who has it now."""
    drafts = Draft.objects.filter(conversation=OuterRef("pk")).order_by("-n")
    replies = Decision.objects.filter(
        conversation=OuterRef("pk"), outbox__isnull=False, undone_at=None
    ).order_by("-pk")  # fmt: skip
    handed_on = Escalation.objects.filter(conversation=OuterRef("pk"), state__in=_OPEN).order_by("-pk")
    draft = JSONObject(n="n", state="state", abstained="abstained", checks=Ticks("checks"))
    reply = JSONObject(state="outbox__state", draft="draft__n", person="person__name")
    holder = JSONObject(person="to_person__name", team="to_team__name")
    return (
        conversations.select_related("contact__shown_as", "account", "assignee")
        .annotate(
            newest_draft=Subquery(drafts.values(json=draft)[:1]),
            newest_reply=Subquery(replies.values(json=reply)[:1]),
            holder=Subquery(handed_on.values(json=holder)[:1]),
        )
        .fetch_mode(FETCH_RAISE)
    )
