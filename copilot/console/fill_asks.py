"""What a draft asks the agent, what of the answers may be kept, and its other wordings."""

from collections.abc import Iterable
from typing import Any

from copilot.console.asked import Asked, Other
from copilot.console.fill_text import short
from copilot.console.scene import Scene
from copilot.drafting import alternatives, failures
from copilot.models import Alternative, Draft, Question


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


def others(draft: Draft) -> dict[str, Any]:
    """The wordings beside the draft, and in which ways more may be asked for."""
    there = list(draft.alternatives.all())
    taken = {one.way for one in there} | {draft.picked}
    full = len(there) >= Alternative.MOST
    return {
        "others": tuple(_other(one) for one in there),
        "ways": () if full else tuple(way for way in alternatives.ways_here() if way not in taken),
        "takes_words": alternatives.takes_words() and not full,
        "picked": draft.picked,
        "wishes": tuple(draft.instructions),
    }


def _other(one: Alternative) -> Other:
    if one.state == Alternative.State.READY:
        return Other(one.pk, one.way, one.text)
    way = f"{one.way[:1].upper()}{one.way[1:]}"
    note = f"“{way}” is being written."
    if one.state == Alternative.State.FAILED:
        note = f"{way}: {failures.sentence(one.failure)}"
    return Other(one.pk, one.way, note=note)
