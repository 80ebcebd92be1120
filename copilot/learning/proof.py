"""What lessons bring: each draft that one shaped beside the same draft without it, against what was sent.

It leans towards what was shown, for people keep much of what stands there; pages say so. The interval is the
normal one of `statistics`: under 20 replies none is given, and from there on Student's differs by a twentieth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from statistics import NormalDist, fmean, stdev

from django.db.models import Count, Q

from copilot import lessons, words
from copilot.learning.evidence import TAUGHT_BY, rule_of
from copilot.models import Lesson, LessonEvidence, LessonMove, LessonUse, Signal
from people.models import Team

ENOUGH = 20  # replies
LATEST = 200
SURE = NormalDist().inv_cdf(0.975)


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


@dataclass(frozen=True, slots=True)
class Month:
    """What a team's lessons did since a day. `shaped` and `harmed` count drafts."""

    learnt: int
    put_to_use: int
    retired: int
    shaped: int
    harmed: int


def effect_of(lesson: Lesson) -> Effect:
    """Of the latest replies to drafts that it shaped; what is left out cannot be put back, so of those none."""
    rows = Signal.objects.filter(draft__lesson_uses__lesson=lesson, state=Signal.State.SETTLED)
    found = (_gain(lesson, one) for one in rows.select_related(*TAUGHT_BY).order_by("-pk")[:LATEST])
    return effect([one for one in found if one is not None])


def effect(gains: Sequence[float]) -> Effect:
    if len(gains) < ENOUGH:
        return Effect(len(gains))
    mean, half = fmean(gains), SURE * stdev(gains) / sqrt(len(gains))
    return Effect(len(gains), mean, mean - half, mean + half)


def _gain(lesson: Lesson, signal: Signal) -> float | None:
    contact = signal.conversation.contact
    without = lessons.without(signal.drafted, rule_of(lesson), contact.first_name if contact else "")
    if without is None:
        return None
    return words.distance(without, signal.sent) - words.distance(signal.drafted, signal.sent)


def month_of(team: Team, since: datetime) -> Month:
    moves = LessonMove.objects.filter(lesson__team=team, at__gte=since).aggregate(
        learnt=Count("pk", filter=Q(deed__in=("learnt", "taught"))),
        put_to_use=Count("pk", filter=Q(deed__in=("activated", "accepted", "learnt again", "brought back"))),
        retired=Count("pk", filter=Q(deed="retired")),
    )
    against = LessonEvidence.objects.filter(lesson__team=team, agrees=False, undone_at=None, at__gte=since)
    uses = LessonUse.objects.filter(lesson__team=team, draft__created_at__gte=since)
    return Month(
        **moves,
        shaped=uses.values("draft").distinct().count(),
        harmed=against.values("conversation").distinct().count(),
    )
