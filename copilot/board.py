"""The board of a strategy: assumptions, and the scenarios that rest on them. Pure values, kept as one JSON.

Whatever changes gives a new board; changing or refuting an assumption leaves a doubt on each scenario that
rests on it, until somebody looks at that scenario again.
"""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Self

HOLDS, CHANGED, REFUTED = "holds", "changed", "refuted"
STATES = (HOLDS, CHANGED, REFUTED)
FEWEST = 3  # scenarios, so that there is a choice
MOST = 9  # scenarios, and assumptions
MOST_LINES = 12  # steps, or risks
LONGEST_LINE, LONGEST_TITLE = 500, 200


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that stand in a row of the account; `id` is a letter for its kind and the row's number."""

    id: str
    quote: str
    title: str
    url: str = ""
    at: str = ""  # ISO 8601


@dataclass(frozen=True, slots=True)
class Assumption:
    """`was` are its words before somebody changed them."""

    key: str
    text: str
    state: str = HOLDS
    was: str = ""


@dataclass(frozen=True, slots=True)
class Scenario:
    """`guide` asks what could stand here, where nobody has said it; `doubts` are assumptions that moved."""

    key: str
    title: str = ""
    guide: str = ""
    steps: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    doubts: tuple[str, ...] = ()

    @property
    def words(self) -> str:
        return "\n".join((self.title, *self.steps, *self.risks))

    def with_lines(self, steps: Sequence[str], risks: Sequence[str]) -> "Scenario":
        return replace(self, steps=_short(steps), risks=_short(risks))


@dataclass(frozen=True, slots=True)
class Lines:
    """What a person writes of a scenario."""

    title: str
    steps: tuple[str, ...] = ()
    risks: tuple[str, ...] = ()
    rests_on: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Board:
    assumptions: tuple[Assumption, ...] = ()
    scenarios: tuple[Scenario, ...] = ()

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Self:
        assumptions = tuple(Assumption(**one) for one in told.get("assumptions", ()))
        return cls(assumptions, tuple(_scenario(one) for one in told.get("scenarios", ())))

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    def assumption(self, key: str) -> Assumption | None:
        return next((one for one in self.assumptions if one.key == key), None)

    def scenario(self, key: str) -> Scenario | None:
        return next((one for one in self.scenarios if one.key == key), None)

    def assume(self, text: str) -> "Board":
        """One assumption more; nothing rests on it yet."""
        key = _next("A", (one.key for one in self.assumptions))
        return replace(self, assumptions=(*self.assumptions, Assumption(key, text[:LONGEST_LINE])))

    def judge(self, key: str, state: str, text: str = "") -> "Board":
        """It holds, is refuted, or is changed to `text`; what rests on it is in doubt, unless it holds."""
        held = self.assumption(key)
        if held is None:
            return self
        is_new = state == CHANGED and text and text != held.text
        judged = replace(held, text=text[:LONGEST_LINE], was=held.text) if is_new else held
        judged = replace(judged, state=state)
        return Board(
            tuple(judged if one.key == key else one for one in self.assumptions),
            tuple(_doubted(one, key, doubt=state != HOLDS) for one in self.scenarios),
        )

    def write(self, key: str, lines: Lines) -> "Board":
        """A scenario in a person's words, a new one where the key is empty. Its evidence stays.

        Written is looked at: a doubt goes, but for an assumption that is refuted and that it still rests on.
        """
        known = {one.key: one for one in self.assumptions}
        rests_on = tuple(one for one in dict.fromkeys(lines.rests_on) if one in known)
        before = self.scenario(key) or Scenario(_next("S", (one.key for one in self.scenarios)))
        doubts = tuple(one for one in rests_on if known[one].state == REFUTED)
        made = replace(before, title=lines.title[:LONGEST_TITLE], rests_on=rests_on, doubts=doubts)
        made = made.with_lines(lines.steps, lines.risks)
        if before not in self.scenarios:
            return replace(self, scenarios=(*self.scenarios, made))
        return replace(self, scenarios=tuple(made if one is before else one for one in self.scenarios))

    def why_stale(self, scenario: Scenario) -> tuple[str, ...]:
        """In words, what moved under a scenario; empty where it is up to date."""
        moved = (self.assumption(key) for key in scenario.doubts)
        return tuple(_moved(one) for one in moved if one is not None)


def written(board: Board) -> list[Scenario]:
    """Scenarios that say something: a question alone is nothing to choose."""
    return [one for one in board.scenarios if one.title]


def _moved(one: Assumption) -> str:
    if one.state == REFUTED:
        return f"It rests on {one.key}, which was refuted: “{one.text}”"
    return f"It rests on {one.key}, which was changed from “{one.was}” to “{one.text}”"


def _doubted(one: Scenario, key: str, *, doubt: bool) -> Scenario:
    if key not in one.rests_on:
        return one
    others = tuple(known for known in one.doubts if known != key)
    return replace(one, doubts=(*others, key) if doubt else others)


def _next(letter: str, keys: Iterable[str]) -> str:
    return f"{letter}{max((int(key[1:]) for key in keys), default=0) + 1}"


def _short(lines: Sequence[str]) -> tuple[str, ...]:
    return tuple(one.strip()[:LONGEST_LINE] for one in lines if one.strip())[:MOST_LINES]


def _scenario(told: dict[str, Any]) -> Scenario:
    lists = {name: tuple(told[name]) for name in ("steps", "risks", "rests_on", "doubts")}
    return Scenario(**{**told, **lists, "evidence": tuple(Evidence(**one) for one in told["evidence"])})
