"""The house's wording for what somebody typed: what colleagues sent in like situations, agreed and refilled.

Neighbours are earlier pairs of typed and sent. Each speaks for the wording it was sent in, the louder the
nearer it is; the wording most like all of them comes first. Which wording goes with which words is learnt.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log, sqrt
from zlib import crc32

from rapidfuzz import fuzz

from copilot import words
from copilot.context.refill import foreign, refilled
from copilot.context.situation import Pair, Situation, pair_of
from copilot.learning.scorer import CHANCE, Features, Scorer, chance, hashed

MOST_WORDINGS = 10  # that are compared with each other
RARE = 3  # times; what was sent less often is hardly the house's wording
TAUGHT = 5  # of the first wordings, from what became of which choosing is learnt
_CALLING = (  # such cues go with wordings
    "word ", "asked ", "after ", "since ", "record ", "value ", "team ", "person ",
)  # fmt: skip

_BITS = 18  # see Scorer: a megabyte of numbers
_RATE = 0.16

# How near an earlier situation is: in words first, then in where it was in its conversation.
_NEAR = {"always": -5.0, "share": 2.5, "alike": 1.5, "alike²": 1.0, "words": 1.0, "asked": 1.0, "place": 0.5}
_PLACE = ("after", "state", "record", "team", "value")
# Where learning starts.
_FITNESS = {
    "always": -2.0, "voices": 1.5, "loudest": 1.0, "share": 1.0, "agreed": 2.5, "like typed": 0.5,
    "typed in it": 0.5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Voice:
    pair: Pair
    weight: float  # the chance that its wording is what will be sent
    alike: float  # what was typed there and here, 0 to 1


@dataclass
class Ballot:
    """What speaks for one wording."""

    sum: float = 0.0
    loudest: float = 0.0
    alike: float = 0.0
    voices: int = 0

    def count(self, voice: Voice) -> None:
        self.sum += voice.weight
        self.loudest = max(self.loudest, voice.weight)
        self.alike = max(self.alike, voice.alike)
        self.voices += 1


@dataclass(frozen=True, slots=True)
class Candidate:
    """A wording filled for the situation; `fit`: how likely it is what will be sent, 0 to 1."""

    text: str
    wording: str
    fit: float
    ballot: Ballot = field(repr=False)
    features: Features = field(repr=False)


@dataclass(frozen=True, slots=True)
class Choice:
    """The candidates, the best first, and the neighbours that spoke for them; `total`: of their weights."""

    candidates: tuple[Candidate, ...]
    voices: tuple[Voice, ...] = field(repr=False)
    total: float = 0.0

    def part(self, voices: Sequence[Voice]) -> float:
        return sum(one.weight for one in voices) / self.total


@dataclass
class Taste:
    """What was learnt of choosing: which wording goes with which words."""

    fitness: Scorer = field(default_factory=lambda: Scorer(_FITNESS, _BITS, _RATE, CHANCE))

    def choose(
        self, one: Situation, neighbours: Sequence[tuple[float, Pair]], times: Mapping[str, int]
    ) -> Choice:
        """Of neighbours with the share of the situation's cues that they have; `times`: how often a wording
        was sent."""
        here = pair_of(one, "")
        voices = tuple(_voice(here, share, pair) for share, pair in neighbours)
        total = sum(voice.weight for voice in voices) + 1e-6
        ballots: dict[str, Ballot] = {}
        for voice in voices:
            ballots.setdefault(voice.pair.wording, Ballot()).count(voice)
        texts = _texts(one, ballots)
        calling = [cue.encode() for cue in here.cues if cue.startswith(_CALLING)]
        made = []
        for wording, text in texts.items():
            ballot = ballots[wording]
            named = _fitness(one, here, text, wording, ballot, total)
            agreed = sum(ballots[other].sum * (1 - words.distance(text, said)) for other, said in texts.items())
            named += [("agreed", agreed / total), ("times", log(1 + times.get(wording, 0)) / 6)]
            features = hashed(named) + _called(wording, calling)
            made.append(Candidate(text, wording, chance(self.fitness.score(features)), ballot, features))
        made.sort(key=lambda candidate: -candidate.fit)
        return Choice(tuple(made), voices, total)

    def learn(self, features: Features, near: float) -> None:
        """Of a candidate; `near`: how near it was to what was sent after all, 0 to 1."""
        self.fitness.learn(features, chance(self.fitness.score(features)) - near)


def _voice(here: Pair, share: float, pair: Pair) -> Voice:
    alike = fuzz.ratio(here.typed, pair.typed) / 100
    same = [here.place[name] == pair.place[name] for name in _PLACE]
    near = {
        "always": 1.0, "share": share, "alike": alike, "alike²": alike * alike,
        "words": fuzz.token_set_ratio(here.typed, pair.typed) / 100,
        "asked": len(here.asked & pair.asked) / (1 + sqrt(len(here.asked) * len(pair.asked))),
        "place": sum(same) + same[0] * alike,
    }  # fmt: skip
    return Voice(pair, chance(sum(_NEAR[name] * value for name, value in near.items())), alike)


def _called(wording: str, calling: Sequence[bytes]) -> Features:
    """The wording by itself and with each of these cues."""
    place = crc32(wording.encode())
    return [(place, 1.0), *((crc32(cue, place), 1.0) for cue in calling)]


def _texts(one: Situation, ballots: Mapping[str, Ballot]) -> dict[str, str]:
    """By wording; what lacks a field here, or would hold a detail that nobody here knows, is left out."""
    loudest = sorted(ballots, key=lambda wording: -ballots[wording].sum)[:MOST_WORDINGS]
    found = ((wording, refilled(wording, one.fields, one.typed, one.gaps)) for wording in loudest)
    return {
        wording: text for wording, text in found if text and not foreign(text, one.typed, one.known)
    }  # fmt: skip


def _fitness(
    one: Situation, here: Pair, text: str, wording: str, ballot: Ballot, total: float
) -> list[tuple[str, float]]:
    share, low = ballot.sum / total, text.lower()
    return [
        ("always", 1.0), ("voices", odds(share)), ("loudest", odds(ballot.loudest)), ("share", share),
        ("many", min(1.0, ballot.voices / 10)), ("said already", text in one.told), ("fresh", one.fresh),
        ("typed in it", fuzz.token_set_ratio(here.typed, low) / 100), ("alike", ballot.alike),
        ("like typed", fuzz.ratio(here.typed, low) / 100), ("slots", "{" in wording),
        ("fresh slots", one.fresh and "{" in wording),
    ]  # fmt: skip


def odds(part: float) -> float:
    """On a scale where 0.5 is 0 and nearly nothing and nearly all are about -1.7 and 1.7."""
    return log(max(part, 1e-3) / max(1 - part, 1e-3)) / 4


def times_of(pairs: Sequence[Pair]) -> Counter[str]:
    return Counter(pair.wording for pair in pairs)
