"""What is known of a customer beyond what was said: records, notes, promises and goals as items."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q, QuerySet

from copilot.context import earlier
from copilot.context.complaint import is_complaint
from copilot.context.earlier import Moment
from copilot.context.hiding import clean
from copilot.context.told import about, record_text, record_title, rules_of
from copilot.context.value import MOST_ITEM, Item, Unused, cut
from customers.merging import ids_of
from customers.models import Account, Goal, Note, Promise, Record
from interactions.mapping import Reach, reach
from interactions.models import Conversation
from prepared import one_of, prepared

MOST_RECORDS = 20
# A whole sentence between quotation marks, not a name or a term.
_TO_SAY = re.compile(r"[“„\"«]\s?([^“”„\"«»\n]{15,300}[.!?])\s?[”“\"»]")


@dataclass(frozen=True, slots=True)
class Known:
    """What may be cited, what the account itself is, what was read and left out, and the records themselves
    with what of them the model may read."""

    items: tuple[Item, ...]
    about: tuple[str, ...]
    unused: tuple[Unused, ...]
    records: tuple[Record, ...]
    may: Reach


def known_of(
    conversation: Conversation, contacts: Collection[int], said: str, then: Moment | None = None
) -> Known:
    """Of a conversation that was read with its contact, its account and the account's manager.

    `said` is what waits for an answer; `contacts` are the contact and whoever was merged with it: what is known
    of one is known of all.
    """
    contact, account = conversation.contact, conversation.account
    notes, unused = _notes(account, contacts, then)
    records, may = _told(conversation, contacts, then)
    if len(records) > MOST_RECORDS:
        unused.append(Unused("older records", f"the newest {MOST_RECORDS} are read"))
    told = record_items(records[:MOST_RECORDS], may)
    goals, kept_out = _goals(account, said, then)
    unused += kept_out
    items = (*told, *notes, *_promises(account, contacts, then), *goals)
    shown = contact.shown if contact else None
    lines = about(earlier.knew(account, then), earlier.knew(shown, then), may)
    return Known(items, lines, tuple(unused), tuple(records), may)


def _told(
    conversation: Conversation, contacts: Collection[int], then: Moment | None
) -> tuple[list[Record], Reach]:
    """The latest records, one more than are shown, and what of all that CRMs told the model may read."""
    records = _records(_ways(conversation.account, contacts), then, **_whose(conversation.account, contacts))
    return records, reach(rules_of(conversation, contacts, records))


def told_since(items: Iterable[Item], since: datetime, until: datetime | None = None) -> str:
    """The record of which a CRM told last in that time, without the secrets in it."""
    told = [(one.at, one.text) for one in items if one.kind == "record" and one.at and one.at >= since]
    return clean(max((one for one in told if until is None or one[0] <= until), default=(since, ""))[1])


def looked_up_for(conversation: Conversation, since: datetime, until: datetime) -> str:
    """The same of a reply that was sent."""
    records, may = _told(conversation, ids_of(conversation.contact), None)
    return told_since(record_items(records, may), since, until)


def _ways(account: Account | None, contacts: Collection[int]) -> frozenset[str]:
    """What is known with the account; of a contact without one, or of merged contacts, also elsewhere."""
    ways = {"account"} if account else set()
    return frozenset(ways | {"contacts"} if account is None or len(contacts) > 1 else ways)


def _whose(account: Account | None, contacts: Collection[int]) -> dict[str, Any]:
    return {"account": account.pk if account else None, "contacts": list(contacts)}


def _of(ways: frozenset[str], account: int | None, contacts: list[int]) -> Q:
    theirs = one_of("contact", contacts) if "contacts" in ways else Q()
    return theirs | Q(account=account) if "account" in ways else theirs


@prepared
def _records(
    ways: frozenset[str], then: Moment | None, *, account: int | None, contacts: list[int]
) -> QuerySet[Record]:
    told = Record.objects.filter(_of(ways, account, contacts), earlier.records(then))
    return told.order_by("-occurred_at", "-pk")[: MOST_RECORDS + 1]


def record_items(records: Iterable[Record], may: Reach) -> Iterable[Item]:
    for row in records:
        yield Item(
            id=f"r{row.pk}",
            kind="record",
            title=record_title(row, may),
            text=cut(record_text(row, may), MOST_ITEM),
            author="CRM",
            at=row.source_updated_at,
            url=f"/accounts/{row.account_id}/" if row.account_id else "",
        )


def _notes(
    account: Account | None, contacts: Collection[int], then: Moment | None
) -> tuple[list[Item], list[Unused]]:
    """Accepted notes that are still true; the rest is named with the reason it was left out."""
    if account is None and len(contacts) < 2:
        return [], []
    items, left = [], dict.fromkeys(("out of date", "not reviewed yet", "about another contact"), 0)
    for note in _noted(_ways(account, contacts), then, **_whose(account, contacts)):
        why = _why_not(note, contacts, earlier.today(then))
        if why:
            left[why] += 1
        else:
            items.append(note_item(note))
    unused = [Unused(f"{n} note{'s' if n > 1 else ''}", why) for why, n in left.items() if n]
    return items, unused


@prepared
def _noted(
    ways: frozenset[str], then: Moment | None, *, account: int | None, contacts: list[int]
) -> QuerySet[Note]:
    rows = Note.objects.filter(_of(ways, account, contacts), earlier.notes(then))
    rows = rows.exclude(state__in=["rejected", "superseded"])
    return rows.select_related("author").order_by("-created_at")[:40]


def _why_not(note: Note, contacts: Collection[int], today: date) -> str:
    if note.state == Note.State.PROPOSED:
        return "not reviewed yet"
    if note.state == Note.State.EXPIRED or (note.review_by is not None and note.review_by < today):
        return "out of date"
    personal = note.kind == Note.Kind.PERSONAL
    other = note.contact_id and note.contact_id not in contacts
    return "about another contact" if personal and other else ""


def note_item(note: Note) -> Item:
    return Item(
        id=f"n{note.pk}",
        kind="note",
        title=f"Note by {note.author.name}" if note.author else "Note",
        text=cut(note.text, MOST_ITEM),
        author=note.author.name if note.author else "",
        at=note.created_at,
        url=f"/accounts/{note.account_id}/",
        internal=note.internal,
    )


def _promises(account: Account | None, contacts: Collection[int], then: Moment | None) -> Iterable[Item]:
    if account is None and len(contacts) < 2:
        return
    for row in _open_promises(_ways(account, contacts), then, **_whose(account, contacts)):
        row.due_at = earlier.due(row, then)
        yield promise_item(row)


@prepared
def _open_promises(
    ways: frozenset[str], then: Moment | None, *, account: int | None, contacts: list[int]
) -> QuerySet[Promise]:
    rows = Promise.objects.filter(_of(ways, account, contacts), earlier.open_promises(then))
    return rows.select_related("owner").order_by("due_at")[:10]


def promise_item(row: Promise) -> Item:
    due = f", due {row.due_at:%-d %B %Y}" if row.due_at else ""
    return Item(
        id=f"p{row.pk}",
        kind="promise",
        title=f"Promise by {row.owner.name}" if row.owner else "Promise",
        text=f"{row.text}{due}",
        author=row.owner.name if row.owner else "",
        at=row.made_at,
        url=f"/accounts/{row.account_id}/",
    )


def _goals(account: Account | None, said: str, then: Moment | None) -> tuple[list[Item], list[Unused]]:
    """What matters with the account; on a complaint only what its manager wants to be heeded even then."""
    if account is None:
        return [], []
    rows = _active_goals(then, account=account.pk)
    kept = [row for row in rows if not row.not_on_complaints] if is_complaint(said) else rows
    out = len(rows) - len(kept)
    unused = [Unused(f"{out} goal{'s' if out > 1 else ''}", "the customer complains")] if out else []
    return [goal_item(row) for row in kept], unused


@prepared
def _active_goals(then: Moment | None, *, account: int) -> QuerySet[Goal]:
    return Goal.objects.filter(earlier.begun(then), account=account, is_active=True).order_by("pk")[:5]


def goal_item(row: Goal) -> Item:
    parts = [row.text, f"Do: {row.do}" if row.do else "", f"Don't: {row.dont}" if row.dont else ""]
    return Item(
        id=f"g{row.pk}",
        kind="goal",
        title="Goal",
        text=". ".join(part for part in parts if part),
        at=row.created_at,
        url=f"/accounts/{row.account_id}/",
        internal=True,
        quotable=False,
        words=tuple(said.strip() for said in _TO_SAY.findall(row.do)),
    )
