"""What the house has learnt of offering its wordings: which fits (Taste) and when it is worth its risk (Gate).

One sense serves all teams. The benchmark on real dialogues asks and teaches it by these very functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict

from copilot import words
from copilot.context.situation import Pair, Situation
from copilot.learning.gate import Gate
from copilot.learning.scorer import Features
from copilot.learning.wording import TAUGHT, Choice, Taste


class Outcome(TypedDict):
    """What a reply says of an offer, in numbers alone. `gained`: by how much the first wording was nearer to
    what was sent than the typed text; `fits`: the features of the first wordings, and how near each was."""

    weighed: Features
    gained: float
    fits: list[tuple[Features, float]]


class Asked(TypedDict):
    """What was weighed for a typed text, kept until it is known what was sent. `texts`: the first wordings."""

    weighed: Features
    texts: list[tuple[str, Features]]


@dataclass(frozen=True, slots=True)
class Weighed:
    choice: Choice
    offered: bool
    asked: Asked


@dataclass
class Sense:
    taste: Taste = field(default_factory=Taste)
    gate: Gate = field(default_factory=Gate)

    def weigh(
        self, one: Situation, neighbours: Sequence[tuple[float, Pair]], times: Mapping[str, int]
    ) -> Weighed:
        choice = self.taste.choose(one, neighbours, times)
        verdict = self.gate.judge(one, choice, times)
        texts = [(candidate.text, candidate.features) for candidate in choice.candidates[:TAUGHT]]
        return Weighed(choice, verdict.offered, Asked(weighed=verdict.features, texts=texts))

    def learn(self, team: str, outcome: Outcome) -> None:
        self.gate.learn(team, outcome["weighed"], outcome["gained"])
        for features, near in outcome["fits"]:
            self.taste.learn(features, near)


def outcome(asked: Asked, typed: str, sent: str) -> Outcome:
    first = asked["texts"][0][0] if asked["texts"] else typed
    gained = words.distance(typed, sent) - words.distance(first, sent)
    # Nearly is not the same, hence the square.
    fits = [(features, round((1 - words.distance(text, sent)) ** 2, 4)) for text, features in asked["texts"]]
    return Outcome(weighed=asked["weighed"], gained=round(gained, 4), fits=fits)
