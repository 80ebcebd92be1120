"""What lessons bring: each draft that one shaped beside the same draft without it, against what was sent.

It leans towards what was shown, for people keep much of what stands there; pages say so. `trials` tells without
that lean.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import fmean, stdev

from copilot import lessons, words
from copilot.learning.evidence import TAUGHT_BY, rule_of
from copilot.learning.trials import ENOUGH, student
from copilot.models import Lesson, Signal

LATEST = 200


@dataclass(frozen=True, slots=True)
class Effect:
    """Of `n` replies: by how much nearer to what was sent the lesson brought its draft, in word distance."""

    n: int
    mean: float = 0.0
    low: float = 0.0
    high: float = 0.0

    @property
    def is_enough(self) -> bool:
        return self.n >= ENOUGH


def effect_of(lesson: Lesson) -> Effect:
    """Of the latest replies to drafts that it shaped; what is left out cannot be put back, so of those none."""
    rows = Signal.objects.filter(draft__lesson_uses__lesson=lesson, state=Signal.State.SETTLED)
    found = (_gain(lesson, one) for one in rows.select_related(*TAUGHT_BY).order_by("-pk")[:LATEST])
    return effect([one for one in found if one is not None])


def effect(gains: Sequence[float]) -> Effect:
    if len(gains) < ENOUGH:
        return Effect(len(gains))
    mean, half = fmean(gains), student(len(gains) - 1) * stdev(gains) / sqrt(len(gains))
    return Effect(len(gains), mean, mean - half, mean + half)


def _gain(lesson: Lesson, signal: Signal) -> float | None:
    contact = signal.conversation.contact
    without = lessons.without(signal.drafted, rule_of(lesson), contact.first_name if contact else "")
    if without is None:
        return None
    return words.distance(without, signal.sent) - words.distance(signal.drafted, signal.sent)
