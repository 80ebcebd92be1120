"""Whether a reply needs a second person's yes before it leaves, whose, and why in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from django.db.models import Q, QuerySet

from copilot.amounts import amounts
from copilot.models import ReleaseRule
from interactions.letter import Letter
from interactions.models import Conversation, OutboxMessage, ReleaseBy
from people.access import Standing
from people.models import Role, User

_OTHER = {ReleaseBy.LEAD: ReleaseBy.ACCOUNT_MANAGER, ReleaseBy.ACCOUNT_MANAGER: ReleaseBy.LEAD}


@dataclass(frozen=True, slots=True)
class Need:
    """`by` is empty where nobody but the approver holds a role that could release it."""

    by: str
    why: str


def need(conversation: Conversation, letter: Letter, approver: User) -> Need | None:
    """None where the approver's word is enough. Where several rules apply, a lead's word is the stronger."""
    found = [(rule, why) for rule in _rules(conversation) if (why := _applies(rule, letter))]
    if not found:
        return None
    asked = {rule.by for rule, _ in found}
    first = ReleaseBy.LEAD if ReleaseBy.LEAD in asked else ReleaseBy.ACCOUNT_MANAGER
    able = (by for by in (first, _OTHER[first]) if _others(conversation, by, approver).exists())
    return Need(next(able, ReleaseBy.NOBODY).value, " ".join(why for _, why in found))


def _rules(conversation: Conversation) -> Iterable[ReleaseRule]:
    """The customer's first, then the team's by topic, then by amount."""
    here = Q(account=conversation.account_id, account__isnull=False)
    here |= Q(team=conversation.team_id, topic=conversation.topic) | Q(team=conversation.team_id, topic="")
    rules = ReleaseRule.objects.filter(here).select_related("account")
    return sorted(rules, key=lambda rule: (rule.account_id is None, rule.topic == ""))


def _applies(rule: ReleaseRule, letter: Letter) -> str:
    """Why the rule holds this letter back; empty where it does not."""
    if rule.account:
        return f"{rule.account} is flagged: {rule.reason}." if rule.reason else f"{rule.account} is flagged."
    if rule.above is None:
        return f"It is about {rule.topic}."
    most = max(amounts(f"{letter.subject}\n{letter.text}"), default=rule.above)
    return f"It names {plain(most)}, more than {plain(rule.above)}." if most > rule.above else ""


def plain(amount: Decimal) -> str:
    return f"{amount:,.2f}".removesuffix(".00")


def _others(conversation: Conversation, by: str, approver: User) -> QuerySet[User]:
    people = User.objects.filter(is_active=True).exclude(pk=approver.pk)
    if by == ReleaseBy.LEAD:
        return people.filter(memberships__team=conversation.team_id, memberships__role=Role.LEAD)
    manager = conversation.account.manager_id if conversation.account else None
    return people.filter(pk=manager or 0, memberships__role=Role.ACCOUNT_MANAGER)


def may_release(who: Standing, conversation: Conversation, row: OutboxMessage, approver_id: int) -> bool:
    """Another person than the approver, in the role that was named when it was approved."""
    account = conversation.account
    if who.user_id == approver_id or not row.release_by:
        return False
    if row.release_by == ReleaseBy.LEAD:
        return conversation.team_id in who.lead_teams
    return who.is_manager and account is not None and account.manager_id == who.user_id


def releaser(conversation: Conversation, row: OutboxMessage) -> str:
    """For whom it waits, in words."""
    manager = conversation.account.manager if conversation.account else None
    if row.release_by == ReleaseBy.ACCOUNT_MANAGER:
        return manager.name if manager else "the account manager"
    return "a lead"
