"""A month of a team's lessons, from rows alone: what was learnt, what it saved, cost and harmed."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Avg, Count, Exists, F, OuterRef, Q, QuerySet, Sum

from copilot import lessons, words
from copilot.learning import trials
from copilot.learning.evidence import SHOWN, first_name_of, rule_of
from copilot.learning.trials import Comparison
from copilot.lessons import Rule
from copilot.models import (
    Decision,
    Lesson,
    LessonEvidence,
    LessonMove,
    LessonTrial,
    LessonUse,
    RehearsedReply,
    Signal,
)
from people.models import Team

MOST = 1000  # replies that are looked at one by one
IN_USE = ("activated", "accepted", "learnt again", "brought back")


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Of settled replies: words changed of a hundred, in how many the customer came back, and their rating."""

    n: int = 0
    changed: float = 0.0
    came_back: int = 0
    rating: float | None = None
    rated: int = 0


@dataclass(frozen=True, slots=True)
class Saved:
    """Of `n` replies to drafts that lessons shaped: words that nobody had to change, and in how many the
    draft came out farther from what was sent than without its lessons."""

    n: int = 0
    words: int = 0
    farther: int = 0


@dataclass(frozen=True, slots=True)
class Changes:
    """Of `n` replies to drafts, how many were edited, by what was changed, and how many of those sent as they
    stood were sent before even half of the draft can have been read."""

    n: int = 0
    edited: int = 0
    hasty: int = 0
    by_kind: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Month:
    """`shaped`, `held` and `put_in` count drafts, `against` conversations; money in millionths of a dollar."""

    learnt: int = 0
    in_use: tuple[Lesson, ...] = ()
    retired: tuple[Lesson, ...] = ()
    shaped: int = 0
    against: int = 0
    held: int = 0
    put_in: int = 0
    rehearsed: int = 0
    rehearsal_micros: int = 0
    saved: Saved = Saved()
    changes: Changes = Changes()
    shown: Outcomes = Outcomes()  # replies to drafts that a lesson shaped
    others: Outcomes = Outcomes()
    measured: tuple[tuple[str, Comparison], ...] = ()  # by kind of lesson
    idle: tuple[Lesson, ...] = ()  # they propose their own retirement


def month_of(team: Team, since: datetime, until: datetime) -> Month:
    """From `since` until just before `until`; what was measured is of all the time until now."""
    replies = Signal.objects.filter(team=team, state=Signal.State.SETTLED, at__gte=since, at__lt=until)
    against = LessonEvidence.objects.filter(lesson__team=team, agrees=False, undone_at=None)
    drafts = {"draft__created_at__gte": since, "draft__created_at__lt": until}
    left_out = LessonTrial.objects.filter(lesson__team=team, held=True, **drafts)
    rehearsed = RehearsedReply.objects.filter(rehearsal__team=team, done_at__gte=since, done_at__lt=until)
    money = rehearsed.aggregate(n=Count("pk"), micros=Sum("cost_micros", default=0))
    rows = _counted(replies)
    found = {row["had"]: _outcomes(row) for row in rows}
    moves = LessonMove.objects.filter(lesson__team=team, at__gte=since, at__lt=until)
    told = list(moves.select_related("lesson__team", "lesson__person").order_by("-pk"))
    kinds, idle = trials.of_team(team)
    return Month(
        learnt=sum(one.deed in ("learnt", "taught") for one in told),
        in_use=_lessons(told, IN_USE),
        retired=_lessons(told, ("retired",)),
        shaped=LessonUse.objects.filter(lesson__team=team, **drafts).values("draft").distinct().count(),
        against=against.filter(at__gte=since, at__lt=until).values("conversation").distinct().count(),
        **left_out.aggregate(held=Count("pk"), put_in=Count("applied_at")),
        rehearsed=money["n"],
        rehearsal_micros=money["micros"],
        saved=_saved(replies),
        changes=_changes(rows),
        shown=found.get(True, Outcomes()),
        others=found.get(False, Outcomes()),
        measured=tuple(kinds.items()),
        idle=tuple(idle),
    )


def _lessons(moves: Iterable[LessonMove], deeds: Sequence[str]) -> tuple[Lesson, ...]:
    return tuple({one.lesson_id: one.lesson for one in moves if one.deed in deeds}.values())


def _saved(replies: QuerySet[Signal]) -> Saved:
    """Each draft beside the same without its lessons; what was left out cannot be put back, and counts as 0."""
    shaped = Exists(LessonUse.objects.filter(draft=OuterRef("draft")))
    rows = list(replies.filter(shaped).select_related(*SHOWN).defer("script").order_by("-pk")[:MOST])
    rules: dict[int | None, list[Rule]] = defaultdict(list)
    for use in LessonUse.objects.filter(draft__in={one.draft_id for one in rows}).select_related("lesson"):
        rules[use.draft_id].append(rule_of(use.lesson))
    gains = [_gain(one, rules[one.draft_id]) for one in rows]
    return Saved(len(gains), sum(gains), sum(one < 0 for one in gains))


def _gain(signal: Signal, rules: Iterable[Rule]) -> int:
    """By how many words fewer the draft was changed than it would have been without its lessons."""
    plain, name = signal.drafted, first_name_of(signal)
    for rule in rules:
        plain = lessons.without(plain, rule, name) or plain
    if plain == signal.drafted:
        return 0
    return words.changed_words(plain, signal.sent)[0] - words.changed_words(signal.drafted, signal.sent)[0]


def _counted(replies: QuerySet[Signal]) -> list[Any]:
    """Of decided replies, by whether a lesson shaped the draft: `had`."""
    talk, drafted = "conversation__", ~Q(drafted="")
    came_back = Q(**{f"{talk}reopened_at__gte": F("at")}) | Q(**{f"{talk}asked_again_at__gte": F("at")})
    hasty = Q(decision__kind=Decision.Kind.APPROVE, seconds__lt=F("reading_seconds") / 2)
    kinds = {kind.value: Count("pk", filter=Q(kinds__contains=[kind])) for kind in Signal.Kind}
    had = Exists(LessonUse.objects.filter(draft=OuterRef("draft")))
    counted = replies.filter(decision__isnull=False).annotate(had=had).values("had").annotate(
        n=Count("pk"), far=Avg("distance"), back=Count("pk", filter=came_back),
        mean=Avg(f"{talk}rating"), rated=Count(f"{talk}rating"), drafts=Count("pk", filter=drafted),
        edited=Count("pk", filter=~Q(kinds=[])), hasty=Count("pk", filter=hasty), **kinds,
    )  # fmt: skip
    return list(counted.order_by())


def _outcomes(row: dict[str, Any]) -> Outcomes:
    """No proof: lessons come where the team writes often."""
    return Outcomes(
        row["n"], round(100 * row["far"], 1), row["back"],
        None if row["mean"] is None else round(row["mean"], 1), row["rated"],
    )  # fmt: skip


def _changes(rows: Iterable[dict[str, Any]]) -> Changes:
    """The commonest kind first; an edit may be of several."""
    total: Counter[str] = Counter()
    for row in rows:
        total.update({name: row[name] for name in ("drafts", "edited", "hasty", *Signal.Kind)})
    told = [(str(kind.label), total[kind]) for kind in Signal.Kind if total[kind]]
    by_kind = tuple(sorted(told, key=lambda one: -one[1]))
    return Changes(total["drafts"], total["edited"], total["hasty"], by_kind)
