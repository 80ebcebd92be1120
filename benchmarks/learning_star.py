"""Real dialogues in time order: what an agent first typed becomes what was sent, and each method knows only
what came before. Distance, harm and foreign details together, of lessons and of plain methods beside them.

Most of what was sent is wording of the house, chosen from suggestions, so that little of it edits words.
The dialogues are not part of the project: they are read from RAPPORT_DATA.
"""

import gzip
import json
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rapidfuzz.distance import Levenshtein

from benchmarks.house import ROOT
from benchmarks.house_letters import Letter
from benchmarks.house_style import Book
from benchmarks.house_wording import House, situation_of
from copilot import words
from copilot.context.situation import Situation

DATA = Path(os.environ.get("RAPPORT_DATA", ROOT.parent / "shared" / "data")) / "star" / "dialogues.jsonl.gz"
PAIRS = int(os.environ.get("PAIRS", "0"))  # 0: all
GATE = 0.5
COMPARED = 25  # of a team's earlier pairs, those that share the rarest words
_DETAIL = re.compile(r"\d+|(?<=[a-z,;] )[A-Z][a-z]{2,}")


@dataclass(frozen=True, slots=True)
class Pair:
    team: str
    typed: str
    sent: str
    one: Situation
    free: bool  # sent in the agent's own words
    late: bool  # in the last tenth


@dataclass
class Sum:
    """Of one method: distance over all and over free-typed pairs, harm, foreign details, and details that the
    method put in and that were not sent."""

    far: float = 0
    free: float = 0
    harmed: int = 0
    foreign: int = 0
    unsent: int = 0
    pairs: int = 0
    frees: int = 0

    def add(self, pair: Pair, text: str) -> None:
        far = words.distance(text, pair.sent)
        self.far, self.pairs = self.far + far, self.pairs + 1
        self.harmed += text != pair.typed and far > words.distance(pair.typed, pair.sent)
        self.foreign += bool(foreign(text, pair))
        self.unsent += any(one not in pair.sent for one in _DETAIL.findall(text) if one not in pair.typed)
        if pair.free:
            self.free, self.frees = self.free + far, self.frees + 1


@dataclass
class Shelf:
    """A team's earlier pairs, found by the rarest words of what is typed."""

    pairs: list[tuple[list[str], str]] = field(default_factory=list)
    places: dict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    def nearest(self, typed: list[str]) -> tuple[float, str]:
        shared: Counter[int] = Counter()
        for word in sorted(set(typed), key=lambda one: len(self.places.get(one, ())))[:6]:
            for place in self.places.get(word, ())[-400:]:
                shared[place] += 1
        near = (self.pairs[place] for place, _ in shared.most_common(COMPARED))
        return max(
            ((Levenshtein.normalized_similarity(typed, one), sent) for one, sent in near), default=(0.0, "")
        )

    def keep(self, typed: list[str], sent: str) -> None:
        for word in set(typed):
            self.places[word].append(len(self.pairs))
        self.pairs.append((typed, sent))


def foreign(text: str, pair: Pair) -> set[str]:
    """Numbers and names that stand neither in what was typed nor in what was said and looked up."""
    return {one for one in _DETAIL.findall(text) if one not in pair.typed and one not in pair.one.known}


@dataclass
class Start:
    """A team's first turns, all teams pooled: the distance as typed and as offered, and harm, by turn."""

    turns: Counter[str] = field(default_factory=Counter)
    far: dict[int, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))

    def add(self, pair: Pair, text: str) -> None:
        self.turns[pair.team] += 1
        far = words.distance(pair.typed, pair.sent), words.distance(text, pair.sent)
        self.far[self.turns[pair.team]].append(far)

    def harmed(self, turns: int) -> float:
        """Of the first turns of each team."""
        first = [one for turn in range(1, turns + 1) for one in self.far[turn]]
        return sum(learnt > typed for typed, learnt in first) / max(1, len(first))

    def until(self, part: float) -> int:
        """The turn from which ten in a row are cut by this part; 0: never."""
        for turn in range(1, max(self.far, default=0) - 8):
            ten = [one for at in range(turn, turn + 10) for one in self.far[at]]
            if sum(learnt for _, learnt in ten) <= (1 - part) * sum(typed for typed, _ in ten):
                return turn
        return 0


NAMES = (
    "as typed", "lessons", "nearest", "nearest, no foreign detail", "house wording, no gate", "house wording",
)  # fmt: skip


