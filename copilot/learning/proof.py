"""What lessons bring: each draft that one shaped beside the same draft without it, against what was sent.

It leans towards what was shown, for people keep much of what stands there; pages say so. The interval is the
normal one of `statistics`: under 20 replies none is given, and from there on Student's differs by a twentieth.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import sqrt
from statistics import NormalDist, fmean, stdev

from django.db.models import Avg, Count, Exists, F, OuterRef, Q

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
class Outcomes:
    """Of settled replies: words changed of a hundred, in how many the customer came back, and their rating."""

    n: int = 0
    changed: float = 0.0
    came_back: int = 0
    rating: float | None = None
    rated: int = 0


@dataclass(frozen=True, slots=True)
class Month:
    """What a team's lessons did since a day. `shaped` and `harmed` count drafts."""

    learnt: int
    put_to_use: int
    retired: int
    shaped: int
    harmed: int
    shown: Outcomes = Outcomes()  # replies to drafts that a lesson shaped
    others: Outcomes = Outcomes()


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
    found = _outcomes(team, since)
    return Month(
        **moves,
        shaped=uses.values("draft").distinct().count(),
        harmed=against.values("conversation").distinct().count(),
        shown=found.get(True, Outcomes()),
        others=found.get(False, Outcomes()),
    )


def _outcomes(team: Team, since: datetime) -> dict[bool, Outcomes]:
    """By whether a lesson shaped the draft. No proof: lessons come where the team writes often."""
    talk = "conversation__"
    came_back = Q(**{f"{talk}reopened_at__gte": F("at")}) | Q(**{f"{talk}asked_again_at__gte": F("at")})
    rows = Signal.objects.filter(team=team, state=Signal.State.SETTLED, at__gte=since, decision__isnull=False)
    had = Exists(LessonUse.objects.filter(draft=OuterRef("draft")))
    counted = rows.annotate(had=had).values("had").annotate(
        n=Count("pk"), far=Avg("distance"), back=Count("pk", filter=came_back),
        mean=Avg(f"{talk}rating"), rated=Count(f"{talk}rating"),
    )  # fmt: skip
    return {
        one["had"]: Outcomes(
            one["n"], round(100 * one["far"], 1), one["back"],
            None if one["mean"] is None else round(one["mean"], 1), one["rated"],
        )
        for one in counted.order_by()
    }  # fmt: skip
