"""What waits for a person on a morning: promises, notes to review, what was handed to them, quiet accounts,
strategies to look back on.

Nothing in it that the person may not see; each list is short, for a long one is not read.
"""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from copilot.models import StrategyDecision
from customers.access import managed_accounts, visible_accounts
from customers.models import Account, Note, Promise
from interactions.access import visible_conversations
from interactions.models import Conversation, Escalation
from people.access import Standing

MOST = 10
RELATED = ("account", "contact__shown_as", "owner")


@dataclass(frozen=True, slots=True)
class Waiting:
    promises: tuple[Promise, ...] = ()
    notes: tuple[Note, ...] = ()
    escalations: tuple[Escalation, ...] = ()
    quiet: tuple[Account, ...] = ()  # each with `last_spoke`
    revisits: tuple[StrategyDecision, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.promises or self.notes or self.escalations or self.quiet or self.revisits)


def promises_of(who: Standing, until: datetime) -> tuple[Promise, ...]:
    """The person's own that are due by then, the latest first."""
    mine = Promise.objects.filter(owner=who.user_id, state=Promise.State.OPEN, due_at__lt=until)
    seen = mine.filter(account__in=visible_accounts(who)).select_related(*RELATED)
    return tuple(seen.order_by("due_at", "pk")[:MOST])


def waiting_for(who: Standing, today: date, until: datetime, quiet: tuple[datetime, datetime]) -> Waiting:
    """`quiet`: between which moments an account was last heard of to be told of as having gone quiet."""
    return Waiting(
        promises_of(who, until), tuple(_notes(who)[:MOST]), tuple(_escalations(who)[:MOST]),
        tuple(_quiet(who, *quiet)[:MOST]), tuple(revisits(who, today)[:MOST]),
    )  # fmt: skip


def _notes(who: Standing) -> list[Note]:
    """Those that the person owns, or that are of an account they look after by name."""
    mine = Q(owner=who.user_id) | Q(account__manager=who.user_id)
    rows = Note.objects.filter(mine, state=Note.State.PROPOSED, account__in=managed_accounts(who))
    return list(rows.select_related("account").order_by("created_at", "pk")[:MOST])


def _escalations(who: Standing) -> list[Escalation]:
    to_me = Q(to_person=who.user_id) | Q(to_team__in=who.inbox_teams)
    rows = Escalation.objects.filter(to_me, state=Escalation.State.OPEN)
    rows = rows.filter(conversation__in=visible_conversations(who))
    return list(rows.select_related("conversation__account", "by").order_by("at")[:MOST])


def _quiet(who: Standing, since: datetime, until: datetime) -> list[Account]:
    """Own accounts with which nobody of us has spoken since; told once, when it is long enough."""
    if not who.is_manager:
        return []
    talks = Conversation.objects.filter(account=OuterRef("pk")).order_by("-last_message_at")
    mine = visible_accounts(who).filter(manager=who.user_id)
    rows = mine.annotate(last_spoke=Subquery(talks.values("last_message_at")[:1]))
    return list(rows.filter(last_spoke__gte=since, last_spoke__lt=until).order_by("last_spoke")[:MOST])


def revisits(who: Standing, today: date) -> QuerySet[StrategyDecision]:
    """Own strategies on which it is time to look back; of one whose owner is gone, the account's manager's."""
    mine = Q(strategy__owner=who.user_id) | Q(strategy__owner=None, strategy__account__manager=who.user_id)
    due = StrategyDecision.objects.filter(mine, actual_at=None, revisit_on__lte=today)
    seen = due.filter(strategy__account__in=visible_accounts(who)).select_related("strategy__account")
    return seen.order_by("revisit_on", "pk")


def is_late(promise: Promise) -> bool:
    return promise.due_at is not None and promise.due_at < timezone.now()
