"""A round of a strategy by the copilot: at least three scenarios, with evidence that is really on record.

A model writes it where there is one and the customer allows it; evidence whose words stand nowhere in what it
was given is dropped and counted. Without a model every line stays as it was, with the evidence looked up anew.
"""

import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from pydantic import BaseModel, ConfigDict, Field

from copilot.board import FEWEST, LONGEST_TITLE, MOST, REFUTED, Assumption, Board, Evidence, Scenario
from copilot.context.budget import fitting
from copilot.context.enquiry import customer_at
from copilot.context.strategy import evidence, evidence_of, with_evidence
from copilot.context.value import Item
from copilot.drafting.budget import check_team, spend
from copilot.drafting.engine import EngineError, Usage
from copilot.drafting.prompt import Prompt, rules, strategic
from copilot.drafting.work import model_in_use, place
from copilot.models import Strategy, StrategyRound
from people.access import standing
from people.models import Team

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=4)
MOST_ATTEMPTS = 3
AGAIN = timedelta(seconds=5)
SHORTEST_QUOTE, LONGEST_QUOTE = 8, 400
RULES, VERSION = rules("strategy-1")
NOTHING = Usage()


class Cite(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="The id of a row on record.")
    quote: str = Field(description="Words of it, copied letter by letter.")


class Supposed(BaseModel):
    model_config = ConfigDict(extra="forbid")

    key: str
    text: str


class Way(BaseModel):
    model_config = ConfigDict(extra="forbid")

    title: str
    steps: list[str]
    risks: list[str]
    rests_on: list[str]
    evidence: list[Cite]


class Explored(BaseModel):
    model_config = ConfigDict(extra="forbid")

    assumptions: list[Supposed]
    scenarios: list[Way]


@dataclass(frozen=True, slots=True)
class Found:
    """The board of the next round, who wrote it, and how much evidence stood on nothing."""

    board: Board
    engine: str = "offline"
    model: str = ""
    version: str = ""
    dropped: int = 0
    usage: Usage = NOTHING


def due_strategies(limit: int) -> list[int]:
    due = Strategy.objects.filter(due_at__lte=Now()).order_by("due_at")
    return list(due.values_list("pk", flat=True)[:limit])


def explore(strategy_id: int) -> None:
    """Once, however often it is rung for; a worker that dies leaves it due when its lease is over."""
    mine = Strategy.objects.filter(pk=strategy_id)
    if not mine.filter(due_at__lte=Now()).update(due_at=Now() + LEASE, attempts=F("attempts") + 1):
        return
    row = mine.select_related("account", "owner").get()
    try:
        _keep(row, _found(row))
    except EngineError as error:
        _fail(row, error)
    except Exception as error:  # whatever it is, its text may hold a customer's words
        log.error("strategy %s broke down: %s at %s", row.pk, type(error).__name__, place(error))
        _fail(row, EngineError("crashed", permanent=False))


def _found(row: Strategy) -> Found:
    """From what its owner may read; of a strategy whose owner is gone nothing is read."""
    last = Board.from_json(row.rounds.order_by("-n")[0].board)
    items = evidence_of(standing(row.owner), row.account) if row.owner else []
    writer, customer = model_in_use(), customer_at(row.account)
    if writer is None or customer.people_only or customer.team is None:
        return Found(with_evidence(last, row.account, row.aim, items))
    check_team(customer.team)
    items = fitting(items, settings.COPILOT_CONTEXT_TOKENS)
    said = {"aim": row.aim, "constraints": row.constraints, "people": row.people}
    prompt = Prompt(RULES, strategic(customer.name, items, said, _lines(last), row.instruction), frozenset())
    answer, model, usage = writer.fill(prompt, Explored)
    board, dropped = checked(answer, last, items)
    if len(board.scenarios) < FEWEST:
        raise EngineError("too_few", permanent=False, usage=usage)
    return Found(board, writer.name, model, VERSION, dropped, usage)


def _lines(board: Board) -> list[dict[str, Any]]:
    """The board as the model reads it: no evidence, which it looks up itself."""
    held = [{"key": one.key, "text": one.text, "state": one.state} for one in board.assumptions]
    names = ("key", "title", "steps", "risks", "rests_on")
    return held + [{name: getattr(one, name) for name in names} for one in board.scenarios if one.title]


