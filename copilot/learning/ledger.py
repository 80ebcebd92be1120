"""The ledger of lessons: a settled edit is merged into it by small deltas, and the evidence moves each lesson.

Two conversations that agree make a team's lesson active, two that contradict retire it, both over its latest
evidence only, so that a change of taste is followed. A team may have its lessons wait for a lead's yes.
"""

from collections.abc import Iterable
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

import bell
from copilot import lessons, slots, words
from copilot.learning.mine import Customer, Delta, deltas
from copilot.lessons import Rule
from copilot.models import Decision, Lesson, LessonEvidence, LessonMove, LessonRule, Signal
from interactions import outbox
from interactions.models import Conversation
from people.models import User

LEARN = "copilot.tasks.learn"
AGREE = 2
CONTRADICT = 2
WINDOW = 20  # the latest evidence that counts
TAUGHT_BY = ("team", "person", "draft", "conversation__contact", "conversation__account")
State, Kind = Lesson.State, Lesson.Kind
TO_LEARN = Q(state=Signal.State.SETTLED, learnt_at=None, decision__isnull=False)


def due_signals(limit: int) -> list[int]:
    return list(Signal.objects.filter(TO_LEARN).order_by("pk").values_list("pk", flat=True)[:limit])


@transaction.atomic
def learn(signal_id: int) -> None:
    """Once for each signal, however often it is rung for."""
    if not Signal.objects.filter(TO_LEARN, pk=signal_id).update(learnt_at=Now()):
        return
    signal = Signal.objects.select_related(*TAUGHT_BY, "decision").get(pk=signal_id)
    if signal.script and signal.person and signal.decision and signal.decision.kind == Decision.Kind.EDIT:
        for delta in deltas(signal.drafted, signal.sent, customer_of(signal)):
            _agree(signal, delta)
        _contradict(signal)
    bell.tell(f"conversation:{signal.conversation_id}", 0)


def customer_of(signal: Signal) -> Customer:
    """The names of this customer, and of the colleagues who may stand in a reply."""
    talk = signal.conversation
    contact, account = talk.contact, talk.account
    colleagues = User.objects.filter(memberships__team=signal.team_id).values_list("name", flat=True)
    told = [contact.name if contact else "", account.name if account else "", *colleagues]
    first = contact.first_name if contact else ""
    return Customer(first_name=first, names=slots.names_in(*told), language=talk.language or "en")


def key_of(kind: str, language: str, before: str, after: str) -> str:
    """A greeting or closing is the same lesson whatever it takes the place of."""
    told = "" if kind in (Kind.GREETING, Kind.CLOSING) else before
    return sha256("\n".join((kind, language, told, after)).encode()).hexdigest()


def _agree(signal: Signal, delta: Delta) -> None:
    """Evidence for the person's own lesson where they have it, else for the team's."""
    language = signal.conversation.language or "en"
    key = key_of(delta.kind, language, delta.before, delta.after)
    same = Lesson.objects.select_for_update().filter(team=signal.team, key=key)
    lesson = same.filter(Q(person=signal.person) | Q(person=None)).order_by("person").first()
    if lesson is None:
        told = {"kind": delta.kind, "language": language, "before": delta.before, "after": delta.after}
        lesson, made = Lesson.objects.get_or_create(team=signal.team, person=None, key=key, defaults=told)
        lesson = Lesson.objects.select_for_update().get(pk=lesson.pk)
        if made:
            note_move(lesson, "learnt")
    add(lesson, signal.conversation, signal.person, signal, agrees=True)


def _contradict(signal: Signal) -> None:
    """A lesson that shaped the draft and was taken out again."""
    used = Lesson.objects.filter(uses__draft=signal.draft_id).order_by("pk")
    name = customer_of(signal).first_name
    for lesson in used.select_for_update(of=("self",)) if signal.draft_id else ():
        if is_taken_out(lesson, signal.drafted, signal.sent, name):
            add(lesson, signal.conversation, signal.person, signal, agrees=False)


def is_taken_out(lesson: Lesson, drafted: str, sent: str, first_name: str) -> bool:
    if lesson.kind == Kind.DELETE:
        return lesson.before in sent and lesson.before not in drafted
    rule = rule_of(lesson)
    return lessons.bears(drafted, rule, first_name) and not lessons.bears(sent, rule, first_name)


