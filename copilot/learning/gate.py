"""Whether the house's wording is offered in place of what somebody typed: only where it is worth its risk.

Two scores learn from every reply what an offer gains and how likely it harms, that is, ends further from what
was sent than the typed text. What harm costs is set so that the latest offers would have kept the budget.
"""

import operator
from collections import Counter, deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from copilot import words
from copilot.context.refill import slotted
from copilot.context.situation import STEM, Situation, key_of, said
from copilot.learning.scorer import Features, Scorer, chance
from copilot.learning.wording import RARE, Choice, odds

BUDGET = 0.019  # harmed replies of all
YOUNG_BUDGET = 0.045  # of a team's first hundred, where there is most to gain
YOUNG = 100
LOOKED_BACK = 8000
OFTEN = 100  # replies after which the price of harm is set anew
LEAST_GAIN = 0.02
FIRST_PRICE = 2.0
_RATE = 0.07
# Where learning starts: what fits is seldom harmful, a whole sentence of one's own often meant as it is.
_HARMS = {"always": -0.5, "fit": -2.0, "sentence": 0.5, "long sentence": 0.5, "like kept": 1.0, "rare": 0.5}
_GAINS = {"fit": 0.5, "far": 0.2}
_BANDS = (2, 4, 7, 12)  # words typed
_WORDS = 12  # of what was typed, each weighed by itself
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
    _latest: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=LOOKED_BACK))
    _seen: int = 0

    def learn(self, risk: float, *, harmed: bool) -> None:
        self._latest.append((risk, harmed))
        self._seen += 1
        if self._seen % OFTEN == 0:
            self.now = 1 / max(self._dearest(), 1e-4)

    def _dearest(self) -> float:
        may = self.budget * len(self._latest) - 1
        dearest, count = 0.0, 0
        for risk, harmed in sorted(self._latest):
            count += harmed
            if count <= may:
                dearest = risk
        return dearest


@dataclass
class Gate:
    """One for all teams; a team's first hundred replies have a price of their own."""

    gains: Scorer = field(default_factory=lambda: Scorer(_GAINS, _RATE))
    harms: Scorer = field(default_factory=lambda: Scorer(_HARMS, _RATE))
    price: Price = field(default_factory=lambda: Price(BUDGET))
    young_price: Price = field(default_factory=lambda: Price(YOUNG_BUDGET))
    _turns: Counter[str] = field(default_factory=Counter)

    def judge(self, one: Situation, choice: Choice, times: Mapping[str, int]) -> Verdict:
        if not choice.candidates:
            return Verdict(offered=False)
        return self._weigh(one.team, _features(one, choice, times))

    def _weigh(self, team: str, features: Features) -> Verdict:
        gain, harm = self.gains.score(features), chance(self.harms.score(features))
        risk = harm / max(gain, LEAST_GAIN)
        return Verdict(risk * self._price(team).now < 1, gain, harm, features)

    def learn_again(self, team: str, features: Features, gained: float) -> None:
        """From what was kept of an earlier offer."""
        self.learn(team, self._weigh(team, features), gained)

    def _price(self, team: str) -> Price:
        return self.young_price if self._turns[team] < YOUNG else self.price

    def learn(self, team: str, verdict: Verdict, gained: float) -> None:
        """`gained`: by how much the first candidate was nearer to what was sent than the typed text was."""
        if verdict.features:
            harmed = gained < 0
            self._price(team).learn(verdict.risk, harmed=harmed)
            self.gains.learn(verdict.features, verdict.gain - gained)
            self.harms.learn(verdict.features, verdict.harm - harmed)
        self._turns[team] += 1


def _features(one: Situation, choice: Choice, times: Mapping[str, int]) -> Features:
    first, second = choice.candidates[0], choice.candidates[1:2]
    fit, typed, key = first.fit, said(one.typed), key_of(first.wording)
    band = sum(len(typed) > most for most in _BANDS)
    changed = [voice.pair.far for voice in choice.voices]
    rare = choice.part([voice for voice in choice.voices if times.get(voice.pair.wording, 0) < RARE])
    length, sentence = min(len(typed), 20) / 10, _is_sentence(one.typed)
    told = [(name, value) for name, value in first.features if name in _TOLD]
    usual = [times.get(slotted(text, one.fields), 0) >= RARE for text in one.told[:_LATELY]]
    return [
        ("always", 1.0), ("fit", fit), ("odds", odds(fit)), ("fit²", fit * fit), ("sure", fit > 0.9),
        ("ahead", fit - (second[0].fit if second else 0.0)), ("rare", rare),
        ("changed", _mean(changed, [voice.weight for voice in choice.voices])),
        ("like changed", _mean(changed, [voice.alike**6 for voice in choice.voices])),
        ("like kept", _mean([far == 0 for far in changed], [voice.alike**6 for voice in choice.voices])),
        ("length", length), ("far", words.distance(one.typed, first.text)), ("sentence", sentence),
        ("house words", times.get(slotted(one.typed, one.fields), 0) > 0), ("near", min(choice.total, 10) / 10),
        ("usual before", _mean(usual, [1.0] * len(usual))), *_shape(one.typed),
        ("fit sentence", fit * sentence), ("fit length", fit * length), ("long sentence", sentence * length),
        *told, (f"person {one.person} fit", fit),
        *((f"typed {key_of(word[:STEM])}", 1.0) for word in dict.fromkeys(typed[:_WORDS])),
        *((name, 1.0) for name in (
            f"wording {key}", f"wording {key} {band}", f"person {one.person}",
            f"person {one.person} {band}", f"team {one.team}", f"band {band}",
        )),
    ]  # fmt: skip


_TOLD = frozenset(
    ("like typed", "typed in it", "said already", "share", "alike", "agreed", "times", "voices", "loudest")
)


def _shape(typed: str) -> Features:
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
