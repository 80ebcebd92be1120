"""What a draft asks the agent, and what of the answers may be kept."""

from collections.abc import Iterable

from copilot.console.cards import Asked
from copilot.console.fill_text import short
from copilot.console.scene import Scene
from copilot.models import Question


def asks(scene: Scene) -> tuple[Asked, ...]:
    return tuple(
        Asked(one.pk, one.text, one.gap, _knows(scene, one))
        for one in scene.questions
        if one.answered_at is None and scene.draft and one.draft_id == scene.draft.pk
    )


def keeps(scene: Scene) -> tuple[Asked, ...]:
    return tuple(_answered(scene))


def _answered(scene: Scene) -> Iterable[Asked]:
    account = scene.conversation.account
    for one in scene.questions:
        if one.answered_at and not (one.note_id or one.proposal_id):
            yield Asked(
                one.pk, one.text, answer=short(one.answer, 120), account=account.name if account else ""
            )


def _knows(scene: Scene, one: Question) -> str:
    if one.knows is None or one.knows_id == scene.viewer.pk:
        return ""
    return f"{one.knows.name} may know: {one.knows_why}."
