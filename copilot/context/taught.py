"""The lessons that hold for one draft: the person's own before the team's, and of two the better proven."""

from collections import Counter
from collections.abc import Iterable

from django.db.models import Count, Q, prefetch_related_objects

from copilot.lessons import Rule
from copilot.models import Draft, Lesson, LessonEvidence

MOST = 40
MOST_READ = 400
SINGLE = (Lesson.Kind.GREETING, Lesson.Kind.CLOSING)  # a letter has one of each


def lessons_for(draft: Draft, language: str) -> tuple[Rule, ...]:
    """Those in use in the team, and for whoever answers: the assignee, else who asked for the draft."""
    conversation = draft.conversation
    answers = conversation.assignee_id or draft.requested_by_id
    whose = Q(person=None) | Q(person=answers) if answers else Q(person=None)
    rows = Lesson.objects.filter(whose, team=conversation.team_id, state=Lesson.State.ACTIVE)
    chosen = list(rows.filter(language__in=("", language)).order_by("-pk")[:MOST_READ])
    proof = _proof(chosen)
    chosen.sort(key=lambda one: (one.person_id is None, -proof[one.pk], -one.pk))
    used = list(_most_specific(chosen))[:MOST]
    prefetch_related_objects(used, "team", "person")
    return tuple(map(_rule, used))


def _proof(lessons: Iterable[Lesson]) -> Counter[int]:
    """How much evidence speaks for each; asks nothing where there are no lessons."""
    ids = [one.pk for one in lessons]
    if not ids:
        return Counter()
    for_it = LessonEvidence.objects.filter(lesson__in=ids, agrees=True, undone_at=None)
    return Counter(dict(for_it.values_list("lesson").annotate(Count("pk"))))


def _most_specific(rows: Iterable[Lesson]) -> Iterable[Lesson]:
    seen: set[tuple[str, str]] = set()
    for one in rows:
        place = (one.kind, "" if one.kind in SINGLE else f"{one.before}|{'' if one.before else one.after}")
        if place not in seen:
            seen.add(place)
            yield one


def _rule(lesson: Lesson) -> Rule:
    return Rule(
        lesson.pk, lesson.kind, lesson.before, lesson.after, lesson.title, scope_of(lesson),
        tuple(lesson.near), lesson.person_id is not None,
    )  # fmt: skip


def scope_of(lesson: Lesson) -> str:
    """For whom it holds, in words."""
    return f"only {lesson.person.first_name}" if lesson.person else lesson.team.name
