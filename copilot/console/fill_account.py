"""An account's page: what is true of it now, and a timeline of what was said, noted and bought."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import Any
from urllib.parse import urlencode

from django.db.models import F, OuterRef, Q, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from copilot.calls import KINDS as CALLS
from copilot.console.cards import Person, plural
from copilot.console.fill_rows import colleague
from copilot.console.fill_text import short
from copilot.console.rows import (
    SECOND,
    AccountPage,
    AccountRow,
    Entry,
    Fact,
    GoalLine,
    NoteLine,
    Place,
    PromiseLine,
    RecordLine,
    Span,
)
from copilot.models import ReleaseRule
from copilot.templatetags.rapport import ago, clock
from customers.access import led_accounts, visible_accounts
from customers.models import Account, Goal, Note, Promise, Record
from interactions.access import visible_conversations
from interactions.models import Quote
from people.access import Standing

ENTRIES = 30
KEPT_LATELY = timedelta(days=14)
KINDS = {
    "": "All", "conversation": "Conversations", "call": "Calls", "note": "Notes", "record": "Records",
    "promise": "Promises",
}  # fmt: skip


def account_row(account: Account) -> AccountRow:
    return AccountRow(
        id=account.pk,
        name=account.name,
        about=" · ".join(part for part in (_tier(account), account.about) if part),
        manager=colleague(account.manager) if account.manager else None,
        waiting=account.waiting or 0,  # type: ignore[attr-defined]
        promises=account.promised or 0,  # type: ignore[attr-defined]
        last_spoke=account.last_spoke,  # type: ignore[attr-defined]
        people_only=account.people_only,
    )


def _tier(account: Account) -> str:
    return f"{account.tier.capitalize()} account" if account.tier else ""


def account_page(who: Standing, account: Account, kind: str, before: str) -> AccountPage:
    here = reverse("account", args=[account.pk])
    entries = _entries(who, account, kind, _moment(before))
    shown = entries[:ENTRIES]
    leads = led_accounts(who).filter(pk=account.pk).exists()
    may_set = leads or (who.is_manager and account.manager_id == who.user_id)
    return AccountPage(
        id=account.pk,
        name=account.name,
        manager=colleague(account.manager) if account.manager else None,
        about=tuple(part for part in (_tier(account), account.about, account.domain) if part),
        people_only=(account.people_only_reason or "they asked for it.") if account.people_only else "",
        facts=tuple(_facts(account)),
        goals=tuple(_goals(account, may_set=may_set)),
        may_set=may_set,
        promises=tuple(_promises(who, account)),
        kinds=tuple(Place(k, label, f"{here}?kind={k}", current=k == kind) for k, label in KINDS.items()),
        spans=tuple(_spans(shown)),
        next_url=_older(here, kind, shown[-1].at) if len(entries) > ENTRIES else "",
        notes=tuple(_notes(who, account)),
        people=tuple(_people(account)),
        merges=tuple(_merges(account)),
        records=tuple(_records(who, account)),
        may_log=bool(who.inbox_teams) or who.is_manager,
        **_second_yes(account, leads=leads),
    )


def _moment(told: str) -> datetime | None:
    """None also for what is no moment in any calendar, or does not say where it is that time."""
    try:
        found = parse_datetime(told)
    except ValueError:
        return None
    return found if found and found.tzinfo else None


def _older(here: str, kind: str, than: datetime) -> str:
    return f"{here}?{urlencode({'kind': kind, 'before': than.isoformat()})}"


def _second_yes(account: Account, *, leads: bool) -> dict[str, Any]:
    rule = ReleaseRule.objects.filter(account=account).first()
    return {
        "second_by": rule.get_by_display().lower() if rule else "",
        "second_why": rule.reason if rule else "",
        "second_roles": tuple(
            replace(one, chosen=rule is not None and one.value == rule.by) for one in SECOND
        ) if leads else (),
    }  # fmt: skip


def _facts(account: Account) -> Iterable[Fact]:
    if account.customer_since:
        years = (timezone.localdate() - account.customer_since).days // 365
        note = plural(years, "year") if years else "this year"
        yield Fact("Customer since", f"{account.customer_since:%b %Y}", note)
    yield Fact("Last spoke", ago(account.last_spoke) or "never")  # type: ignore[attr-defined]
    waiting = account.waiting or 0  # type: ignore[attr-defined]
    yield Fact("Waiting for an answer", plural(waiting, "conversation") if waiting else "nobody")
    for name, value in list(account.fields.items())[:3]:
        if isinstance(value, str | int | float):
            yield Fact(name.replace("_", " ").capitalize(), str(value)[:60])


def _of(who: Standing, account: Account) -> Q:
    """Of the account, and of who was merged with a contact of it and stands elsewhere, where one sees that."""
    merged = account.joined  # type: ignore[attr-defined]
    if not merged:
        return Q(account=account)
    seen = Q(account=None) | Q(account__in=visible_accounts(who))
    return Q(account=account) | Q(seen, contact__in=merged)


def _people(account: Account) -> Iterable[Person]:
    """Each person once: those merged with another here stand under that one's name."""
    hidden = Q(shown_as__account=account) & ~Q(shown_as=F("pk"))
    for row in account.contacts.exclude(hidden).select_related("shown_as").order_by("name")[:50]:
        yield Person(str(row.shown), id=row.pk, note=row.title)


