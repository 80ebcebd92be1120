"""A linear score over named features that learns from every outcome, one small step at a time."""

from collections.abc import Iterable, Mapping
from math import exp, sqrt

type Features = list[tuple[str, float]]

RATE = 0.1
FIRST_SPREAD = 0.2  # the larger, the more careful the first steps


class Scorer:
    """AdaGrad on a linear model: what was seen often moves little, what is new moves more."""

    def __init__(self, prior: Mapping[str, float] | None = None, rate: float = RATE) -> None:
        self.weights: dict[str, float] = dict(prior or {})
        self._spread: dict[str, float] = {}
        self._rate = rate

    def score(self, features: Iterable[tuple[str, float]]) -> float:
        weight = self.weights.get
        return sum(weight(name, 0.0) * value for name, value in features)

    def learn(self, features: Iterable[tuple[str, float]], error: float) -> None:
        """`error` is what was scored less what came of it."""
        for name, value in features:
            step = error * value
            spread = self._spread[name] = self._spread.get(name, FIRST_SPREAD) + step * step
            self.weights[name] = self.weights.get(name, 0.0) - self._rate * step / sqrt(spread)


def chance(score: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, score))))
