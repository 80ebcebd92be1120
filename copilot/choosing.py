"""Other wordings of a draft: ask for them, and pick one; which one was picked is kept with the decision."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from copilot.context.taught import scope_of
from copilot.decisions import Actor, Conflict, Invalid, locked, what_happened
from copilot.drafting import alternatives
from copilot.drafting.moves import tell
from copilot.drafting.serving import without
from copilot.drafting.switch import ruling
from copilot.learning.evidence import rule_of
from copilot.lessons import Shaped, shaped
from copilot.models import Alternative, Draft, LessonTrial, LessonUse

LONGEST_WAY = 80
FIRST = "as first written"
WITHOUT = "without what serves a goal"
WITH_LESSON = "with the lesson that was held back"


@transaction.atomic
def ask_for(draft_id: int, version: int, actor: Actor, ways: Sequence[str]) -> Draft:
    """Have it written in up to three other ways, each named; the draft stays as it is meanwhile."""
    draft = locked(draft_id, version, only_from=[Draft.State.READY])
    allowed = ruling(draft.conversation, actor.person)
    if not allowed.may_request or draft.abstained:
        raise Invalid(f"{allowed.why or 'There is no draft to vary yet.'} Write the reply yourself.")
    told = [" ".join(way.split())[:LONGEST_WAY] for way in ways if way.strip()]
    if not told or not (alternatives.takes_words() or set(told) <= set(alternatives.ways_here())):
        here = ", ".join(alternatives.ways_here())
        raise Invalid(f"Say in which way it is to differ. Without a language model there is: {here}.")
    if not alternatives.request(draft, told, actor.person.pk):
        raise Invalid("There are three other wordings already, or this one is there. Pick one, or redraft.")
    return draft


@transaction.atomic
def pick(draft_id: int, version: int, actor: Actor, named: str) -> Draft:
    """The other wording, by its id or its way, becomes the draft's text; the former stays beside it."""
    draft = _unedited(draft_id, version)
    offered = draft.alternatives.filter(state=Alternative.State.READY)
    row = offered.filter(pk=int(named)).first() if named.isdecimal() else offered.filter(way=named).first()
    if row is None:
        raise Invalid("This draft offers no such alternative. Nothing was sent.")
    former = {"way": draft.picked or FIRST, **_wording(draft)}
    _reword(draft, row.way, _wording(row))
    Alternative.objects.filter(pk=row.pk).update(**former)
    return draft


@transaction.atomic
def leave_out_goals(draft_id: int, version: int, actor: Actor) -> Draft:
    """All sentences that serve a goal go at once; the wording with them stays beside the draft."""
    draft = _unedited(draft_id, version)
    if not draft.goals:
        raise Invalid("No sentence here serves a goal. The draft is as it was.")
    former = {"way": draft.picked or FIRST, **_wording(draft)}
    _reword(draft, WITHOUT, without(draft.text, draft.sources, draft.checks, draft.goals))
    draft.alternatives.filter(way=WITHOUT).delete()  # of another wording, left out of it before
    ready = Alternative.State.READY
    Alternative.objects.create(draft=draft, state=ready, asked_by=actor.person, **former)
    return draft


@transaction.atomic
def apply_held(draft_id: int, version: int, actor: Actor) -> Draft:
    """Put in the lesson that chance had left out; the wording without it stays beside the draft."""
    draft = _unedited(draft_id, version)
    trial = LessonTrial.objects.filter(draft=draft, held=True, applied_at=None).select_related(*_TRIED).first()
    if trial is None:
        raise Invalid("No lesson was held back here. The draft is as it was.")
    contact = draft.conversation.contact
    letter = shaped(draft.text, [rule_of(trial.lesson)], contact.shown.first_name if contact else "")
    if letter.text == draft.text:
        raise Invalid("The draft says so already, or has no place for it. It is as it was.")
    former = {"way": draft.picked or FIRST, **_wording(draft)}
    told = {"id": trial.lesson_id, "title": trial.lesson.title, "scope": scope_of(trial.lesson)}
    _reword(draft, WITH_LESSON, {**_changed(draft, letter), "lessons": [*draft.lessons, told]})
    LessonUse.objects.get_or_create(lesson=trial.lesson, draft=draft)
    LessonTrial.objects.filter(pk=trial.pk).update(applied_at=Now())
    Alternative.objects.create(
        draft=draft, state=Alternative.State.READY, asked_by=actor.person, **former
    )  # fmt: skip
    return draft


_TRIED = ("lesson__team", "lesson__person")


def _changed(draft: Draft, letter: Shaped) -> dict[str, Any]:
    """The wording with these changes; what points into it moves along, or goes with its sentence."""
    cited = ({**one, "marks": _left(one["marks"], letter)} for one in draft.sources)
    return {
        "text": letter.text,
        "sources": [
            {**one, "n": number} for number, one in enumerate((one for one in cited if one["marks"]), 1)
        ],
        "checks": [one for each in draft.checks if (one := _placed(each, letter))],
        "goals": [one for each in draft.goals if (one := _placed(each, letter))],
    }


def _left(marks: Iterable[int], letter: Shaped) -> list[int]:
    return [there for at in marks if (there := letter.place(at)) is not None]


def _placed(one: dict[str, Any], letter: Shaped) -> dict[str, Any] | None:
    if one["start"] == one["end"]:
        return one
    start, end = letter.place(one["start"], begins=True), letter.place(one["end"])
    return None if start is None or end is None else {**one, "start": start, "end": end}


def _unedited(draft_id: int, version: int) -> Draft:
    draft = locked(draft_id, version, only_from=[Draft.State.READY])
    if draft.edited_text and draft.edited_text != draft.text:
        raise Invalid("You have edited this draft. Your text is kept; change in it what you like.")
    return draft


def _wording(one: Draft | Alternative) -> dict[str, Any]:
    return {"text": one.text, "sources": one.sources, "checks": one.checks, "goals": one.goals}


def _reword(draft: Draft, way: str, wording: dict[str, Any]) -> None:
    moved = Draft.objects.filter(pk=draft.pk, version=draft.version, state=Draft.State.READY).update(
        **wording, picked=way, version=F("version") + 1, edited_text="", edited_by=None, edited_at=None
    )
    if not moved:
        raise Conflict(what_happened(draft), draft)
    draft.refresh_from_db()
    tell(draft)
