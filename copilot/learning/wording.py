"""The house's wording for what somebody typed: what colleagues sent in like situations, agreed and refilled.

Neighbours are earlier pairs of typed and sent. Each speaks for the wording it was sent in, the louder the
nearer it is; the wording most like all of them comes first. How much each kind of nearness counts is learnt.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log, sqrt

from rapidfuzz import fuzz

from copilot import words
from copilot.context.refill import foreign, refilled
from copilot.context.situation import Pair, Situation, pair_of
from copilot.learning.scorer import Features, Scorer, chance

MOST_WORDINGS = 10  # that are compared with each other
RARE = 3  # times; what was sent less often is hardly the house's wording
TAUGHT = 5  # of the first wordings, from what became of which choosing is learnt
_VOICES = 12  # of the nearest neighbours, and every seventh of the others, from which nearness is learnt
_CALLING = (
    "word",
    "asked",
    "after",
    "since",
    "record",
    "value",
    "team",
    "person",
)  # such cues go with wordings

_RATE = 0.16

# Where learning starts: nearer counts more, in words first. All of it moves with what is sent.
_NEARNESS = {
    "always": -5.0, "share": 2.5, "alike": 1.5, "alike²": 1.0, "words": 1.0, "after": 0.5, "asked": 1.0,
    "record": 0.5, "value": 0.5, "team": 0.5, "both": 0.5, "state": 0.5,
}  # fmt: skip
_FITNESS = {
    "always": -2.0, "voices": 1.5, "loudest": 1.0, "share": 1.0, "agreed": 2.5, "like typed": 0.5,
    "typed in it": 0.5,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Voice:
    pair: Pair
    weight: float  # the chance that its wording is what will be sent
    alike: float  # what was typed there and here, 0 to 1
    features: Features = field(repr=False)


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
    """What was learnt of choosing: which nearness counts, and which wording goes with which words."""

    nearness: Scorer = field(default_factory=lambda: Scorer(_NEARNESS))
    fitness: Scorer = field(default_factory=lambda: Scorer(_FITNESS, _RATE))

    def choose(
        self, one: Situation, neighbours: Sequence[tuple[float, Pair]], times: Mapping[str, int]
    ) -> Choice:
        """Of neighbours with the share of the situation's cues that they have; `times`: how often a wording
        was sent."""
        here = pair_of(one, "")
        voices = tuple(self._voice(here, share, pair) for share, pair in neighbours)
        total = sum(voice.weight for voice in voices) + 1e-6
        ballots: dict[str, Ballot] = {}
        for voice in voices:
            ballots.setdefault(voice.pair.wording, Ballot()).count(voice)
        texts = _texts(one, ballots)
        made = [
            self._candidate(one, here, wording, texts, ballots, total, times.get(wording, 0))
            for wording in texts
        ]
        made.sort(key=lambda candidate: -candidate.fit)
        return Choice(tuple(made), voices, total)

    def _voice(self, here: Pair, share: float, pair: Pair) -> Voice:
        alike = fuzz.ratio(here.typed, pair.typed) / 100
        features = _nearness(here, share, pair, alike)
        return Voice(pair, chance(self.nearness.score(features)), alike, features)

    def _candidate(
        self, one: Situation, here: Pair, wording: str, texts: Mapping[str, str],
        ballots: Mapping[str, Ballot], total: float, times: int,
    ) -> Candidate:  # fmt: skip
        text, ballot = texts[wording], ballots[wording]
        agreed = sum(ballots[other].sum * (1 - words.distance(text, said)) for other, said in texts.items())
        features = _fitness(one, here, text, ballot, total)
        features += [("agreed", agreed / total), ("times", log(1 + times) / 6), ("slots", "{" in wording)]
        features += [("fresh slots", one.fresh and "{" in wording), (f"wording {wording}", 1.0)]
        features += [(f"{cue} | {wording}", 1.0) for cue in here.cues if cue[: cue.index(" ")] in _CALLING]
        return Candidate(text, wording, chance(self.fitness.score(features)), ballot, features)

    def learn(self, choice: Choice, wording: str, sent: str) -> None:
        """What was sent after all; `wording`: with its details as slots."""
        for place, voice in enumerate(choice.voices):
            if place < _VOICES or place % 7 == 0:
                self.nearness.learn(voice.features, voice.weight - (voice.pair.wording == wording))
        for one in choice.candidates[:TAUGHT]:
            near = (1 - words.distance(one.text, sent)) ** 2  # nearly is not the same
            self.fitness.learn(one.features, one.fit - near)


def _nearness(here: Pair, share: float, pair: Pair, alike: float) -> Features:
    same = {name: float(here.place[name] == pair.place[name]) for name in here.place}
    return [
        ("always", 1.0), ("share", share), ("alike", alike), ("alike²", alike * alike),
        ("asked", _shared(here.asked, pair.asked)), ("since", _shared(here.since, pair.since)),
        ("words", fuzz.token_set_ratio(here.typed, pair.typed) / 100), ("both", same["after"] * alike),
        *same.items(),
    ]  # fmt: skip


def _shared(one: frozenset[str], other: frozenset[str]) -> float:
    return len(one & other) / (1 + sqrt(len(one) * len(other)))


def _texts(one: Situation, ballots: Mapping[str, Ballot]) -> dict[str, str]:
    """By wording; what lacks a field here, or would hold a detail that nobody here knows, is left out."""
    loudest = sorted(ballots, key=lambda wording: -ballots[wording].sum)[:MOST_WORDINGS]
    found = ((wording, refilled(wording, one.fields, one.typed, one.gaps)) for wording in loudest)
    return {
        wording: text for wording, text in found if text and not foreign(text, one.typed, one.known)
    }  # fmt: skip


def _fitness(one: Situation, here: Pair, text: str, ballot: Ballot, total: float) -> Features:
    share, low = ballot.sum / total, text.lower()
    return [
        ("always", 1.0), ("voices", odds(share)), ("loudest", odds(ballot.loudest)), ("share", share),
        ("many", min(1.0, ballot.voices / 10)), ("said already", text in one.told), ("fresh", one.fresh),
        ("typed in it", fuzz.token_set_ratio(here.typed, low) / 100), ("alike", ballot.alike),
        ("like typed", fuzz.ratio(here.typed, low) / 100),
    ]  # fmt: skip


def odds(part: float) -> float:
    """On a scale where 0.5 is 0 and nearly nothing and nearly all are about -1.7 and 1.7."""
    return log(max(part, 1e-3) / max(1 - part, 1e-3)) / 4


def times_of(pairs: Sequence[Pair]) -> Counter[str]:
    return Counter(pair.wording for pair in pairs)
