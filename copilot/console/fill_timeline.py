"""An account's timeline: what was said, noted, bought and promised, by kind, by person and by words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from copilot.calls import KINDS as CALLS
from copilot.console.fill_text import short
from copilot.console.rows import Asked, Entry, Place, Span
from copilot.templatetags.rapport import ago, clock
from customers.access import visible_accounts
from customers.models import Account, Note, Promise, Record
from customers.searching import each_word
from interactions.access import visible_conversations
from interactions.models import Conversation, Quote
from interactions.searching import saying
from people.access import Standing
from people.zone import moment_of
from prepared import one_of, prepared

ENTRIES = 30
MOST_WORDS = 200  # characters
KINDS = {
    "": "All", "conversation": "Conversations", "call": "Calls", "note": "Notes", "record": "Records",
    "promise": "Promises",
}  # fmt: skip


def asked_for(told: Mapping[str, str]) -> Asked:
    """What the address asks for; what it asks for in vain is left out."""
    contact = told.get("contact", "")
    return Asked(
        kind=told.get("kind", ""),
        words=" ".join(told.get("q", "").replace("\0", "").split())[:MOST_WORDS],
        contact=int(contact) if contact.isdecimal() and len(contact) < 16 else None,
        channel=told.get("channel", "").replace("\0", "")[:MOST_WORDS],
        before=moment_of(told.get("before", "")),
    )


def kinds(account: Account, asked: Asked) -> Iterable[Place]:
    for kind, label in KINDS.items():
        there = _url(account, replace(asked, kind=kind, before=None))
        yield Place(kind, label, there, current=kind == asked.kind)


def timeline(who: Standing, account: Account, asked: Asked) -> tuple[tuple[Span, ...], str]:
    """One page of it, and the address of the next, empty on the last."""
    entries = _entries(who, account, asked)
    if len(entries) <= ENTRIES:
        return tuple(_spans(entries)), ""
    # The next page begins before this one's last moment, so what shares a moment stays together.
    shown = [one for one in entries[:ENTRIES] if one.at > entries[ENTRIES].at] or entries[:ENTRIES]
    return tuple(_spans(shown)), _url(account, replace(asked, before=shown[-1].at))


def _url(account: Account, asked: Asked) -> str:
    wanted = {
        "kind": asked.kind, "q": asked.words, "contact": asked.contact or "",
        "channel": asked.channel,
        "before": asked.before.isoformat() if asked.before else "",
    }  # fmt: skip
    query = urlencode({name: value for name, value in wanted.items() if value or name == "kind"})
    return f"{reverse('account', args=[account.pk])}?{query}"


@dataclass(frozen=True, slots=True)
class Whose:
    """How rows of an account are asked for: by whom where somebody was merged with a contact of it, of one
    person, of one channel and with which words; it shapes the query, and `values` are filled in."""

    who: Standing | None = None
    is_one: bool = False
    channel: str = ""
    words: str = ""

    def wanted(self, account: int, joined: list[int], contact: int | None = None) -> Q:
        """Of the account, and of who was merged with a contact of it and stands elsewhere, where one sees that;
        of one person, whoever is merged with them is they."""
        wanted = Q(account=account)
        if self.who:
            seen = Q(account=None) | Q(account__in=visible_accounts(self.who))
            wanted |= seen & one_of("contact", joined)
        theirs = Q(contact=contact) | Q(contact__shown_as=contact)
        return wanted & theirs if self.is_one else wanted


def of_account(who: Standing, account: Account) -> tuple[Whose, dict[str, Any]]:
    """For a prepared query: whose rows are asked for, and the values to fill in."""
    joined = account.joined  # type: ignore[attr-defined]
    return Whose(who if joined else None), {"account": account.pk, "joined": joined}


@dataclass(frozen=True, slots=True)
class _Told:
    at: datetime
    entry: Entry


def _entries(who: Standing, account: Account, asked: Asked) -> list[_Told]:
    """The newest first, one more than a page holds. Only what was said has a channel."""
    sources = {
        "conversation": _talks,
        "call": _calls,
        "note": _noted,
        "record": _recorded,
        "promise": _promised,
    }
    wanted = [sources[asked.kind]] if asked.kind in sources else [_talks, _noted, _recorded, _promised]
    if asked.channel:
        wanted = [one for one in wanted if one in (_talks, _calls)]
    whose, told = of_account(who, account)
    whose = replace(whose, is_one=asked.contact is not None, channel=asked.channel, words=asked.words)
    told |= {"contact": asked.contact, "until": asked.before or timezone.now() + timedelta(days=3650)}
    found = [one for source in wanted for one in source(who, whose, told)]
    return sorted(found, key=lambda one: one.at, reverse=True)[: ENTRIES + 1]


def _calls(who: Standing, whose: Whose, told: dict[str, Any]) -> Iterable[_Told]:
    return _spoken(_conversations(who, whose, True, **told))


def _talks(who: Standing, whose: Whose, told: dict[str, Any]) -> Iterable[_Told]:
    """Of every channel: a call that a colleague wrote down as well."""
    return _spoken(_conversations(who, whose, False, **told))


@prepared
def _conversations(
    who: Standing, whose: Whose, are_calls: bool, *, account: int, joined: list[int], contact: int | None,
    until: datetime,
) -> QuerySet[Conversation]:  # fmt: skip
    rows = visible_conversations(who).filter(whose.wanted(account, joined, contact), last_message_at__lt=until)
    rows = rows.filter(channel__in=list(CALLS)) if are_calls else rows
    rows = rows.filter(channel=whose.channel) if whose.channel else rows
    rows = saying(rows, whose.words) if whose.words else rows
    return rows.select_related("contact__shown_as", "team").order_by("-last_message_at")[: ENTRIES + 1]


def _spoken(rows: Iterable[Conversation]) -> Iterable[_Told]:
    for row in rows:
        origin = f"{row.contact.shown}, {row.team.name}" if row.contact else row.team.name
        url = reverse("conversation", args=[row.pk])
        text = "Waits for an answer." if row.waiting_since and row.status == row.Status.OPEN else ""
        kind, title = "call" if row.channel in CALLS else "conversation", row.subject or "No subject"
        at = row.last_message_at
        yield _Told(at, Entry(kind, title, origin, clock(at), text, url))


def _noted(who: Standing, whose: Whose, told: dict[str, Any]) -> Iterable[_Told]:
    for row in _notes(whose, **told):
        by = row.author.name if row.author else "Note"
        entry = Entry("note", short(row.text, 90), by, clock(row.created_at))
        yield _Told(row.created_at, entry)


@prepared
def _notes(
    whose: Whose, *, account: int, joined: list[int], contact: int | None, until: datetime
) -> QuerySet[Note]:
    said = whose.wanted(account, joined, contact) & each_word(whose.words, "text", "quote")
    rows = Note.objects.filter(said, state=Note.State.ACCEPTED, created_at__lt=until)
    return rows.select_related("author").order_by("-created_at")[: ENTRIES + 1]


def _recorded(who: Standing, whose: Whose, told: dict[str, Any]) -> Iterable[_Told]:
    """When it happened, or else when it was told; with its age, for the CRM may know better by now."""
    for row in _records(whose, **told | {"until": min(told["until"], timezone.now())}):
        kind, status = row.kind.capitalize(), row.status.capitalize()
        text = f"{status}. Told {ago(row.source_updated_at)}.".removeprefix(". ")
        at = row.at  # type: ignore[attr-defined]
        yield _Told(at, Entry("record", str(row), kind, clock(at), text))


@prepared
def _records(
    whose: Whose, *, account: int, joined: list[int], contact: int | None, until: datetime
) -> QuerySet[Record]:
    words = each_word(whose.words, "title", "external_id", "kind", "status")
    rows = Record.objects.filter(whose.wanted(account, joined, contact) & words)
    rows = rows.annotate(at=Coalesce("occurred_at", "source_updated_at"))
    return rows.filter(at__lt=until).order_by("-at")[: ENTRIES + 1]


def _promised(who: Standing, whose: Whose, told: dict[str, Any]) -> Iterable[_Told]:
    """With its last word: what kept it, or by when it is due; linked to where that was said."""
    for row in _promises(who, whose, **told):
        by = row.owner.name if row.owner else "Promise"
        url = reverse("conversation", args=[row.talk]) if row.talk else ""  # type: ignore[attr-defined]
        yield _Told(row.made_at, Entry("promise", row.text, by, clock(row.made_at), _state(row), url))


@prepared
def _promises(
    who: Standing, whose: Whose, *, account: int, joined: list[int], contact: int | None, until: datetime
) -> QuerySet[Promise]:
    last = Quote.objects.filter(promise=OuterRef("pk"), message__conversation__in=visible_conversations(who))
    last = last.order_by("-closes", "-pk")
    made = whose.wanted(account, joined, contact) & each_word(whose.words, "text", "quote")
    rows = Promise.objects.filter(made, made_at__lt=until).select_related("owner").annotate(
        talk=Subquery(last.values("message__conversation")[:1]),
        words=Subquery(last.filter(closes=True).values("text")[:1]),
    )  # fmt: skip
    return rows.order_by("-made_at")[: ENTRIES + 1]


def _state(row: Any) -> str:
    if row.state != row.State.OPEN:
        return f"{row.get_state_display()}: “{row.words}”" if row.words else f"{row.get_state_display()}."
    if row.due_at is None:
        return "Open."
    return f"{'Was due' if row.due_at < timezone.now() else 'Due'} {on_day(row.due_at)}."


def _spans(told: list[_Told]) -> Iterable[Span]:
    for title, group in groupby(told, key=lambda one: _span(timezone.localtime(one.at).date())):
        yield Span(title, tuple(one.entry for one in group))


def _span(day: date) -> str:
    today = timezone.localdate()
    if today - day < timedelta(days=7):
        return "The last seven days"
    if (day.year, day.month) == (today.year, today.month):
        return "Earlier this month"
    return f"{day:%B}" if day.year == today.year else f"{day:%B %Y}"


def on_day(moment: datetime) -> str:
    then = timezone.localtime(moment)
    return f"{then.day} {then:%b %Y}"