def _merges(account: Account) -> Iterable[Place]:
    for pair in account.proposed:  # type: ignore[attr-defined]
        label = f"{pair['contact']} and {pair['into']}"
        yield Place("merge", label, reverse("merge", args=[pair["id"]]))


def _goals(account: Account, *, may_set: bool) -> Iterable[GoalLine]:
    for goal in Goal.objects.filter(account=account, is_active=True)[:6]:
        by = f"By {goal.by.day} {goal.by:%b %Y}" if goal.by else ""
        dont = f"Don’t: {goal.dont.rstrip('.')}" if goal.dont else ""
        note = ". ".join(part for part in (goal.do.rstrip("."), dont, by) if part)
        yield GoalLine(goal.text, note, id=goal.pk if may_set else 0)


def _promises(who: Standing, account: Account) -> Iterable[PromiseLine]:
    """Open ones, and after them what replies kept of late, that a person may say: not yet."""
    closes = Quote.objects.filter(promise=OuterRef("pk"), closes=True).values("text")[:1]
    kept = Q(state=Promise.State.KEPT, closed_at__gt=timezone.now() - KEPT_LATELY, words__isnull=False)
    rows = Promise.objects.filter(_of(who, account)).annotate(words=Subquery(closes))
    rows = rows.filter(Q(state=Promise.State.OPEN) | kept).select_related("owner")
    for row in rows.order_by("-state", "due_at")[:12]:
        yield _promise(who, account, row)


def _promise(who: Standing, account: Account, row: Any) -> PromiseLine:
    due = timezone.localtime(row.due_at) if row.due_at else None
    moved = timezone.localtime(row.first_due_at) if row.first_due_at else None
    was = f", first {moved.day} {moved:%b}" if moved and due and moved.date() != due.date() else ""
    return PromiseLine(
        row.text,
        row.owner.name if row.owner else "Nobody owns it",
        f"due {due:%a} {due.day} {due:%b}{was}" if due else "",
        late=row.state == row.State.OPEN and row.due_at is not None and row.due_at < timezone.now(),
        id=row.pk if row.account_id == account.pk and (who.inbox_teams or who.is_manager) else 0,
        day=f"{due:%Y-%m-%d}" if due else "",
        words=(row.words or "") if row.state == row.State.KEPT else "",
    )


def _notes(who: Standing, account: Account) -> Iterable[NoteLine]:
    rows = Note.objects.filter(_of(who, account), state=Note.State.ACCEPTED).select_related("author")
    for row in rows.order_by("-created_at")[:20]:
        by = row.author.name if row.author else ""
        when = timezone.localtime(row.created_at)
        origin = f"{by}, {when.day} {when:%b %Y}".lstrip(", ")
        yield NoteLine(row.get_kind_display(), row.text, origin, row.quote, row.internal)


def _records(who: Standing, account: Account) -> Iterable[RecordLine]:
    for row in Record.objects.filter(_of(who, account)).order_by("-occurred_at")[:20]:
        yield RecordLine(str(row), row.kind, row.status, _on(row.occurred_at or row.source_updated_at))


