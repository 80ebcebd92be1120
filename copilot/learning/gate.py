"""Whether the house's wording is offered in place of what somebody typed: only where it is worth its risk.

Two scores learn from every reply what an offer gains and how likely it harms, that is, ends further from what
was sent than the typed text. What harm costs is set so that the latest offers would have kept the budget.
"""

import operator
from collections import Counter, deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from heapq import nlargest
from typing import Any

from copilot import words
from copilot.context.refill import slotted
from copilot.context.situation import STEM, Situation, said
from copilot.learning.scorer import CHANCE, LINEAR, Features, Scorer, chance, hashed
from copilot.learning.wording import RARE, Choice, Voice, odds

BUDGET = 0.019  # harmed replies of all
YOUNG_BUDGET = 0.045  # of a team's first hundred, where there is most to gain
YOUNG = 100
LOOKED_BACK = 8000
OFTEN = 100  # replies after which the price of harm is set anew
LEAST_GAIN = 0.02
FIRST_PRICE = 2.0
_BITS = 18  # see Scorer
_RATE = 0.07
# Where learning starts: what fits is seldom harmful, a whole sentence of one's own often meant as it is.
_HARMS = {"always": -0.5, "fit": -2.0, "sentence": 0.5, "long sentence": 0.5, "like kept": 1.0, "rare": 0.5}
_GAINS = {"fit": 0.5, "far": 0.2}
_BANDS = (2, 4, 7, 12)  # words typed
_WORDS = 12  # of what was typed, each weighed by itself
_LOUDEST = 5  # neighbours, each looked at by itself
_LATELY = 4  # of our answers here: whether they were the house's wording


@dataclass(frozen=True, slots=True)
class Verdict:
    """`risk`: the chance of harm over the words gained; offered where that is cheap enough."""

    offered: bool
    gain: float = 0.0
    harm: float = 0.0
    features: Features = field(default_factory=list, repr=False)

    @property
    def risk(self) -> float:
        return self.harm / max(self.gain, LEAST_GAIN)


@dataclass
class Price:
    """What harm costs, in the unit of gain, so that the latest offers would have kept the budget."""

    budget: float
    now: float = FIRST_PRICE
    seen: int = 0
    latest: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=LOOKED_BACK))

    def learn(self, risk: float, *, harmed: bool) -> None:
        self.latest.append((round(risk, 6), harmed))
        self.seen += 1
        if self.seen % OFTEN == 0:
            self.now = 1 / max(self._dearest(), 1e-4)

    def _dearest(self) -> float:
        may = self.budget * len(self.latest) - 1
        dearest, count = 0.0, 0
        for risk, harmed in sorted(self.latest):
            count += harmed
            if count <= may:
                dearest = risk
        return dearest

    def kept(self) -> dict[str, Any]:
        return {"now": self.now, "seen": self.seen, "latest": list(self.latest)}

    def take_up(self, kept: Mapping[str, Any]) -> None:
        self.now, self.seen = kept["now"], kept["seen"]
        self.latest.extend((risk, harmed) for risk, harmed in kept["latest"])


@dataclass
class Gate:
    """One for all teams; a team's first hundred replies have a price of their own."""

    gains: Scorer = field(default_factory=lambda: Scorer(_GAINS, _BITS, _RATE, LINEAR))
    harms: Scorer = field(default_factory=lambda: Scorer(_HARMS, _BITS, _RATE, CHANCE))
    price: Price = field(default_factory=lambda: Price(BUDGET))
    young_price: Price = field(default_factory=lambda: Price(YOUNG_BUDGET))
    turns: Counter[str] = field(default_factory=Counter)

    def judge(self, one: Situation, choice: Choice, times: Mapping[str, int]) -> Verdict:
        if not choice.candidates:
            return Verdict(offered=False)
        return self._weigh(one.team, _features(one, choice, times))

    def _weigh(self, team: str, features: Features) -> Verdict:
        gain, harm = self.gains.score(features), chance(self.harms.score(features))
        risk = harm / max(gain, LEAST_GAIN)
        return Verdict(risk * self._price(team).now < 1, gain, harm, features)

    def _price(self, team: str) -> Price:
        return self.young_price if self.turns[team] < YOUNG else self.price

    def learn(self, team: str, features: Features, gained: float) -> None:
        """`gained`: by how much the first candidate was nearer to what was sent than the typed text was."""
        if features:
            verdict, harmed = self._weigh(team, features), gained < 0
            self._price(team).learn(verdict.risk, harmed=harmed)
            self.gains.learn(features, verdict.gain - gained)
            self.harms.learn(features, verdict.harm - harmed)
        self.turns[team] += 1