def rule_of(lesson: Lesson) -> Rule:
    return Rule(lesson.pk, lesson.kind, lesson.before, lesson.after, near=tuple(lesson.near))


def add(
    lesson: Lesson, conversation: Conversation, person: User | None, signal: Signal | None, *, agrees: bool
) -> None:
    """Of a lesson that is locked."""
    LessonEvidence.objects.update_or_create(
        lesson=lesson, conversation=conversation, signal=signal,
        defaults={"person": person, "agrees": agrees, "undone_at": None},
    )  # fmt: skip
    judge(lesson)


def judge(lesson: Lesson) -> None:
    """Move a locked lesson to where its evidence has it; what a person decided, contradictions alone undo."""
    lately = lesson.evidence.filter(undone_at=None).order_by("-pk")
    latest = list(lately.values_list("conversation", "agrees", "at")[:WINDOW])
    agree = {talk for talk, agrees, _ in latest if agrees}
    against = {talk for talk, agrees, at in latest if not agrees and at >= lesson.judged_from}
    decided = lesson.accepted_by_id is not None
    if lesson.state != State.RETIRED and len(against) >= CONTRADICT:
        move(lesson, State.RETIRED, "retired", why=f"{len(against)} conversations contradict it")
    elif lesson.state == State.PROPOSED and len(agree) >= AGREE > len(against) and not _needs_yes(lesson):
        move(lesson, State.ACTIVE, "activated", why=f"edits in {len(agree)} conversations agree")
    elif lesson.state == State.ACTIVE and not decided and len(agree) < AGREE and not _needs_yes(lesson):
        move(lesson, State.PROPOSED, "put back", why="too few edits agree by now")


def _needs_yes(lesson: Lesson) -> bool:
    return LessonRule.objects.filter(team=lesson.team_id, needs_yes=True).exists()


def move(lesson: Lesson, to: str, deed: str, *, by: User | None = None, why: str = "", **fields: Any) -> bool:
    """One conditional UPDATE; False when it was moved meanwhile."""
    if to == State.ACTIVE:
        fields["near"] = _near(lesson)
    moved = Lesson.objects.filter(pk=lesson.pk, version=lesson.version).update(
        state=to, version=lesson.version + 1, **fields
    )
    if moved:
        was = lesson.state
        lesson.refresh_from_db()
        note_move(lesson, deed, by, why)
        if to == State.ACTIVE != was and lesson.person_id is None:
            _announce(lesson, by)
    return bool(moved)


def note_move(lesson: Lesson, deed: str, by: User | None = None, why: str = "") -> None:
    LessonMove.objects.create(lesson=lesson, deed=deed, state=lesson.state, by=by, why=why[:300])


def _announce(lesson: Lesson, by: User | None) -> None:
    said = {"id": lesson.pk, "kind": lesson.kind, "before": lesson.before, "after": lesson.after}
    told = {"lesson": said, "team": {"id": lesson.team_id, "name": lesson.team.name}}
    outbox.announce_to(lesson.team, "lesson.activated", told | {"by": by.email if by else ""}, by)


def _near(lesson: Lesson) -> list[str]:
    """The words that the replies share to which a sentence was added; none where they have little in common."""
    if lesson.kind not in (Kind.INSERT, Kind.OPENING):
        return []
    rows = Signal.objects.filter(evidence__lesson=lesson, evidence__agrees=True, evidence__undone_at=None)
    shared = [_stems(one) for one in rows.select_related(*TAUGHT_BY).order_by("-pk")[:WINDOW]]
    both = set.intersection(*shared) if shared else set()
    return sorted(both) if len(both) > 2 else []


def _stems(signal: Signal) -> set[str]:
    return words.content(slots.mask(words.body(signal.drafted), customer_of(signal).names))


def recount(lesson_ids: Iterable[int]) -> int:
    """After evidence was erased: what rested on it alone goes, the rest is judged anew. How many went."""
    gone = 0
    for lesson in Lesson.objects.select_for_update().filter(pk__in=list(lesson_ids)).order_by("pk"):
        if not lesson.evidence.exists() and lesson.accepted_by_id is None:
            lesson.delete()
            gone += 1
            continue
        judge(lesson)
        if lesson.near:
            Lesson.objects.filter(pk=lesson.pk).update(near=_near(lesson))
    return gone
