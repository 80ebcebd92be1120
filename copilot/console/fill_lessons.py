"""Lessons on a card: those that shaped a draft, and those that a sent reply taught."""

from django.urls import reverse

from copilot.console.cards import Lesson
from copilot.console.scene import Scene
from copilot.context.taught import scope_of
from copilot.models import Decision, Draft, LessonEvidence
from copilot.models import Lesson as LessonRow

PROOF = {
    LessonRow.State.PROPOSED: "Not enough yet: one more edit like it, or a lead’s yes, puts it to use.",
    LessonRow.State.ACTIVE: "In use from the next draft on.",
}


def lessons(draft: Draft) -> tuple[Lesson, ...]:
    """As the draft keeps them: what stands there is what was true when it was written."""
    return tuple(
        Lesson(one["title"], one["scope"], url=reverse("lesson", args=[one["id"]]), id=one["id"])
        for one in draft.lessons
    )


def held(draft: Draft) -> Lesson | None:
    """The lesson that chance left out of this draft, while nobody put it in."""
    trial = getattr(draft, "trial", None)
    if trial is None or not trial.held or trial.applied_at:
        return None
    one = trial.lesson
    return Lesson(one.title, scope_of(one), url=reverse("lesson", args=[one.pk]), id=one.pk)


def learnt(scene: Scene, reply: Decision) -> tuple[Lesson, ...]:
    """What still stands of it."""
    if not reply.text or reply.kind != Decision.Kind.EDIT:
        return ()
    rows = LessonEvidence.objects.filter(signal__decision=reply, agrees=True, undone_at=None)
    rows = rows.filter(lesson__state__in=PROOF).select_related("lesson__team", "lesson__person")
    return tuple(
        Lesson(
            one.lesson.title, _for_whom(one.lesson, scene.viewer.pk), PROOF[LessonRow.State(one.lesson.state)],
            reverse("lesson", args=[one.lesson_id]), one.lesson_id, own=one.lesson.person_id is not None,
        )
        for one in rows.order_by("pk")
    )  # fmt: skip


def _for_whom(lesson: LessonRow, viewer: int) -> str:
    return "only you" if lesson.person_id == viewer else scope_of(lesson)