def _on(moment: datetime) -> str:
    then = timezone.localtime(moment)
    return f"{then.day} {then:%b %Y}"


@dataclass(frozen=True, slots=True)
class _Told:
    at: datetime
    entry: Entry


def _entries(who: Standing, account: Account, kind: str, before: datetime | None) -> list[_Told]:
    """The newest first, one more than a page holds."""
    until = before or timezone.now() + timedelta(days=3650)
    sources = {
        "conversation": _talks,
        "call": _calls,
        "note": _noted,
        "record": _recorded,
        "promise": _promised,
    }
    wanted = [sources[kind]] if kind in sources else [one for one in sources.values() if one is not _calls]
    told = [one for source in wanted for one in source(who, account, until)]
    return sorted(told, key=lambda one: one.at, reverse=True)[: ENTRIES + 1]


def _calls(who: Standing, account: Account, until: datetime) -> Iterable[_Told]:
    return _talks(who, account, until, channel__in=list(CALLS))


def _talks(who: Standing, account: Account, until: datetime, **only: Any) -> Iterable[_Told]:
    """Of every channel: a call that a colleague wrote down as well."""
    rows = visible_conversations(who).filter(_of(who, account), last_message_at__lt=until, **only)
    for row in rows.select_related("contact__shown_as", "team").order_by("-last_message_at")[: ENTRIES + 1]:
        origin = f"{row.contact.shown if row.contact else 'Somebody'}, {row.team.name}"
        url = reverse("conversation", args=[row.pk])
        text = "Waits for an answer." if row.waiting_since and row.status == row.Status.OPEN else ""
        title = row.subject or "No subject"
        yield _Told(
            row.last_message_at,
            Entry(
                "call" if row.channel in CALLS else "conversation",
                title,
                origin,
                clock(row.last_message_at),
                text,
                url,
            ),
        )


def _noted(who: Standing, account: Account, until: datetime) -> Iterable[_Told]:
    rows = Note.objects.filter(_of(who, account), state=Note.State.ACCEPTED, created_at__lt=until)
    for row in rows.select_related("author").order_by("-created_at")[: ENTRIES + 1]:
        by = row.author.name if row.author else "Note"
        entry = Entry("note", short(row.text, 90), by, clock(row.created_at))
        yield _Told(row.created_at, entry)


def _recorded(who: Standing, account: Account, until: datetime) -> Iterable[_Told]:
    """When it happened, or else when it was told; with its age, for the CRM may know better by now."""
    rows = Record.objects.filter(_of(who, account)).annotate(at=Coalesce("occurred_at", "source_updated_at"))
    for row in rows.filter(at__lt=min(until, timezone.now())).order_by("-at")[: ENTRIES + 1]:
        kind, status = row.kind.capitalize(), row.status.capitalize()
        text = f"{status}. Told {ago(row.source_updated_at)}.".removeprefix(". ")
        yield _Told(row.at, Entry("record", str(row), kind, clock(row.at), text))


def _promised(who: Standing, account: Account, until: datetime) -> Iterable[_Told]:
    """With its last word: what kept it, or by when it is due; linked to where that was said."""
    last = Quote.objects.filter(promise=OuterRef("pk"), message__conversation__in=visible_conversations(who))
    last = last.order_by("-closes", "-pk")
    rows = Promise.objects.filter(_of(who, account), made_at__lt=until).select_related("owner").annotate(
        talk=Subquery(last.values("message__conversation")[:1]),
        words=Subquery(last.filter(closes=True).values("text")[:1]),
    )  # fmt: skip
    for row in rows.order_by("-made_at")[: ENTRIES + 1]:
        by = row.owner.name if row.owner else "Promise"
        url = reverse("conversation", args=[row.talk]) if row.talk else ""
        yield _Told(row.made_at, Entry("promise", row.text, by, clock(row.made_at), _state(row), url))


def _state(row: Any) -> str:
    if row.state != row.State.OPEN:
        return f"{row.get_state_display()}: “{row.words}”" if row.words else f"{row.get_state_display()}."
    if row.due_at is None:
        return "Open."
    return f"{'Was due' if row.due_at < timezone.now() else 'Due'} {_on(row.due_at)}."


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
