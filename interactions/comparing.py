"""Compare conversations with the CRM's, report what differs, and mend it by the same verbs that hear its news.

The newest word wins as ever, so what differs still after that is listed for a person to look at.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from customers.erasing import Erased
from interactions.colleagues import person_of
from interactions.crm.api import Refused
from interactions.crm.base import ConversationFact, CrmError, MessageFact
from interactions.crm.registry import crm_for
from interactions.following import follow
from interactions.hearing import hear
from interactions.models import Connection, Conversation, OutboxMessage

RECENT = timedelta(days=7)
MOST_CONVERSATIONS = 500
MOST_PAGES = 100  # of the CRM's list
MOST_EXAMPLES = 50
AT_ONCE = 20
BUDGET_SECONDS = 30.0


@dataclass(frozen=True)
class Drift:
    """What differed: a conversation of ours (0: we have none) and a field's name, never a customer's words."""

    conversation: int
    field: str
    mended: bool


@dataclass(frozen=True)
class Stretch:
    """A part of a comparison. `cursor` None: that was the last part."""

    cursor: Mapping[str, Any] | None
    looked: int
    drifts: Sequence[Drift]


def begin(connection: Connection) -> dict[str, Any]:
    """From when on conversations are compared: what was before the connection is the backfill's."""
    since = max(timezone.now() - RECENT, connection.created_at)
    return {"since": since.isoformat(), "looked": 0}


def step(connection: Connection, cursor: Mapping[str, Any]) -> Stretch:
    """Compare the next stretch; raises CrmError when the CRM does not even answer for the first of it."""
    return _theirs(connection, cursor) if "page" in cursor else _ours(connection, cursor)


def told(report: Mapping[str, Any], stretch: Stretch) -> dict[str, Any]:
    """The report with this stretch added."""
    new = {"looked": 0, "mended": {}, "left": {}, "examples": [], **report}
    new["looked"] += stretch.looked
    for drift in stretch.drifts:
        counts = new["mended" if drift.mended else "left"]
        counts[drift.field] = counts.get(drift.field, 0) + 1
    found = [
        {"conversation": one.conversation, "field": one.field, "mended": one.mended} for one in stretch.drifts
    ]
    # What is left to look at comes first.
    new["examples"] = sorted([*new["examples"], *found], key=lambda one: one["mended"])[:MOST_EXAMPLES]
    return new


def _ours(connection: Connection, cursor: Mapping[str, Any]) -> Stretch:
    """Conversations of ours that are open or were active lately, the newest first."""
    since, looked = datetime.fromisoformat(cursor["since"]), cursor["looked"]
    rows = list(_candidates(connection, since, cursor)[: min(AT_ONCE, MOST_CONVERSATIONS - looked)])
    done, drifts = _each(connection, [row.external_id for row in rows], since)
    if not rows:
        return Stretch({**cursor, "page": {}, "pages": 0}, 0, ())
    last = rows[done - 1]
    behind = {**cursor, "looked": looked + done, "at": last.last_message_at.isoformat(), "pk": last.pk}
    return Stretch(behind, done, drifts)


def _candidates(
    connection: Connection, since: datetime, cursor: Mapping[str, Any]
) -> QuerySet[Conversation]:  # fmt: skip
    """Not those of which the CRM is still to be told something: there it is we who are ahead."""
    telling = OutboxMessage.objects.filter(
        conversation=OuterRef("pk"), state__in=(*OutboxMessage.DUE, OutboxMessage.State.SENDING)
    )
    rows = Conversation.objects.filter(connection=connection).exclude(external_id="")
    rows = rows.filter(~Exists(telling), ~Q(status="resolved") | Q(last_message_at__gte=since))
    if "at" in cursor:
        rows = rows.filter(
            Q(last_message_at__lt=cursor["at"]) | Q(last_message_at=cursor["at"], pk__lt=cursor["pk"])
        )
    return rows.order_by("-last_message_at", "-pk")


