"""An account's page: what is true of it now, and a timeline of what was said, noted and bought."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery
from django.urls import reverse
from django.utils import timezone

from copilot.console.cards import Choice, Person, plural
from copilot.console.fill_rows import colleague
from copilot.console.fill_text import channel_name
from copilot.console.fill_timeline import Whose, kinds, of_account, on_day, timeline
from copilot.console.rows import (
    SECOND,
    AccountPage,
    AccountRow,
    Asked,
    Fact,
    GoalLine,
    NoteLine,
    Place,
    PromiseLine,
    RecordLine,
)
from copilot.models import ReleaseRule
from copilot.relationship.notes import with_evidence
from copilot.templatetags.rapport import ago
from customers.access import led_accounts
from customers.models import Account, Contact, Goal, Note, Promise, Record
from interactions.models import Quote
from people.access import Standing
from prepared import first, prepared

KEPT_LATELY = timedelta(days=14)


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


def account_page(who: Standing, account: Account, asked: Asked) -> AccountPage:
    shown, older = timeline(who, account, asked)
    leads = bool(_led(who, account=account.pk))
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
        kinds=tuple(kinds(account, asked)),
        asked=asked,
        channels=tuple(_channels(account, asked)),
        spans=shown,
        next_url=older,
        notes=tuple(_notes(who, account)),
        people=tuple(_people(account)),
        merges=tuple(_merges(account)),
        records=tuple(_records(who, account)),
        may_log=bool(who.inbox_teams) or who.is_manager,
        **_second_yes(account, leads=leads),
    )


def _second_yes(account: Account, *, leads: bool) -> dict[str, Any]:
    rule = first(_release_rules(account=account.pk))
    return {
        "second_by": rule.get_by_display().lower() if rule else "",
        "second_why": rule.reason if rule else "",
        "second_roles": tuple(
            replace(one, chosen=rule is not None and one.value == rule.by) for one in SECOND
        ) if leads else (),
    }  # fmt: skip


@prepared
def _led(who: Standing, *, account: int) -> QuerySet[Account, int]:
    return led_accounts(who).filter(pk=account).values_list("pk", flat=True)


@prepared
def _release_rules(*, account: int) -> QuerySet[ReleaseRule]:
    return ReleaseRule.objects.filter(account=account)


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


def _channels(account: Account, asked: Asked) -> Iterable[Choice]:
    for one in account.channels:  # type: ignore[attr-defined]
        yield Choice(one, channel_name(one), chosen=one == asked.channel)


def _people(account: Account) -> Iterable[Person]:
    """Each person once: those merged with another here stand under that one's name."""
    for row in _contacts(account=account.pk):
        yield Person(str(row.shown), id=row.pk, note=row.title)


@prepared
def _contacts(*, account: int) -> QuerySet[Contact]:
    hidden = Q(shown_as__account=account) & ~Q(shown_as=F("pk"))
    rows = Contact.objects.filter(account=account).exclude(hidden)
    return rows.select_related("shown_as").order_by("name")[:50]


def _merges(account: Account) -> Iterable[Place]:
    for pair in account.proposed:  # type: ignore[attr-defined]
        label = f"{pair['contact']} and {pair['into']}"
        yield Place("merge", label, reverse("merge", args=[pair["id"]]))


def _goals(account: Account, *, may_set: bool) -> Iterable[GoalLine]:
    for goal in _active_goals(account=account.pk):
        by = f"By {goal.by.day} {goal.by:%b %Y}" if goal.by else ""
        dont = f"Don’t: {goal.dont.rstrip('.')}" if goal.dont else ""
        note = ". ".join(part for part in (goal.do.rstrip("."), dont, by) if part)
        yield GoalLine(goal.text, note, id=goal.pk if may_set else 0)


@prepared
def _active_goals(*, account: int) -> QuerySet[Goal]:
    return Goal.objects.filter(account=account, is_active=True)[:6]


def _promises(who: Standing, account: Account) -> Iterable[PromiseLine]:
    """Open ones, and after them what replies kept of late, that a person may say: not yet."""
    whose, told = of_account(who, account)
    for row in _promised(whose, **told, since=timezone.now() - KEPT_LATELY):
        yield _promise(who, account, row)


@prepared
def _promised(whose: Whose, *, account: int, joined: list[int], since: datetime) -> QuerySet[Promise]:
    closes = Quote.objects.filter(promise=OuterRef("pk"), closes=True).values("text")[:1]
    kept = Q(state=Promise.State.KEPT, closed_at__gt=since, words__isnull=False)
    rows = Promise.objects.filter(whose.wanted(account, joined)).annotate(words=Subquery(closes))
    rows = rows.filter(Q(state=Promise.State.OPEN) | kept).select_related("owner")
    return rows.order_by("-state", "due_at")[:12]


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
    whose, told = of_account(who, account)
    for row in _accepted(whose, **told):
        by = row.author.name if row.author else ""
        when = timezone.localtime(row.created_at)
        origin = f"{by}, {when.day} {when:%b %Y}".lstrip(", ")
        said = [row.quote, *row.said] if row.quote else row.said  # type: ignore[attr-defined]
        quotes = tuple(dict.fromkeys(said))
        yield NoteLine(row.get_kind_display(), row.text, origin, quotes, row.internal)


@prepared
def _accepted(whose: Whose, *, account: int, joined: list[int]) -> QuerySet[Note]:
    rows = Note.objects.filter(whose.wanted(account, joined), state=Note.State.ACCEPTED)
    return with_evidence(rows.select_related("author")).order_by("-created_at")[:20]


def _records(who: Standing, account: Account) -> Iterable[RecordLine]:
    whose, told = of_account(who, account)
    for row in _latest(whose, **told):
        yield RecordLine(str(row), row.kind, row.status, on_day(row.occurred_at or row.source_updated_at))


@prepared
def _latest(whose: Whose, *, account: int, joined: list[int]) -> QuerySet[Record]:
    return Record.objects.filter(whose.wanted(account, joined)).order_by("-occurred_at")[:20]
