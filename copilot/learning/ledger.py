"""The ledger of lessons: a settled edit is merged into it by small deltas, and the evidence moves each lesson.

Where the evidence has a lesson, `judging` says: two conversations that agree put it to use, two that contradict
retire it. A team may have its lessons wait for a lead's yes.
"""

from collections.abc import Iterable
from dataclasses import replace
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import F, Q
from django.db.models.functions import Now

import bell
from copilot import lessons
from copilot.judging import ACTIVE, RETIRED, verdict
from copilot.learning import evidence, offering
from copilot.learning.batch import Batch, Found, keep_evidence
from copilot.learning.evidence import TAUGHT_BY, rule_of
from copilot.learning.mine import Delta, deltas
from copilot.learning.signals import is_edit
from copilot.models import Draft, Lesson, LessonEvidence, LessonMove, NoTeacher, Offer, Signal
from interactions import outbox
from interactions.models import Conversation
from people.models import User

LEARN, NAME = "copilot.tasks.learn", "copilot.tasks.name"
State, Kind = Lesson.State, Lesson.Kind
OF_WORDING = (Signal.Kind.STRUCTURE, Signal.Kind.TONE, Signal.Kind.FLUENCY)
TO_LEARN = Q(state=Signal.State.SETTLED, learnt_at=None)


def due_signals(limit: int) -> list[int]:
    return list(Signal.objects.filter(TO_LEARN).order_by("pk").values_list("pk", flat=True)[:limit])


@transaction.atomic
def learn_due(limit: int = 200) -> int:
    """So many at once, for learning anew: how many there were. Memory holds one such batch."""
    return len(_learn(due_signals(limit)))


@transaction.atomic
def learn(signal_id: int, *, by_model: bool = False) -> None:
    """Once for each signal, however often it is rung for. `by_model`: one is to name what is behind an edit."""
    for signal in _learn([signal_id]):
        bell.tell(f"conversation:{signal.conversation_id}", 0)
        if by_model and is_edit(signal) and set(signal.kinds) & set(OF_WORDING):
            Signal.objects.filter(pk=signal.pk).update(name_due_at=Now(), name_attempts=0)
            bell.ring(NAME, signal.pk)


def _learn(ids: list[int]) -> list[Signal]:
    mine = Signal.objects.select_for_update(of=("self",), skip_locked=True).filter(TO_LEARN, pk__in=ids)
    signals = list(mine.select_related(*TAUGHT_BY, "decision").order_by("pk"))
    Signal.objects.filter(pk__in=[one.pk for one in signals]).update(learnt_at=Now())
    untaught = set(NoTeacher.objects.values_list("person", flat=True))
    teaching = [one for one in signals if one.person_id not in untaught]
    batch = Batch()
    batch.read(teaching)
    found = {signal.pk: list(_found(signal, batch)) for signal in teaching}
    batch.read_lessons([one for some in found.values() for one in some])
    for signal in teaching:
        _learn_one(signal, found[signal.pk], batch)
    batch.write()
    return signals


def _found(signal: Signal, batch: Batch) -> Iterable[Found]:
    """What the edit says of lessons, those that had shaped the draft thought away."""
    if not (signal.script and signal.person and is_edit(signal)):
        return
    rules = [rule_of(one) for one in batch.used.get(signal.draft_id or 0, [])]
    language = signal.conversation.language or "en"
    added = [one.after for one in rules if one.kind in lessons.ADDED]
    for delta in deltas(signal.drafted, signal.sent, batch.customer(signal), added):
        before = lessons.origin(delta.kind, delta.before, rules)
        if before != delta.after and not lessons.takes_back(delta.kind, delta.before, rules):
            key = key_of(delta.kind, language, before, delta.after)
            yield Found(signal, replace(delta, before=before), key)
    for told in signal.named:
        yield Found(signal, Delta(*told), key_of(told[0], language, *told[1:]))


def count_named(signals: Iterable[Signal], delta: Delta) -> None:
    """What a model named behind the last of these edits and all of them bear out; kept for learning anew."""
    told = [delta.kind, delta.before, delta.after]
    found = []
    for signal in signals:
        if told not in signal.named:
            signal.named = [*signal.named, told]
            signal.save(update_fields=["named"])
        language = signal.conversation.language or "en"
        found.append(Found(signal, delta, key_of(delta.kind, language, delta.before, delta.after)))
    batch = Batch()
    batch.read_lessons(found)
    for one in found:
        _agree(one, batch)
    batch.write()


def _learn_one(signal: Signal, found: Iterable[Found], batch: Batch) -> None:
    for one in found:
        _agree(one, batch)
    used = [one.pk for one in batch.used.get(signal.draft_id or 0, [])]
    if not used:
        return
    if signal.script and signal.person and is_edit(signal):
        batch.write(used)
        _contradict(signal, used)
        batch.read_again(used)
    offering.offer_kept(signal, Lesson.objects.filter(pk__in=used).select_related("team"))