def checked(answer: Explored, last: Board, items: list[Item]) -> tuple[Board, int]:
    """What may stand of a model's answer, and how much of its evidence may not.

    An assumption that a person refuted stays refuted, and whatever rests on it is in doubt from the start.
    """
    refuted = {one.key: one for one in last.assumptions if one.state == REFUTED}
    told = {one.key: one.text.strip() for one in answer.assumptions[:MOST] if one.text.strip()}
    fresh = [Assumption(key, text) for key, text in told.items() if _is_key(key) and key not in refuted]
    assumptions = tuple(sorted((*fresh, *refuted.values()), key=lambda one: int(one.key[1:])))
    known = {one.key for one in assumptions}
    texts = {item.id: item for item in items}
    ways = list[Scenario]()
    cited = kept = 0
    for way in answer.scenarios[:MOST]:
        if not way.title.strip() or not way.steps:
            continue
        made = [_stands(one, texts.get(one.id)) for one in way.evidence]
        found = tuple(one for one in made if one)
        cited, kept = cited + len(made), kept + len(found)
        ways.append(_scenario(way, len(ways) + 1, known, set(refuted), found))
    return Board(assumptions, tuple(ways)), cited - kept


def _is_key(key: str) -> bool:
    return key[:1] == "A" and key[1:].isascii() and key[1:].isdigit() and len(key) < 5


def _scenario(way: Way, n: int, known: set[str], refuted: set[str], found: tuple[Evidence, ...]) -> Scenario:
    rests_on = tuple(key for key in dict.fromkeys(way.rests_on) if key in known)
    doubts = tuple(key for key in rests_on if key in refuted)
    made = Scenario(
        f"S{n}", way.title.strip()[:LONGEST_TITLE], rests_on=rests_on, evidence=found, doubts=doubts
    )
    return made.with_lines(way.steps, way.risks)


def _stands(told: Cite, item: Item | None) -> Evidence | None:
    """Its words, if they are in the row it names."""
    quote = " ".join(told.quote.split())
    fits = SHORTEST_QUOTE <= len(quote) <= LONGEST_QUOTE
    return evidence(item, quote) if item and fits and quote in " ".join(item.text.split()) else None


@transaction.atomic
def _keep(row: Strategy, found: Found) -> None:
    """The next round; if a person changed the board meanwhile, theirs stands and this is dropped."""
    _count(row, found.usage)
    if not _mine(row, due_at=None, failure="", version=F("version") + 1):
        return
    last = row.rounds.order_by("-n")[0]
    StrategyRound.objects.create(
        strategy=row, n=last.n + 1, board=found.board.to_json(), by_copilot=True, instruction=row.instruction,
        dropped=found.dropped, engine=found.engine, model=found.model, prompt_version=found.version,
    )  # fmt: skip


@transaction.atomic
def _fail(row: Strategy, error: EngineError) -> None:
    """Paused until there is money again, tried again where that can help, or given up with the reason."""
    _count(row, error.usage)
    if error.code.startswith("budget_"):
        wait = timedelta(seconds=error.retry_after or 0)
        _mine(row, due_at=Now() + wait, attempts=0, failure=error.code)
    elif error.permanent or row.attempts >= MOST_ATTEMPTS:
        _mine(row, due_at=None, failure=error.code, version=F("version") + 1)
    else:
        _mine(row, due_at=Now() + max(AGAIN, timedelta(seconds=error.retry_after or 0)))
    log.warning("strategy %s: %s", row.pk, error.code)


def _mine(row: Strategy, **changes: object) -> bool:
    """While nobody changed the board since this worker claimed it, and no other worker did."""
    claimed = Strategy.objects.filter(pk=row.pk, version=row.version, attempts=row.attempts)
    return bool(claimed.filter(due_at__isnull=False).update(**changes))


def _count(row: Strategy, usage: Usage) -> None:
    team: Team | None = customer_at(row.account).team
    if team is None or not (usage.input or usage.output):
        return
    Strategy.objects.filter(pk=row.pk).update(cost_micros=F("cost_micros") + usage.cost_micros)
    spend(team, usage, drafts=0)