@dataclass
class Methods:
    """All of them, each knowing what was sent before and nothing else."""

    books: dict[str, Book] = field(default_factory=lambda: defaultdict(Book))
    shelves: dict[str, Shelf] = field(default_factory=lambda: defaultdict(Shelf))
    house: House = field(default_factory=House)

    def texts(self, number: int, pair: Pair) -> tuple[str, ...]:
        """By each method; then what was sent is learnt."""
        letter = Letter("", 0, pair.typed)
        book, shelf = self.books[pair.team], self.shelves[pair.team]
        drafted, used = book.draft(letter, "")
        typed = words.tokens(pair.typed.lower())
        score, near = shelf.nearest(typed)
        close = near if score >= GATE else pair.typed
        own = close if not foreign(close, pair) else pair.typed
        book.learn(number, letter, drafted, used, pair.sent, "")
        shelf.keep(typed, pair.sent)
        offered, first = self.house.offer(pair.one, pair.sent)
        return pair.typed, drafted, close, own, first, offered


def main() -> bool:
    if not DATA.exists():
        print(f"\nThe dialogues are not at {DATA}; set RAPPORT_DATA. Nothing was replayed.")
        return True
    sums = {name: (Sum(), Sum()) for name in NAMES}
    starts = {name: Start() for name in NAMES[1:]}
    methods = Methods()
    for number, pair in enumerate(_pairs(), 1):
        texts = dict(zip(NAMES, methods.texts(number, pair), strict=True))
        for name, text in texts.items():
            for one in sums[name] if pair.late else sums[name][:1]:
                one.add(pair, text)
        for name, start in starts.items():
            start.add(pair, texts[name])
        if number == PAIRS:
            break
    _print_starts(starts)
    house = methods.house
    print(f"  {1000 * house.seconds / house.decisions:.1f} ms of CPU for a decision on the house's wording")
    return _print(sums, methods.books.values())


def _print_starts(starts: dict[str, Start]) -> None:
    print("\nA team's turns until the distance is cut by half and by 66 %, and harm in its first 100:")
    for name, start in starts.items():
        turns = (start.until(part) or "never" for part in (0.5, 0.66))
        print(f"  {name:<28} {' / '.join(map(str, turns)):<14} harmed {start.harmed(100):.3f}")


def _print(sums: dict[str, tuple[Sum, Sum]], books: Iterable[Book]) -> bool:
    print(
        f"\n{sums['as typed'][0].pairs} real pairs of typed and sent, in time order; then the last tenth alone:"
    )
    for part in (0, 1):
        for name, both in sums.items():
            if both[part].pairs:
                _print_sum(name, both[part])
    entries = [one for book in books for one in book.entries.values()]
    print(f"  {sum(one.state == 'active' for one in entries)} lessons in use of {len(entries)} wordings stored")
    return _judge(sums["house wording"][0])


def _print_sum(name: str, one: Sum) -> None:
    print(
        f"  {name:<28} distance {one.far / one.pairs:.3f}  free-typed {one.free / max(1, one.frees):.3f}"
        f"  harmed {one.harmed / one.pairs:.4f}  foreign {one.foreign / one.pairs:.4f}"
        f"  put in and not sent {one.unsent / one.pairs:.4f}"
    )


def _judge(one: Sum) -> bool:
    """All at once, or it is missed."""
    found = (one.far / one.pairs, one.harmed / one.pairs, one.free / max(1, one.frees))
    fine = all(map(float.__le__, found, (0.2, 0.02, 0.44)))
    fine = fine and not one.foreign and one.unsent / one.pairs <= 0.02
    print(f"  house wording: at most 0.2, 2 % harmed, 0.44 free-typed, none foreign, 2 % not sent: "
          f"{'well' if fine else 'MISSED'}")  # fmt: skip
    return fine


def _pairs() -> Iterator[Pair]:
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        dialogues = [json.loads(line) for line in lines]
    for number, dialogue in enumerate(dialogues):
        late = number >= len(dialogues) * 9 // 10
        for at, turn in enumerate(dialogue["turns"]):
            if turn["by"] == "agent" and turn.get("typed") and turn["text"].strip():
                yield _pair(dialogue, at, late=late)


def _pair(dialogue: dict[str, Any], at: int, *, late: bool) -> Pair:
    turn, before = dialogue["turns"][at], dialogue["turns"][:at]
    known = "\n".join(one.get("text") or json.dumps(one.get("item", "")) for one in before)
    one = situation_of(dialogue["team"], dialogue["agent"], turn["typed"], before, known)
    return Pair(dialogue["team"], turn["typed"], turn["text"], one, not turn["picked"], late)
