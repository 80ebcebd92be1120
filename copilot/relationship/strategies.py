"""Verbs on a strategy: begin it, revise it, have the copilot revise it, decide, and look back.

Each says whether it was done: not when somebody else changed the board first, or when all is decided.
Nothing of it is part of what a draft to the customer is written from.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Now
from django.utils import timezone

import bell
from copilot.board import Board
from copilot.context.strategy import evidence_of, worksheet
from copilot.models import Strategy, StrategyDecision, StrategyRound
from customers.models import Account
from people.access import standing
from people.audit import note_deed
from people.models import ApiKey, User

EXPLORE = "copilot.tasks.explore"
LONGEST, LONGEST_WISH = 4000, 1000


@dataclass(frozen=True, slots=True)
class Told:
    """What the account manager says, before anybody explores."""

    aim: str
    constraints: str = ""
    people: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """Of one scenario: whether it was chosen, and why or why not."""

    key: str
    title: str
    chosen: bool
    why: str


@transaction.atomic
def begin(account: Account, person: User, told: Told, key: ApiKey | None = None) -> Strategy:
    """The worksheet is there at once, as the first round."""
    row = Strategy.objects.create(account=account, owner=person, **asdict(told))
    board = worksheet(account, told.aim, evidence_of(standing(person), account))
    StrategyRound.objects.create(strategy=row, n=1, board=board.to_json(), by_copilot=True, engine="offline")
    note_deed(person, "began strategy", row, key=key)
    return row


@transaction.atomic
def reword(row: Strategy, version: int, told: Told) -> bool:
    return _hold(row, version, **asdict(told))


@transaction.atomic
def revise(row: Strategy, version: int, person: User, change: Callable[[Board], Board]) -> bool:
    """What the copilot is writing at that moment is dropped: a person's words come first."""
    if not _hold(row, version):
        return False
    last = latest(row)
    board = change(Board.from_json(last.board)).to_json()
    if last.by_id == person.pk:
        StrategyRound.objects.filter(pk=last.pk).update(board=board, made_at=Now())
    else:
        StrategyRound.objects.create(strategy=row, n=last.n + 1, board=board, by=person)
    return True


@transaction.atomic
def ask(row: Strategy, version: int, instruction: str = "") -> bool:
    """Have the copilot make another round; rings after the commit."""
    wish = instruction.strip()[:LONGEST_WISH]
    if not _hold(row, version, instruction=wish, due_at=Now(), attempts=0):
        return False
    bell.ring(EXPLORE, row.pk)
    return True


@transaction.atomic
def stop(row: Strategy) -> bool:
    waiting = Strategy.objects.filter(pk=row.pk, due_at__isnull=False)
    return bool(waiting.update(due_at=None, failure="", version=F("version") + 1))


def unfit(verdicts: Sequence[Verdict], expected: str, revisit_on: date | None) -> str:
    """What a decision lacks, in a sentence; empty where it may be written down."""
    if sum(one.chosen for one in verdicts) != 1:
        return "Choose one scenario that has a title."
    if not all(one.why for one in verdicts):
        return "Say of each scenario why it was chosen or not."
    if not expected:
        return "Say what you expect."
    if revisit_on is None or revisit_on <= timezone.localdate():
        return "Say on which day to look back, from tomorrow on."
    return ""


@transaction.atomic
def decide(
    row: Strategy, version: int, person: User, verdicts: Sequence[Verdict], expected: str, revisit_on: date,
    key: ApiKey | None = None,
) -> bool:  # fmt: skip
    if not _hold(row, version):
        return False
    chosen_first = sorted(verdicts, key=lambda one: not one.chosen)
    StrategyDecision.objects.create(
        strategy=row, round=latest(row), lines=[asdict(one) for one in chosen_first], expected=expected,
        revisit_on=revisit_on, by=person,
    )  # fmt: skip
    note_deed(person, "decided on strategy", row, key=key)
    return True


@transaction.atomic
def look_back(decision: StrategyDecision, person: User, actual: str, key: ApiKey | None = None) -> None:
    """What really came of it; it may be said again in other words."""
    StrategyDecision.objects.filter(pk=decision.pk).update(
        actual=actual, actual_by=person, actual_at=timezone.now()
    )
    note_deed(person, "looked back on strategy", decision.strategy, key=key)


def latest(row: Strategy) -> StrategyRound:
    return row.rounds.order_by("-n")[0]


def _hold(row: Strategy, version: int, **changes: object) -> bool:
    """The row is this transaction's until it ends, if it still is as it was seen and nothing is decided."""
    fields = {"version": F("version") + 1, "due_at": None, "failure": "", **changes}
    decided = StrategyDecision.objects.filter(strategy=OuterRef("pk"))
    mine = Strategy.objects.filter(~Exists(decided), pk=row.pk, version=version)
    return bool(mine.update(**fields))
