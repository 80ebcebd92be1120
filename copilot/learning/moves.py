"""What a person does with a lesson: accept, reword, retire, bring back, and on their own reply undo or keep it
to themselves."""

from typing import Any

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from copilot import words
from copilot.learning import ledger, offering
from copilot.learning.evidence import describe
from copilot.learning.mine import LONGEST
from copilot.lessons import FIRST, LAST
from copilot.letters import QUESTION
from copilot.models import Draft, Lesson, LessonEvidence, LessonRule, Signal
from people.audit import note_deed
from people.models import ApiKey, Team, User

State = Lesson.State
MOST_SENTENCES = 20


class Refused(Exception):
    """It cannot be done; the message says why, what was kept, and what to do."""


def accept(lesson_id: int, version: int, person: User, why: str = "", key: ApiKey | None = None) -> Lesson:
    return _move(lesson_id, version, person, State.ACTIVE, "accepted", why, key, only_from=State.PROPOSED)


def retire(lesson_id: int, version: int, person: User, why: str = "", key: ApiKey | None = None) -> Lesson:
    return _move(lesson_id, version, person, State.RETIRED, "retired", why, key)


def bring_back(lesson_id: int, version: int, person: User, why: str = "", key: ApiKey | None = None) -> Lesson:
    """In use again, with what spoke against it forgiven."""
    return _move(lesson_id, version, person, State.ACTIVE, "brought back", why, key, only_from=State.RETIRED)


@transaction.atomic
def _move(
    lesson_id: int, version: int, person: User, to: str, deed: str, why: str, key: ApiKey | None,
    only_from: str = "",
) -> Lesson:  # fmt: skip
    lesson = _locked(lesson_id, version)
    if lesson.state == to or only_from not in ("", lesson.state):
        raise Refused(f"It is {lesson.get_state_display().lower()}. Nothing was changed.")
    fields: dict[str, Any] = {"accepted_by": person, "judged_from": Now()} if to == State.ACTIVE else {}
    describe(lesson)
    ledger.move(lesson, to, deed, by=person, why=why, **fields)
    note_deed(person, f"{deed} lesson", lesson, key=key)
    return lesson


def _locked(lesson_id: int, version: int | None = None) -> Lesson:
    lesson = Lesson.objects.select_for_update().get(pk=lesson_id)
    if version is not None and lesson.version != version:
        raise Refused("Somebody or some edit moved it just now. Nothing was changed; look at it again.")
    return lesson


@transaction.atomic
def reword(
    lesson_id: int, version: int, person: User, before: str, after: str, key: ApiKey | None = None
) -> Lesson:
    """The person's words for it, which is a yes as well."""
    lesson = _locked(lesson_id, version)
    before, after = worded(lesson.kind, before, after)
    new = ledger.key_of(lesson.kind, lesson.language, before, after)
    fields: dict[str, Any] = {"before": before, "after": after, "key": new, "accepted_by": person}
    try:
        with transaction.atomic():
            ledger.move(lesson, State.ACTIVE, "reworded", by=person, judged_from=Now(), **fields)
            describe(lesson)
    except IntegrityError:
        raise Refused("There is such a lesson already. Nothing was changed.") from None
    note_deed(person, "reworded lesson", lesson, key=key)
    return lesson


def worded(kind: str, before: str, after: str) -> tuple[str, str]:
    """A person's words for a lesson of this kind, or Refused."""
    before, after = " ".join(before.split()), " ".join(after.split())
    needs_after = kind not in (Lesson.Kind.DELETE, Lesson.Kind.REPLACE)
    if (needs_after and not after) or (not needs_after and not before) or before == after:
        raise Refused("Say what is to be written. Nothing was changed.")
    if max(len(before), len(after)) > LONGEST:
        raise Refused(f"A lesson has up to {LONGEST} characters. Nothing was changed.")
    if kind == Lesson.Kind.LENGTH and not (after.isdecimal() and 0 < int(after) <= MOST_SENTENCES):
        raise Refused(f"Say how many sentences, from 1 to {MOST_SENTENCES}. Nothing was changed.")
    if kind == Lesson.Kind.ORDER and not (_is_sign(before) and after in (FIRST, LAST)):
        raise Refused("Say by which word the sentence is found, and first or last. Nothing was changed.")
    return before, after


