"""Whether the house's wording is offered in place of what somebody typed: only where it is worth its risk.

Two scores learn from every reply what an offer gains and how likely it harms, that is, ends further from what
was sent than the typed text. What harm costs is set so that the latest offers would have kept the budget.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from copilot import words
from copilot.learning.refill import slotted
from copilot.learning.scorer import Features, Scorer, chance
from copilot.learning.situation import Situation, said
from copilot.learning.wording import RARE, Choice, odds

BUDGET = 0.02  # harmed replies of all
LOOKED_BACK = 2000
FEWEST = 300  # replies; before so many were seen, the budget is that of so many
OFTEN = 100  # replies after which the price of harm is set anew
LEAST_GAIN = 0.02
FIRST_PRICE = 30.0
_BANDS = (2, 4, 7, 12)  # words typed


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
class Gate:
    budget: float = BUDGET
    gains: Scorer = field(default_factory=Scorer)
    harms: Scorer = field(default_factory=lambda: Scorer({"fit": -1.0}))
    price: float = FIRST_PRICE
    _latest: deque[tuple[float, bool]] = field(default_factory=lambda: deque(maxlen=LOOKED_BACK))
    _seen: int = 0

    def judge(self, one: Situation, choice: Choice, times: Mapping[str, int]) -> Verdict:
        if not choice.candidates:
            return Verdict(offered=False)
        features = _features(one, choice, times)
        gain, harm = self.gains.score(features), chance(self.harms.score(features))
        verdict = Verdict(False, gain, harm, features)
        return Verdict(verdict.risk * self.price < 1, gain, harm, features)

    def learn(self, verdict: Verdict, gained: float) -> None:
        """`gained`: by how much the first candidate was nearer to what was sent than the typed text was."""
        if not verdict.features:
            return
        self.gains.learn(verdict.features, verdict.gain - gained)
        self.harms.learn(verdict.features, verdict.harm - (gained < 0))
        self._latest.append((verdict.risk, gained < 0))
        self._seen += 1
        if self._seen % OFTEN == 0:
            self.price = 1 / max(self._dearest(), 1e-4)

    def _dearest(self) -> float:
        """The highest risk up to which the latest offers would have kept the budget."""
        may = self.budget * max(len(self._latest), FEWEST) - 1
        dearest, harmed = 0.0, 0
        for risk, was_harmed in sorted(self._latest):
            harmed += was_harmed
            if harmed <= may:
                dearest = risk
        return dearest


def _features(one: Situation, choice: Choice, times: Mapping[str, int]) -> Features:
    first, second = choice.candidates[0], choice.candidates[1:2]
    fit, typed = first.fit, said(one.typed)
    band = sum(len(typed) > most for most in _BANDS)
    kept = choice.part([voice for voice in choice.voices if voice.pair.kept])
    rare = choice.part([voice for voice in choice.voices if times.get(voice.pair.wording, 0) < RARE])
    length, sentence = min(len(typed), 20) / 10, _is_sentence(one.typed)
    told = [(name, value) for name, value in first.features if name in _TOLD]
    return [
        ("always", 1.0), ("fit", fit), ("odds", odds(fit)), ("fit²", fit * fit), ("sure", fit > 0.9),
        ("ahead", fit - (second[0].fit if second else 0.0)), ("kept", kept), ("rare", rare),
        ("length", length), ("far", words.distance(one.typed, first.text)), ("sentence", sentence),
        ("house words", times.get(slotted(one.typed, one.fields), 0) > 0), ("near", min(choice.total, 10) / 10),
        ("fit sentence", fit * sentence), ("fit length", fit * length), ("long sentence", sentence * length),
        *told,
        *((name, 1.0) for name in (
            f"wording {first.wording}", f"wording {first.wording} {band}", f"person {one.person}",
            f"person {one.person} {band}", f"team {one.team}", f"band {band}",
            *(f"word {word}" for word in set(typed)),
        )),
    ]  # fmt: skip


_TOLD = frozenset(("like typed", "typed in it", "said already", "share", "alike"))


def _is_sentence(typed: str) -> bool:
    return typed[:1].isupper() and typed.rstrip()[-1:] in (".", "?", "!")
