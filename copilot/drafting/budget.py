"""What drafts cost a team a day, and the limits that pause drafting when they are reached.

A limit is looked at before a model is asked and what it took is added after, so it can be overrun by what is
being written at that moment, and by no more.
"""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.db.models import F, Q, QuerySet, Sum
from django.utils import timezone

from copilot.drafting.engine import EngineError, Usage
from copilot.models import Draft, DraftingLimits, Spending
from interactions.models import Conversation
from people.models import Team
from prepared import first, prepared


def check_budget(draft: Draft) -> None:
    """Raises EngineError with the time until drafting opens again."""
    conversation = draft.conversation
    limits = first(_limits(team=conversation.team_id))
    if limits is None:
        return
    now = timezone.localtime(timezone=ZoneInfo(conversation.team.time_zone))
    for code, until in (*_of_team(limits, now), *_of_sender(limits, conversation, now)):
        raise EngineError(code, permanent=True, retry_after=(until - now).total_seconds())


@prepared
def _limits(*, team: int) -> QuerySet[DraftingLimits]:
    return DraftingLimits.objects.filter(team=team)


def has_money(team: Team) -> bool:
    """Whether the team may ask a model for something else than a draft, such as the case so far."""
    return opens_again(team) is None


def opens_again(team: Team) -> datetime | None:
    """When a budget that is used up opens again; None while there is money."""
    limits = first(_limits(team=team.pk))
    if limits is None:
        return None
    used_up = _of_team(limits, timezone.localtime(timezone=ZoneInfo(team.time_zone)))
    return max((until for _, until in used_up), default=None)


def check_team(team: Team) -> None:
    """The same for what can wait: raises EngineError with the time until the team's budget opens again."""
    limits = first(_limits(team=team.pk))
    now = timezone.localtime(timezone=ZoneInfo(team.time_zone))
    for code, until in _of_team(limits, now) if limits else ():
        raise EngineError(code, permanent=True, retry_after=(until - now).total_seconds())


def _of_team(limits: DraftingLimits, now: datetime) -> list[tuple[str, datetime]]:
    if limits.day_micros is None and limits.month_micros is None:
        return []
    today = now.date()
    spent = Spending.objects.filter(team=limits.team_id, day__gte=today.replace(day=1)).aggregate(
        month=Sum("cost_micros", default=0), day=Sum("cost_micros", default=0, filter=Q(day=today))
    )
    next_month = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
    found = []
    if limits.month_micros is not None and spent["month"] >= limits.month_micros:
        found.append(("budget_month", _midnight(next_month, now)))
    if limits.day_micros is not None and spent["day"] >= limits.day_micros:
        found.append(("budget_day", _midnight(today + timedelta(days=1), now)))
    return found


def _of_sender(limits: DraftingLimits, conversation: Conversation, now: datetime) -> list[tuple[str, datetime]]:
    """Drafts that were begun for the same contact within the last hour, or day."""
    if conversation.contact_id is None:
        return []
    mine = Draft.objects.filter(conversation__contact=conversation.contact_id, ready_at__isnull=False)
    for most, span in ((limits.sender_day, timedelta(days=1)), (limits.sender_hour, timedelta(hours=1))):
        if most is None:
            continue
        begun = mine.filter(started_at__gt=now - span).order_by("-started_at")
        times = list(begun.values_list("started_at", flat=True)[:most])
        if len(times) >= most:
            oldest = min((one for one in times if one), default=now)
            return [("budget_sender", max(oldest + span, now))]
    return []


def _midnight(day: date, now: datetime) -> datetime:
    return datetime.combine(day, time(), now.tzinfo)


def spend(team: Team, usage: Usage, *, drafts: int = 1) -> None:
    """Add what one answer took, in the caller's transaction; `drafts` is 0 where it was another question."""
    day = timezone.localdate(timezone=ZoneInfo(team.time_zone))
    Spending.objects.get_or_create(team=team, day=day)
    Spending.objects.filter(team=team, day=day).update(
        drafts=F("drafts") + drafts, input=F("input") + usage.input, output=F("output") + usage.output,
        cache_read=F("cache_read") + usage.cache_read, cache_write=F("cache_write") + usage.cache_write,
        cost_micros=F("cost_micros") + usage.cost_micros,
    )  # fmt: skip