def key_of(kind: str, language: str, before: str, after: str) -> str:
    """A greeting or closing is the same lesson whatever it takes the place of, and a length whichever."""
    told = "" if kind in (Kind.GREETING, Kind.CLOSING) else before
    said = "" if kind == Kind.LENGTH else after
    return sha256("\n".join((kind, language, told, said)).encode()).hexdigest()


def _agree(found: Found, batch: Batch) -> None:
    lesson, signal = batch.lesson(found), found.signal
    if batch.is_first(lesson) or evidence.changes_nothing(lesson, signal):
        batch.keep(lesson, signal)
        return
    batch.write([lesson.pk])
    add(lesson, signal.conversation, signal.person, signal, agrees=True)


def _contradict(signal: Signal, used: list[int]) -> None:
    """A lesson that shaped the draft and was taken out again."""
    name = evidence.first_name_of(signal)
    for lesson in Lesson.objects.select_for_update().filter(pk__in=used).order_by("pk"):
        if lessons.is_taken_out(rule_of(lesson), signal.drafted, signal.sent, name):
            add(lesson, signal.conversation, signal.person, signal, agrees=False)


def add(
    lesson: Lesson, conversation: Conversation, person: User | None, signal: Signal | None, *, agrees: bool
) -> None:
    """Of a lesson that is locked."""
    said = LessonEvidence(lesson=lesson, conversation=conversation, signal=signal, person=person, agrees=agrees)
    keep_evidence([said])
    judge(lesson)


def judge(lesson: Lesson) -> None:
    """Move a locked lesson to where its evidence has it; what a person decided, contradictions alone undo."""
    past = evidence.Past(lesson)
    evidence.describe(lesson, past)
    voices = evidence.voices_of(lesson)
    found = verdict(lesson.state, voices, evidence.bar_of(lesson, voices, past))
    if found.state != lesson.state:
        fields: dict[str, Any] = {"judged_from": Now()} if found.state == RETIRED else {}
        move(
            lesson,
            found.state,
            _deed(lesson.state, found.state),
            why=found.why,
            tiers=list(found.tiers),
            **fields,
        )
    elif list(found.tiers) != lesson.tiers:
        deed = "narrowed" if found.tiers else "widened"
        move(lesson, lesson.state, deed, why=found.why, tiers=list(found.tiers))


def _deed(was: str, to: str) -> str:
    if to == ACTIVE:
        return "learnt again" if was == RETIRED else "activated"
    return "retired" if to == RETIRED else "put back"


def move(lesson: Lesson, to: str, deed: str, *, by: User | None = None, why: str = "", **fields: Any) -> bool:
    """One conditional UPDATE; False when it was moved meanwhile."""
    moved = Lesson.objects.filter(pk=lesson.pk, version=lesson.version).update(
        state=to, version=lesson.version + 1, **fields
    )
    if moved:
        was = lesson.state
        lesson.refresh_from_db()
        note_move(lesson, deed, by, why)
        if to == State.ACTIVE != was and lesson.person_id is None:
            _announce(lesson, by)
            _confirm(lesson, by)
    return bool(moved)


def _confirm(lesson: Lesson, by: User | None) -> None:
    """An open offer of it that the team's own edits bore out."""
    offers = Offer.objects.filter(team=lesson.team_id, key=lesson.key, state=Offer.State.OPEN)
    if by is None:
        offers.update(state=Offer.State.CONFIRMED, made=lesson, decided_at=Now(), version=F("version") + 1)


def note_move(lesson: Lesson, deed: str, by: User | None = None, why: str = "") -> None:
    LessonMove.objects.create(lesson=lesson, deed=deed, state=lesson.state, by=by, why=why[:300])


def _announce(lesson: Lesson, by: User | None) -> None:
    said = {"id": lesson.pk, "kind": lesson.kind, "before": lesson.before, "after": lesson.after}
    told = {"lesson": said, "team": {"id": lesson.team_id, "name": lesson.team.name}}
    outbox.announce_to(lesson.team, "lesson.activated", told | {"by": by.email if by else ""}, by)


def recount(lesson_ids: Iterable[int]) -> int:
    """After evidence was erased: what rested on it alone goes, the rest is judged anew. How many went."""
    gone = 0
    for lesson in Lesson.objects.select_for_update().filter(pk__in=list(lesson_ids)).order_by("pk"):
        if not lesson.evidence.exists() and lesson.accepted_by_id is None:
            _strike(lesson)
            lesson.delete()
            gone += 1
            continue
        judge(lesson)
    return gone


def _strike(lesson: Lesson) -> None:
    """Its words stand on the drafts that it shaped, and with what those taught."""
    drafts = list(lesson.uses.values_list("draft", flat=True))
    for rows in (Draft.objects.filter(pk__in=drafts), Signal.objects.filter(draft__in=drafts)):
        for one in rows.exclude(lessons=[]).only("lessons"):
            one.lessons = [each for each in one.lessons if each["id"] != lesson.pk]
            one.save(update_fields=["lessons"])
