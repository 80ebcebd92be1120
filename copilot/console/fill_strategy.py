"""A strategy's page: the board of one round, what is out of date on it, the decision and what came of it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Max, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from copilot.board import HOLDS, Assumption, Board, Evidence
from copilot.console.cards import Source, plural
from copilot.console.fill_rows import day_and_time
from copilot.console.rows import Place
from copilot.context.enquiry import customer_at
from copilot.context.strategy import unseen
from copilot.models import Strategy, StrategyDecision, StrategyRound
from copilot.templatetags.rapport import ago
from customers.models import Account
from people.access import Standing

WORDS = {"holds": "Holds", "changed": "Changed", "refuted": "Refuted"}
BLANK = (
    "This is a worksheet: it asks, and shows what the account says to each way. The ways are yours to write."
)
BY_PEOPLE = "This customer is answered by people only, so no model reads of them."
NO_MODEL = "No language model is set up here."
BUSY = "The copilot is at the next round. Nothing is lost meanwhile; a line you change stops it."
FAILURES = {
    "too_few": "the model offered fewer than three scenarios", "timeout": "the model took too long",
    "overloaded": "the model is overloaded", "rate_limited": "the model takes no more requests for a while",
    "refusal": "the model declined", "unreachable": "the model could not be reached",
    "crashed": "it broke down on our side",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Supposed:
    """An assumption; `uses` are the scenarios that rest on it."""

    key: str
    text: str
    word: str
    is_moved: bool = False
    was: str = ""
    uses: str = ""


@dataclass(frozen=True, slots=True)
class Way:
    """A scenario; `stale` says in words what moved under it, `hidden` how much evidence one may not read."""

    key: str
    title: str
    guide: str = ""
    steps: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()
    hidden: int = 0


@dataclass(frozen=True, slots=True)
class Working:
    """What the copilot does at the moment, or why it stopped; `is_busy`: look again soon."""

    text: str
    is_busy: bool = False


@dataclass(frozen=True, slots=True)
class StrategyLine:
    """One of an account's strategies, in its list."""

    id: int
    aim: str
    note: str
    is_due: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyPage:
    id: int
    account: str
    account_id: int
    owner: str
    aim: str
    constraints: str
    people: str
    version: int
    made: str
    assumptions: tuple[Supposed, ...]
    ways: tuple[Way, ...]
    rounds: tuple[Place, ...]
    notes: tuple[str, ...] = ()
    working: Working | None = None
    may_write: bool = False
    has_model: bool = False
    decision: Any = None  # a StrategyDecision with its people
    is_due: bool = False


def strategy_page(who: Standing, row: Strategy, shown: StrategyRound | None, *, manages: bool) -> StrategyPage:
    """`shown` is an earlier round, to read only; None: the latest."""
    rounds = list(row.rounds.select_related("by"))
    here = next((one for one in rounds if shown and one.pk == shown.pk), rounds[-1])
    decision = StrategyDecision.objects.select_related("by", "actual_by").filter(strategy=row).first()
    board = Board.from_json(here.board)
    return StrategyPage(
        id=row.pk, account=row.account.name, account_id=row.account_id, aim=row.aim, version=row.version,
        owner=row.owner.name if row.owner else "nobody any more", constraints=row.constraints,
        people=row.people, made=_made(here), rounds=tuple(_rounds(row, rounds, here)),
        assumptions=tuple(supposed(one, board) for one in board.assumptions),
        ways=tuple(_ways(board, unseen(who, row.account, board))), notes=tuple(_notes(row, here)),
        working=_working(row), has_model=has_model(row.account), decision=decision,
        may_write=manages and decision is None and here.pk == rounds[-1].pk,
        is_due=decision is not None and not decision.actual and decision.revisit_on <= timezone.localdate(),
    )  # fmt: skip


def strategy_lines(rows: QuerySet[Strategy]) -> Iterable[StrategyLine]:
    counted = rows.select_related("owner", "decision").annotate(last=Max("rounds__n"))
    for row in counted.order_by("-pk")[:50]:
        made: StrategyDecision | None = getattr(row, "decision", None)
        note, is_due = f"Open, {plural(row.last, 'round')}", False
        if made and made.actual:
            note = f"Decided, and looked back on {ago(made.actual_at)}"
        elif made:
            is_due = made.revisit_on <= timezone.localdate()
            day = f", to look back on {made.revisit_on:%-d %b %Y}"
            note = f"Decided {ago(made.at)}{'' if is_due else day}"
        yield StrategyLine(row.pk, row.aim, f"{note}, {row.owner.name}" if row.owner else note, is_due)


def has_model(account: Account) -> bool:
    """Whether there is one, and it may read of this customer."""
    if not (settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL):
        return False
    customer = customer_at(account)
    return customer.team is not None and not customer.people_only


def _made(one: StrategyRound) -> str:
    if one.engine == "offline":
        what = "a worksheet" if one.n == 1 else "evidence looked up again"
        return f"Round {one.n}, {what}, {ago(one.made_at)}"
    who = "the copilot" if one.by_copilot else one.by.name if one.by else "a colleague"
    return f"Round {one.n}, by {who}, {ago(one.made_at)}"


def _rounds(row: Strategy, rounds: list[StrategyRound], here: StrategyRound) -> Iterable[Place]:
    url = reverse("strategy", args=[row.pk])
    for one in reversed(rounds):
        asked = f": “{one.instruction}”" if one.instruction else ""
        yield Place("strategy", f"{_made(one)}{asked}", f"{url}?round={one.n}", current=one.pk == here.pk)


def _notes(row: Strategy, here: StrategyRound) -> Iterable[str]:
    """What to know of the round before one reads it."""
    if here.engine == "offline":
        customer = customer_at(row.account)
        online = settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL
        why = BY_PEOPLE if customer.people_only else "" if online else NO_MODEL
        yield f"{why} {BLANK}".strip()
    if here.dropped:
        gone = f"{plural(here.dropped, 'piece')} of evidence {'was' if here.dropped == 1 else 'were'} left out"
        yield f"{gone}: the words stood nowhere in what the account holds."


def _working(row: Strategy) -> Working | None:
    if row.due_at and row.failure.startswith("budget_"):
        span = "today" if row.failure == "budget_day" else "this month"
        until = day_and_time(row.due_at)
        return Working(f"Paused: the team’s budget for {span} is used up. It goes on by itself, {until}.")
    if row.due_at:
        return Working(BUSY, is_busy=True)
    if row.failure:
        why = FAILURES.get(row.failure, "the model gave no answer that can be used")
        return Working(
            f"There is no next round: {why}. Every line stands as it was. Ask again, or go on by hand."
        )
    return None


def supposed(one: Assumption, board: Board) -> Supposed:
    uses = ", ".join(way.key for way in board.scenarios if one.key in way.rests_on)
    return Supposed(one.key, one.text, WORDS[one.state], one.state != HOLDS, one.was, uses)


def _ways(board: Board, hidden: frozenset[str]) -> Iterable[Way]:
    for one in board.scenarios:
        seen = [cited for cited in one.evidence if cited.id not in hidden]
        yield Way(
            one.key, one.title, "" if one.title else one.guide, one.steps, one.risks, one.rests_on,
            board.why_stale(one), tuple(_source(n, cited) for n, cited in enumerate(seen, 1)),
            len(one.evidence) - len(seen),
        )  # fmt: skip


def _source(n: int, one: Evidence) -> Source:
    at: datetime | None = parse_datetime(one.at) if one.at else None
    return Source(n, one.title, one.quote, ago(at) if at else "", one.url)