def _is_sign(said: str) -> bool:
    return said == QUESTION or bool(words.content(said))


@transaction.atomic
def offer_now(lesson_id: int, version: int, person: User, key: ApiKey | None = None) -> Lesson:
    """To the teams that were not told of it yet."""
    lesson = _locked(lesson_id, version)
    if not offering.offer(lesson, person):
        raise Refused("Every other team has it or was offered it already. Nothing was changed.")
    note_deed(person, "offered lesson", lesson, key=key)
    return lesson


@transaction.atomic
def undo(lesson_id: int, signal: Signal, person: User, key: ApiKey | None = None) -> Lesson:
    """What this reply said of the lesson no longer counts."""
    lesson = _locked(lesson_id)
    if not lesson.evidence.filter(signal=signal, undone_at=None).update(undone_at=Now()):
        raise Refused("This reply no longer counts for it. Nothing was changed.")
    if lesson.person_id == person.pk and lesson.state == State.ACTIVE:
        ledger.move(lesson, State.RETIRED, "undone", by=person)
    else:
        ledger.note_move(lesson, "undone", person)
        ledger.judge(lesson)
    note_deed(person, "undid lesson", lesson, key=key)
    return lesson


@transaction.atomic
def only_me(lesson_id: int, signal: Signal, person: User, key: ApiKey | None = None) -> Lesson:
    """The person's own lesson from now on; their replies no longer count for the team's."""
    lesson = _locked(lesson_id)
    mine = lesson.evidence.filter(signal__person=person, undone_at=None)
    if lesson.person_id or not mine.filter(signal=signal).exists():
        raise Refused("It is not the team's lesson from this reply. Nothing was changed.")
    told = {"kind": lesson.kind, "language": lesson.language, "before": lesson.before, "after": lesson.after}
    own, _ = Lesson.objects.get_or_create(team=lesson.team, person=person, key=lesson.key, defaults=told)
    own = _locked(own.pk)
    mine.update(lesson=own)
    describe(own)
    if own.state != State.ACTIVE:
        ledger.move(own, State.ACTIVE, "kept to themselves", by=person, accepted_by=person, judged_from=Now())
    ledger.judge(lesson)
    note_deed(person, "narrowed lesson", own, key=key, team_lesson=lesson.pk)
    return own


@transaction.atomic
def wrong_here(lesson_id: int, draft: Draft, person: User, key: ApiKey | None = None) -> Lesson:
    """The lesson does not fit this draft: a contradiction from its conversation."""
    lesson = _locked(lesson_id)
    if not lesson.uses.filter(draft=draft).exists():
        raise Refused("It did not shape this draft. Nothing was changed.")
    ledger.add(lesson, draft.conversation, person, None, agrees=False)
    note_deed(person, "called lesson wrong", lesson, key=key, draft=draft.pk)
    return lesson


@transaction.atomic
def set_rule(team: Team, person: User, *, needs_yes: bool, holds_back: bool) -> None:
    """Whether the team's lessons wait for a lead; those in use stay so. And whether few drafts lack one."""
    told = {"needs_yes": needs_yes, "holds_back": holds_back}
    rule, _ = LessonRule.objects.update_or_create(team=team, defaults=told)
    note_deed(person, "set lesson rule", rule, needs_yes=needs_yes, holds_back=holds_back)


def learnt_from(signal: Signal) -> list[LessonEvidence]:
    """What a reply taught and still stands, for its card."""
    rows = signal.evidence.filter(agrees=True, undone_at=None).exclude(lesson__state=State.RETIRED)
    return list(rows.select_related("lesson__team", "lesson__person").order_by("pk"))