def _features(one: Situation, choice: Choice, times: Mapping[str, int]) -> Features:
    first, second = choice.candidates[0], choice.candidates[1:2]
    fit, typed, wording = first.fit, said(one.typed), first.wording
    band = sum(len(typed) > most for most in _BANDS)
    changed = [voice.pair.far for voice in choice.voices]
    rare = choice.part([voice for voice in choice.voices if times.get(voice.pair.wording, 0) < RARE])
    length, sentence = min(len(typed), 20) / 10, _is_sentence(one.typed)
    told = [(place, value) for place, value in first.features if place in _TOLD]
    usual = [times.get(slotted(text, one.fields), 0) >= RARE for text in one.told[:_LATELY]]
    return told + hashed([
        ("always", 1.0), ("fit", fit), ("odds", odds(fit)), ("fit²", fit * fit), ("sure", fit > 0.9),
        ("ahead", fit - (second[0].fit if second else 0.0)), ("rare", rare),
        ("changed", _mean(changed, [voice.weight for voice in choice.voices])),
        ("like changed", _mean(changed, [voice.alike**6 for voice in choice.voices])),
        ("like kept", _mean([far == 0 for far in changed], [voice.alike**6 for voice in choice.voices])),
        ("length", length), ("far", words.distance(one.typed, first.text)), ("sentence", sentence),
        ("house words", times.get(slotted(one.typed, one.fields), 0) > 0), ("near", min(choice.total, 10) / 10),
        ("usual before", _mean(usual, [1.0] * len(usual))), *_shape(one.typed),
        ("fit sentence", fit * sentence), ("fit length", fit * length), ("long sentence", sentence * length),
        (f"person {one.person} fit", fit), *_loudest(choice.voices, wording),
        *((f"typed {word[:STEM]}", 1.0) for word in dict.fromkeys(typed[:_WORDS])),
        *((name, 1.0) for name in (
            f"wording {wording}", f"{band} {wording}", f"person {one.person}",
            f"person {one.person} {band}", f"team {one.team}", f"band {band}",
        )),
    ])  # fmt: skip


_TOLD = frozenset(place for place, _ in hashed((name, 1.0) for name in (
    "like typed", "typed in it", "said already", "share", "alike", "agreed", "times", "voices", "loudest",
)))  # fmt: skip


def _loudest(voices: Sequence[Voice], wording: str) -> Iterator[tuple[str, float]]:
    """Whether those who speak loudest speak for it, and what became there of what had been typed."""
    for n, voice in enumerate(nlargest(_LOUDEST, voices, key=lambda one: one.weight)):
        yield f"loud {n}", voice.weight * (voice.pair.wording == wording)
        yield f"loud {n} changed", voice.pair.far
        yield f"loud {n} kept", voice.alike**6 * (voice.pair.far == 0)


def _shape(typed: str) -> list[tuple[str, float]]:
    """By which a text meant as it is differs from a few words that stand for one."""
    return [
        ("ends", typed.rstrip()[-1:] in (".", "?", "!")), ("capital", typed[:1].isupper()),
        ("digit", any(one.isdigit() for one in typed)),
    ]  # fmt: skip


def _is_sentence(typed: str) -> bool:
    return typed[:1].isupper() and typed.rstrip()[-1:] in (".", "?", "!")


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    total = sum(weights)
    return sum(map(operator.mul, values, weights)) / total if total else 0.0
