"""Offer what one team learnt to the others, once a reply was sent with it: its words and its record, never a
customer's. An offer acts by nothing but a person's yes; it makes one edit of the other team's own enough."""

from collections.abc import Iterable

from django.db.models import Q

from copilot import lessons
from copilot.learning.evidence import first_name_of, rule_of
from copilot.models import Lesson, LessonMove, Offer, Signal
from people.models import Team, User

State = Lesson.State


def record_of(lesson: Lesson) -> tuple[int, int]:
    """Of the settled replies whose draft it had shaped: how many kept it, and how many there are."""
    settled = Signal.objects.filter(draft__lesson_uses__lesson=lesson, state=Signal.State.SETTLED)
    return settled.exclude(evidence__in=lesson.evidence.filter(agrees=False)).count(), settled.count()


def offer_kept(signal: Signal, used: Iterable[Lesson]) -> None:
    """The lessons that this reply was sent with, where no team was told of them yet."""
    for lesson in used:
        if lesson.state == State.ACTIVE and not lesson.offers.exists() and _kept(lesson, signal):
            offer(lesson)


def _kept(lesson: Lesson, signal: Signal) -> bool:
    if lesson.kind == Lesson.Kind.DELETE:
        return lesson.before not in signal.sent
    return lessons.bears(signal.sent, rule_of(lesson), first_name_of(signal))


def offer(lesson: Lesson, by: User | None = None) -> int:
    """To every team that neither has it nor was offered it; to how many. What is one person's or one tier's
    stays where it is."""
    if lesson.state != State.ACTIVE or lesson.person_id or lesson.tiers:
        return 0
    has = Q(lessons__key=lesson.key, lessons__person=None, lessons__state=State.ACTIVE)
    teams = Team.objects.exclude(pk=lesson.team_id).exclude(has).exclude(offers__key=lesson.key)
    kept, of = record_of(lesson)
    rows = [
        Offer(
            lesson=lesson, from_team=lesson.team, team=team, kind=lesson.kind, language=lesson.language,
            before=lesson.before, after=lesson.after, key=lesson.key, agree=lesson.proof, kept=kept, of=of,
        )
        for team in teams
    ]  # fmt: skip
    Offer.objects.bulk_create(rows, ignore_conflicts=True)
    if rows:
        LessonMove.objects.create(lesson=lesson, deed="offered", state=lesson.state, by=by)
    return len(rows)