def _theirs(connection: Connection, cursor: Mapping[str, Any]) -> Stretch:
    """A page of the CRM's own list: recent conversations that we do not know at all."""
    since = datetime.fromisoformat(cursor["since"])
    page = crm_for(connection.kind).recent(connection, since, cursor["page"])
    known = Conversation.objects.filter(connection=connection, external_id__in=page.names)
    missing = sorted(set(page.names) - set(known.values_list("external_id", flat=True)))
    done, drifts = _each(connection, missing, since)
    pages = cursor["pages"] + 1
    if done < len(missing) and pages < MOST_PAGES:  # the page again: what was mended is known by then
        return Stretch({**cursor, "pages": pages}, done, drifts)
    over = page.cursor is None or pages >= MOST_PAGES
    return Stretch(None if over else {**cursor, "page": dict(page.cursor or {}), "pages": pages}, done, drifts)


def _at(fact: MessageFact | ConversationFact) -> datetime:
    return fact.sent_at if isinstance(fact, MessageFact) else fact.changed_at


def _each(connection: Connection, names: Sequence[str], since: datetime) -> tuple[int, list[Drift]]:
    """Compare one after another while the time lasts; returns how many, and what differed."""
    drifts: list[Drift] = []
    end = time.monotonic() + BUDGET_SECONDS
    for done, name in enumerate(names):
        if done and time.monotonic() > end:
            return done, drifts
        try:
            drifts += compare(connection, name, since)
        except CrmError:
            if not done:
                raise
            return done, drifts  # the next stretch begins with it
    return len(names), drifts


def compare(connection: Connection, name: str, since: datetime) -> list[Drift]:
    """One conversation as the CRM has it against ours, mended where the CRM's word is the newer one."""
    try:
        facts = crm_for(connection.kind).read(connection, name)
    except Refused as error:
        if error.status not in (404, 410):
            raise
        return [Drift(_number(connection, name), "gone", mended=False)]
    was_known = _number(connection, name) != 0
    states = [fact for fact in facts if isinstance(fact, ConversationFact)]
    differed = {field for fact in states for field in _differing(connection, fact)}
    heard = sorted((fact for fact in facts if isinstance(fact, MessageFact)), key=lambda fact: fact.sent_at)
    new = [fact for fact in heard if _mend(connection, fact, since)]
    for state in states:
        _mend(connection, state, since)
    left = {field for fact in states for field in _differing(connection, fact)}
    number = _number(connection, name)
    if not was_known:
        return [Drift(number, "conversation", mended=True)] if number else []
    return [Drift(number, "message", mended=True) for _ in new] + [
        Drift(number, field, mended=field not in left) for field in sorted(differed | left)
    ]


def _mend(connection: Connection, fact: MessageFact | ConversationFact, since: datetime) -> bool:
    """Whether it was news. What was erased here is none, though the CRM has it still."""
    try:
        return not _take_in(connection, fact, is_history=_at(fact) < since)
    except Erased:
        return False


@transaction.atomic
def _take_in(connection: Connection, fact: MessageFact | ConversationFact, *, is_history: bool) -> str:
    """Each by itself, so that no two conversations' contacts are held at once."""
    if isinstance(fact, MessageFact):
        return hear(connection, fact, is_history=is_history)[1]
    return follow(connection, fact, is_history=is_history)[1]


def _number(connection: Connection, name: str) -> int:
    known = Conversation.objects.filter(connection=connection, external_id=name)
    return known.values_list("pk", flat=True).first() or 0


def _differing(connection: Connection, fact: ConversationFact) -> set[str]:
    ours = Conversation.objects.filter(connection=connection, external_id=fact.conversation).first()
    if ours is None:
        return set()
    pairs: dict[str, tuple[Any, Any]] = {}
    if fact.status is not None:
        pairs["status"] = (ours.status, fact.status)
    if fact.assignee is not None:
        pairs["assignee"] = (ours.assignee, person_of(connection, fact.assignee))
    if fact.labels is not None:
        pairs["labels"] = (ours.labels, sorted(set(fact.labels)))
    return {name for name, (here, there) in pairs.items() if here != there}
