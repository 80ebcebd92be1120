"""What lessons bring, told without bias: replies to drafts that chance left without one, beside those with it.

The interval is Student's, on the standard library's `statistics`: two means are compared, and the quantile of t
follows from the normal one to three digits (Abramowitz and Stegun 26.7.5), so that no larger library is needed.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import sqrt
from statistics import NormalDist, fmean

from django.db.models import QuerySet

from copilot import lessons, words
from copilot.learning.evidence import SHOWN, first_name_of, rule_of
from copilot.models import Lesson, LessonTrial, NoTeacher, Signal
from people.models import Team

ENOUGH = 20  # replies on either side
LATEST = 4000
WORTH = 0.01  # a lesson that saves less than one word of a hundred is not worth its place
Z = NormalDist().inv_cdf(0.975)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Word distances of what was sent: of `held` replies without the lesson and `given` with it, 0 to 1.

    `mean` is by how much the lesson saves, with its interval of 95 %; all are 0 where there is not enough.
    """

    held: int = 0
    given: int = 0
    is_enough: bool = False
    without: float = 0.0
    with_it: float = 0.0
    mean: float = 0.0
    low: float = 0.0
    high: float = 0.0

    @property
    def shows_nothing(self) -> bool:
        """Measured long enough, and not worth its place: it proposes its own retirement."""
        return self.is_enough and self.low <= 0 and self.mean < WORTH


type Sides = tuple[list[float], list[float]]  # distances without the lesson, and with it


def of_team(team: Team) -> tuple[dict[str, Comparison], list[Lesson]]:
    """The team's lessons pooled by kind, in words, and those that propose their own retirement."""
    sides = _sides(Signal.objects.filter(team=team))
    kinds: dict[str, list[Sides]] = defaultdict(list)
    for (_, kind), one in sides.items():
        kinds[Lesson.Kind(kind).label].append(one)
    ids = [pk for (pk, _), one in sides.items() if compared([one]).shows_nothing]
    idle = Lesson.objects.filter(pk__in=ids, state=Lesson.State.ACTIVE).order_by("pk") if ids else ()
    return {kind: compared(some) for kind, some in kinds.items()}, list(idle)


def of_lesson(lesson: Lesson) -> tuple[Comparison, Comparison]:
    """Of it alone, and of all lessons of its kind in its team."""
    alike = {"draft__trial__lesson__team": lesson.team_id, "draft__trial__lesson__kind": lesson.kind}
    sides = _sides(Signal.objects.filter(**alike))
    return compared([sides.get((lesson.pk, lesson.kind), ([], []))]), compared(sides.values())


def _sides(rows: QuerySet[Signal]) -> dict[tuple[int, str], Sides]:
    """By lesson and its kind, of the latest settled replies; nothing of whoever teaches nothing."""
    rows = rows.filter(state=Signal.State.SETTLED, draft__trial__isnull=False)
    rows = rows.exclude(person__in=NoTeacher.objects.values("person")).order_by("-pk")
    read = ("lesson", "lesson__kind", "held", "applied_at")
    told = list(rows.values_list("pk", "distance", *(f"draft__trial__{one}" for one in read))[:LATEST])
    put_in = _put_in([pk for pk, *_, applied in told if applied])
    found: dict[tuple[int, str], Sides] = defaultdict(lambda: ([], []))
    for pk, distance, lesson, kind, held, _ in told:
        found[lesson, kind][0 if held else 1].append(put_in.get(pk, distance))
    return dict(found)


def _put_in(ids: Sequence[int]) -> dict[int, float]:
    """Where a person put it in after all: how far the draft without it was from what was sent."""
    rows = Signal.objects.filter(pk__in=ids).select_related(*SHOWN, "draft__trial__lesson") if ids else ()
    found = {}
    for signal in rows:
        trial: LessonTrial = signal.draft.trial  # type: ignore[union-attr]
        plain = lessons.without(signal.drafted, rule_of(trial.lesson), first_name_of(signal))
        if plain is not None:
            found[signal.pk] = words.distance(plain, signal.sent)
    return found


def compared(many: Iterable[Sides]) -> Comparison:
    """Pooled over lessons: each counts by what its replies can tell, and only beside its own.

    The two sides vary differently, so each has its own spread; the degrees of freedom are the smaller side's.
    """
    every = list(many)
    both = [one for one in every if one[0] and one[1]]
    held, given = (sum(len(one[side]) for one in both) for side in (0, 1))
    freedom = min(held, given) - len(both)
    if freedom < 1 or min(held, given) < ENOUGH:
        return Comparison(sum(len(one[0]) for one in every), sum(len(one[1]) for one in every))
    weights = [len(a) * len(b) / (len(a) + len(b)) for a, b in both]
    total = sum(weights)
    without, with_it = (
        sum(w * fmean(one[side]) for w, one in zip(weights, both, strict=True)) / total for side in (0, 1)
    )
    spread = [_spread([one[side] for one in both]) for side in (0, 1)]
    error = sum(
        w * w * (spread[0] / len(a) + spread[1] / len(b)) for w, (a, b) in zip(weights, both, strict=True)
    )
    half, mean = student(freedom) * sqrt(error) / total, without - with_it
    return Comparison(held, given, True, without, with_it, mean, mean - half, mean + half)


def _spread(groups: Sequence[Sequence[float]]) -> float:
    """The variance within the groups; no group's mean is taken for another's."""
    means = map(fmean, groups)
    squares = sum((value - mean) ** 2 for one, mean in zip(groups, means, strict=True) for value in one)
    return squares / (sum(map(len, groups)) - len(groups))


def student(freedom: int) -> float:
    """The quantile of Student's t beyond which 2.5 % lie; from 10 degrees of `freedom` on exact to 0.001."""
    cubic = (Z**3 + Z) / 4
    fifth = (5 * Z**5 + 16 * Z**3 + 3 * Z) / 96
    seventh = (3 * Z**7 + 19 * Z**5 + 17 * Z**3 - 15 * Z) / 384
    return Z + cubic / freedom + fifth / freedom**2 + seventh / freedom**3
