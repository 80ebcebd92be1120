"""A linear score that learns from every outcome, one small step at a time.

What a feature is called is kept nowhere: its name is hashed to a place among so many numbers, so that memory
does not grow with what is learnt, and no word of anybody's stands in it (two names that share a place share
its number). Feature hashing: Weinberger et al., https://arxiv.org/abs/0902.2206.
"""

from array import array
from collections.abc import Iterable, Mapping
from math import exp, sqrt
from zlib import crc32

type Features = list[tuple[int, float]]

LINEAR, CHANCE = 1.0, 4.0  # the longest step that never goes past what came of it, in errors
FIRST_SPREAD = 0.2  # the larger, the more careful the first steps


def hashed(named: Iterable[tuple[str, float]]) -> Features:
    """What is 0 says nothing and is left out."""
    return [(crc32(name.encode()), round(value, 3)) for name, value in named if value]


class Scorer:
    """AdaGrad on a linear model: what was seen often moves little, what is new moves more.

    It holds 2 to the power of `bits` numbers. `reach`: how far one outcome may move the score, in errors.
    """

    def __init__(self, prior: Mapping[str, float], bits: int, rate: float, reach: float) -> None:
        self.weights = array("f", bytes(4 << bits))
        self.spread = array("f", [FIRST_SPREAD]) * (1 << bits)
        self._last, self._rate, self._reach = (1 << bits) - 1, rate, reach
        for place, weight in hashed(prior.items()):
            self.weights[place & self._last] = weight

    def score(self, features: Iterable[tuple[int, float]]) -> float:
        weights, last = self.weights, self._last
        return sum(weights[place & last] * value for place, value in features)

    def learn(self, features: Iterable[tuple[int, float]], error: float) -> None:
        """`error` is what was scored less what came of it."""
        steps, far = [], 0.0
        for place, value in features:
            at = place & self._last
            self.spread[at] += (error * value) ** 2
            step = self._rate * value / sqrt(self.spread[at])
            steps.append((at, step))
            far += step * value
        error *= min(1.0, self._reach / far) if far else 0.0
        for at, step in steps:
            self.weights[at] -= error * step

    def kept(self) -> bytes:
        return self.weights.tobytes() + self.spread.tobytes()

    def take_up(self, kept: bytes) -> None:
        """What an earlier one of the same size had kept."""
        half = len(kept) // 2
        self.weights, self.spread = array("f", kept[:half]), array("f", kept[half:])


def chance(score: float) -> float:
    return 1 / (1 + exp(-max(-30.0, min(30.0, score))))
