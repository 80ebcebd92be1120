"""Which accounts need somebody first, and why: late promises, who waits, promises due, decisions to look
back on, notes to review."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, QuerySet
from django.urls import reverse
from django.utils import timezone

from copilot.console.cards import plural
from copilot.console.fill_rows import day_and_time
from copilot.console.fill_text import short
from copilot.relationship.attention import revisits
from copilot.templatetags.rapport import has_waited
from customers.access import managed_accounts
from customers.models import Account, Note, Promise
from interactions.access import visible_conversations
from interactions.models import Conversation
from people.access import Standing

MOST = 8  # accounts
LOOKED_AT = 50  # of each reason
SOON = timedelta(hours=36)


@dataclass(frozen=True, slots=True)
class Reason:
    """In words, with the page that shows it; `late` where it should have been done."""

    text: str
    url: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Needy:
    name: str
    url: str
    reasons: tuple[Reason, ...]


def needy(who: Standing, accounts: QuerySet[Account]) -> tuple[Needy, ...]:
    """The gravest reason says where an account stands: late before waiting before due before notes."""
    ids = accounts.order_by()
    found: dict[int, list[Reason]] = defaultdict(list)
    promises = _promises(ids)
    for account, reason in (
        *(one for one in promises if one[1].late), *_waiting(who, ids),
        *(one for one in promises if not one[1].late), *_revisits(who, ids), *_notes(who, ids),
    ):  # fmt: skip
        found[account].append(reason)
    first = list(found)[:MOST]
    names = dict(Account.objects.filter(pk__in=first).values_list("pk", "name"))
    return tuple(Needy(names[pk], reverse("account", args=[pk]), tuple(found[pk][:3])) for pk in first)


def _promises(ids: QuerySet[Account]) -> list[tuple[int, Reason]]:
    """The longest overdue first."""
    now = timezone.now()
    rows = Promise.objects.filter(account__in=ids, state=Promise.State.OPEN, due_at__lt=now + SOON)
    told = []
    for row in rows.select_related("owner").order_by("due_at", "pk")[:LOOKED_AT]:
        late = row.due_at is not None and row.due_at < now
        when = day_and_time(row.due_at) if row.due_at else ""
        by = f" by {row.owner.first_name}" if row.owner else ""
        text = f"A promise{by} {'was due' if late else 'is due'} {when}: “{row.text}”"
        told.append((row.account_id, Reason(text, reverse("account", args=[row.account_id]), late)))
    return told


def _waiting(who: Standing, ids: QuerySet[Account]) -> list[tuple[int, Reason]]:
    """The longest wait first, each account once."""
    talks = visible_conversations(who).filter(
        account__in=ids, status=Conversation.Status.OPEN, waiting_since__isnull=False
    )
    told: dict[int, Reason] = {}
    for talk in talks.select_related("contact__shown_as").order_by("waiting_since", "pk")[:LOOKED_AT]:
        name = talk.contact.shown.first_name if talk.contact else "Somebody"
        text = f"{name or 'Somebody'} {has_waited(talk.waiting_since)}: {talk.subject or 'no subject'}"
        told.setdefault(talk.account_id or 0, Reason(text, reverse("conversation", args=[talk.pk])))
    return list(told.items())


def _revisits(who: Standing, ids: QuerySet[Account]) -> list[tuple[int, Reason]]:
    """What the person decided themselves, and is to look back on."""
    rows = revisits(who, timezone.localdate()).filter(strategy__account__in=ids)[:LOOKED_AT]
    told = ((row.strategy, f"To look back on: “{short(row.strategy.aim, 80)}”") for row in rows)
    return [(one.account_id, Reason(text, reverse("strategy", args=[one.pk]))) for one, text in told]


def _notes(who: Standing, ids: QuerySet[Account]) -> list[tuple[int, Reason]]:
    rows = Note.objects.filter(account__in=managed_accounts(who), account_id__in=ids, state=Note.State.PROPOSED)
    counted = rows.values("account").annotate(n=Count("pk")).order_by("-n", "account")[:LOOKED_AT]
    return [
        (one["account"], Reason(f"{plural(one['n'], 'note')} to review", reverse("notes"))) for one in counted
    ]
