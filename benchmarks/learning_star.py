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
from benchmarks.house_style import Book, Letter
from copilot import words

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
    known: str  # all that was said and looked up before
    free: bool  # sent in the agent's own words
    late: bool  # in the last tenth


@dataclass
class Sum:
    """Of one method: distance over all and over free-typed pairs, harm and foreign details."""

    far: float = 0
    free: float = 0
    harmed: int = 0
    foreign: int = 0
    pairs: int = 0
    frees: int = 0

    def add(self, pair: Pair, text: str) -> None:
        far = words.distance(text, pair.sent)
        self.far, self.pairs = self.far + far, self.pairs + 1
        self.harmed += text != pair.typed and far > words.distance(pair.typed, pair.sent)
        self.foreign += bool(foreign(text, pair))
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
    return {one for one in _DETAIL.findall(text) if one not in pair.typed and one not in pair.known}


def main() -> bool:
    if not DATA.exists():
        print(f"\nThe dialogues are not at {DATA}; set RAPPORT_DATA. Nothing was replayed.")
        return True
    sums: dict[str, tuple[Sum, Sum]] = {
        name: (Sum(), Sum()) for name in ("as typed", "lessons", "nearest", "nearest, no foreign detail")
    }
    books: dict[str, Book] = defaultdict(Book)
    shelves: dict[str, Shelf] = defaultdict(Shelf)
    for number, pair in enumerate(_pairs(), 1):
        letter = Letter("", 0, pair.typed)
        drafted, used = books[pair.team].draft(letter, "")
        typed = words.tokens(pair.typed.lower())
        score, near = shelves[pair.team].nearest(typed)
        close = near if score >= GATE else pair.typed
        own = close if not foreign(close, pair) else pair.typed
        for (every, last), text in zip(sums.values(), (pair.typed, drafted, close, own), strict=True):
            every.add(pair, text)
            if pair.late:
                last.add(pair, text)
        books[pair.team].learn(number, letter, drafted, used, pair.sent, "")
        shelves[pair.team].keep(typed, pair.sent)
        if number == PAIRS:
            break
    return _print(sums, books.values())


def _print(sums: dict[str, tuple[Sum, Sum]], books: Iterable[Book]) -> bool:
    print(
        f"\n{sums['as typed'][0].pairs} real pairs of typed and sent, in time order; then the last tenth alone:"
    )
    for part in (0, 1):
        for name, both in sums.items():
            one = both[part]
            if one.pairs:
                print(
                    f"  {name:<28} distance {one.far / one.pairs:.3f}"
                    f"  free-typed {one.free / max(1, one.frees):.3f}"
                    f"  harmed {one.harmed / one.pairs:.3f}  foreign {one.foreign / one.pairs:.4f}"
                )
    entries = [one for book in books for one in book.entries.values()]
    print(f"  {sum(one.state == 'active' for one in entries)} lessons in use of {len(entries)} wordings stored")
    ours = sums["lessons"][0]
    fine = ours.far / ours.pairs <= 0.2
    print(f"  distance with lessons at most 0.2: {'well' if fine else 'MISSED'}")
    return fine


def _pairs() -> Iterator[Pair]:
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        dialogues = [json.loads(line) for line in lines]
    for number, dialogue in enumerate(dialogues):
        known: list[str] = []
        for turn in dialogue["turns"]:
            if turn["by"] == "agent" and turn.get("typed") and turn["text"].strip():
                yield _pair(dialogue, turn, known, late=number >= len(dialogues) * 9 // 10)
            known.append(turn.get("text") or json.dumps(turn.get("item", "")))


def _pair(dialogue: dict[str, Any], turn: dict[str, Any], known: list[str], *, late: bool) -> Pair:
    return Pair(dialogue["team"], turn["typed"], turn["text"], "\n".join(known), not turn["picked"], late)
