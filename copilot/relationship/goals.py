"""What matters with an account now, as its manager says it; drafts know it, and what to do and not to do."""

from dataclasses import dataclass
from datetime import date

from django.db import transaction
from django.utils import timezone

from customers.models import Account, Goal
from people.audit import note_deed
from people.models import ApiKey, User


@dataclass(frozen=True, slots=True)
class Told:
    text: str
    do: str = ""
    dont: str = ""
    by: date | None = None
    not_on_complaints: bool = True


@transaction.atomic
def set_goal(account: Account, person: User, told: Told, key: ApiKey | None = None) -> Goal:
    goal = Goal.objects.create(
        account=account, text=told.text, do=told.do, dont=told.dont, by=told.by, set_by=person,
        not_on_complaints=told.not_on_complaints, created_at=timezone.now(),
    )  # fmt: skip
    note_deed(person, "set goal", goal, key=key)
    return goal


@transaction.atomic
def end_goal(goal: Goal, person: User, key: ApiKey | None = None) -> bool:
    """It is reached or given up; False when it was over already."""
    if not Goal.objects.filter(pk=goal.pk, is_active=True).update(is_active=False):
        return False
    note_deed(person, "ended goal", goal, key=key)
    return True
