"""What a person decides: approve, edit, write, escalate, discard, redraft, and taking it back.

The first decision wins: each locks the draft, compares the version the person saw, and moves it
in the transaction that writes the decision, the approval and the outbox row.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from email.utils import formataddr

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from copilot import envelopes
from copilot.drafting import opening
from copilot.drafting.moves import move, tell
from copilot.drafting.switch import ruling
from copilot.gaps import gaps, slot_of
from copilot.insight import records
from copilot.learning.signals import keep_signal
from copilot.models import Decision, Draft
from copilot.relationship.brief import make_brief
from copilot.release_rules import Need, need
from interactions import handling, listeners, outbox
from interactions.letter import Letter
from interactions.models import Conversation, Escalation, OutboxMessage
from interactions.talk import tell_conversation
from people.audit import note_deed
from people.models import ApiKey, Team, User

State = Draft.State
Kind = Decision.Kind
LONGEST_ANSWER = 4000


@dataclass(frozen=True, slots=True)
class Actor:
    """Who decides, and by which key when a program does it for them."""

    person: User
    key: ApiKey | None = None


@dataclass(frozen=True, slots=True)
class Wording:
    """What the person wants to leave; None keeps what the draft proposes."""

    text: str | None = None
    to: Sequence[str] | None = None
    cc: Sequence[str] | None = None
    bcc: Sequence[str] | None = None
    subject: str | None = None
    attachments: Sequence[str] | None = None  # digests of the conversation's files
    typed: str = ""  # what a program says stood there first; the console's is kept when our words are asked for


class Refused(Exception):
    """The decision cannot be taken; the message is for the person who tried."""


class Conflict(Refused):
    """Somebody or something was faster: what is there now is not what the person saw."""

    def __init__(self, message: str, draft: Draft | None = None) -> None:
        super().__init__(message)
        self.draft = draft


class Unticked(Refused):
    """Checks on unedited copilot text that nobody has looked at yet."""

    def __init__(self, missing: list[str]) -> None:
        super().__init__(f"{len(missing)} check{'s' if len(missing) > 1 else ''} to tick first.")
        self.missing = missing


class Invalid(Refused):
    """What was asked for makes no sense as it stands."""


@transaction.atomic
def approve(
    draft_id: int, version: int, actor: Actor, ticks: Sequence[str] = (), wording: Wording = Wording()
) -> Decision:
    """Send the draft as it stands; every check is ticked by this person."""
    draft = locked(draft_id, version, only_from=[State.READY])
    if draft.abstained or not draft.text.strip():
        raise Invalid("There is no text to approve yet.")
    unticked = [c["id"] for c in draft.checks if c["tick"] and c["id"] not in ticks]
    if unticked:
        raise Unticked(unticked)
    return _send(draft, Kind.APPROVE, replace(wording, text=draft.text), actor, ticks)


@transaction.atomic
def edit(draft_id: int, version: int, actor: Actor, wording: Wording, ticks: Sequence[str] = ()) -> Decision:
    """Send what the person made of it; words of their own need no ticks."""
    draft = locked(draft_id, version, only_from=set(Draft.OPEN) - set(Draft.WORKING))
    if not (wording.text or "").strip():
        raise Invalid("The reply is empty. Nothing was sent.")
    untouched = wording.text == draft.text and draft.state == State.READY
    unticked = [c["id"] for c in draft.checks if c["tick"] and c["id"] not in ticks]
    if untouched and unticked:
        raise Unticked(unticked)
    return _send(draft, Kind.EDIT, wording, actor, ticks)


@transaction.atomic
def write(conversation_id: int, actor: Actor, wording: Wording) -> Decision:
    """Send a reply that no draft was made for; a draft that is open is set aside."""
    conversation = Conversation.objects.select_for_update().get(pk=conversation_id)
    if not (wording.text or "").strip():
        raise Invalid("The reply is empty. Nothing was sent.")
    draft = opening.open_draft(conversation)
    if draft is not None:
        move(draft, State.DISCARDED)
    return _queue(conversation, None, Kind.WRITE, wording, actor, ())


def _send(draft: Draft, kind: str, wording: Wording, actor: Actor, ticks: Sequence[str]) -> Decision:
    conversation = draft.conversation
    decision = _queue(conversation, draft, kind, wording, actor, ticks)
    move(draft, State.APPROVED)
    Escalation.objects.filter(
        conversation=conversation, state__in=[Escalation.State.OPEN, Escalation.State.TAKEN]
    ).update(state=Escalation.State.ANSWERED, ended_at=timezone.now())
    return decision


def _check_gaps(draft: Draft | None, text: str) -> None:
    """Nothing leaves with a hole in it, whoever wrote around it: of this draft, or of the house's wording."""
    asked = [one.gap for one in draft.questions.all() if one.gap and f"[{one.gap}]" in text] if draft else []
    left = asked + [words for words in gaps(text) if slot_of(words)]
    if left:
        raise Invalid(f"Fill [{left[0]}] first, or take the sentence out. Nothing was sent.")


def _queue(
    conversation: Conversation,
    draft: Draft | None,
    kind: str,
    wording: Wording,
    actor: Actor,
    ticks: Sequence[str],
) -> Decision:
    _check_gaps(draft, wording.text or "")
    try:
        letter = compose(conversation, draft, wording, actor.person)
    except envelopes.Unfit as error:
        raise Invalid(f"{error} Nothing was sent.") from None
    needed = _second_yes(conversation, draft, letter, actor.person)
    row = outbox.queue_reply(
        conversation, letter, actor.person, actor.key, undo_seconds(actor.person),
        release_by=needed.by if needed else "", why=needed.why if needed else "",
    )  # fmt: skip
    decision = _decide(conversation, draft, kind, actor, text=letter.text, ticks=list(ticks), outbox=row)
    drafted = draft.text if draft else ""
    keep_signal(
        draft, conversation, drafted, letter.text, person=actor.person, decision=decision, typed=wording.typed
    )
    if conversation.assignee_id is None:
        handling.assign(conversation, actor.person, actor.person)
    tell_conversation(conversation)
    return decision


def _second_yes(conversation: Conversation, draft: Draft | None, letter: Letter, person: User) -> Need | None:
    waiting = OutboxMessage.objects.filter(conversation=conversation, state=OutboxMessage.State.WAITING)
    if waiting.exists():
        raise Conflict("A reply here waits to be released. Take it back first; this one was not sent.", draft)
    needed = need(conversation, letter, person)
    if needed and not needed.by:
        raise Invalid(f"{needed.why} Nobody else here may release it. Nothing was sent; hand it on instead.")
    return needed


def compose(conversation: Conversation, draft: Draft | None, wording: Wording, person: User) -> Letter:
    """Everything that leaves, from the draft's envelope and what the person changed. Raises Unfit."""
    message = draft.answers if draft else opening.newest_from_customer(conversation)
    proposed = draft.envelope if draft else opening.envelope(conversation, message)
    connection = conversation.connection
    through_crm = connection is not None and listeners.listens(connection, "reply.approved")
    to = envelopes.addresses(wording.to, proposed["to"])
    if not through_crm and not to:
        raise envelopes.Unfit("There is no address to send to. Add one under To.")
    return Letter(
        connection=str(connection.pk) if connection and through_crm else "",
        channel=conversation.channel,
        conversation=conversation.external_id or str(conversation.pk),
        sender=formataddr((person.name, conversation.team.email or settings.DEFAULT_FROM_EMAIL)),
        to=to,
        cc=envelopes.addresses(wording.cc, proposed["cc"]),
        bcc=envelopes.addresses(wording.bcc, proposed["bcc"]),
        subject=envelopes.one_line(proposed["subject"] if wording.subject is None else wording.subject),
        text=(wording.text or "").replace("\r\n", "\n").strip(),
        attachments=envelopes.attachments(
            conversation, connection if through_crm else None, wording.attachments, proposed["attachments"]
        ),
        in_reply_to=message.external_id if message and "@" in message.external_id else "",
        approved_by=person.email,
    )


def undo_seconds(person: User) -> int:
    """The install's time to think again, or the person's own; 0 switches it off for all."""
    if settings.UNDO_SECONDS == 0:
        return 0
    return person.undo_seconds or settings.UNDO_SECONDS


@transaction.atomic
def escalate(
    draft_id: int,
    version: int,
    actor: Actor,
    to: User | Team,
    reason: str = Escalation.Reason.OTHER,
    question: str = "",
) -> Decision:
    """Hand it to a person or team, with the draft, its sources and a brief."""
    draft = locked(draft_id, version, only_from=set(Draft.OPEN) - {State.ESCALATED})
    conversation = draft.conversation
    escalation = Escalation.objects.create(
        conversation=conversation, by=actor.person, reason=reason, question=question,
        to_person=to if isinstance(to, User) else None, to_team=to if isinstance(to, Team) else None,
    )  # fmt: skip
    make_brief(escalation, draft)
    move(draft, State.ESCALATED, lease_until=None)
    decision = _decide(conversation, draft, Kind.ESCALATE, actor, reason=reason, escalation=escalation)
    data = {"to": str(to), "by": actor.person.email, "reason": reason, "question": question}
    outbox.announce(conversation, "conversation.escalated", data, actor.person)
    return decision


@transaction.atomic
def discard(draft_id: int, version: int, actor: Actor, reason: str = "") -> Decision:
    draft = locked(draft_id, version, only_from=Draft.OPEN)
    _end_escalation(draft.conversation, Escalation.State.RETURNED)
    move(draft, State.DISCARDED, lease_until=None)
    return _decide(draft.conversation, draft, Kind.DISCARD, actor, reason=reason)


@transaction.atomic
def redraft(
    draft_id: int, version: int, actor: Actor, instruction: str = "", without: int | None = None
) -> Decision:
    """Write it again for the newest message, with all instructions so far but number `without`."""
    draft = locked(draft_id, version, only_from=set(Draft.OPEN) - {State.QUEUED})
    allowed = ruling(draft.conversation, actor.person)
    if not allowed.may_request:
        raise Invalid(f"{allowed.why} Write the reply yourself.")
    decision = _decide(draft.conversation, draft, Kind.REDRAFT, actor, instruction=instruction)
    instructions = [one for n, one in enumerate(draft.instructions) if n != without]
    instructions += [instruction] if instruction else []
    newest = opening.newest_from_customer(draft.conversation)
    _end_escalation(draft.conversation, Escalation.State.RETURNED)
    opening.requeue(draft, newest, instructions=instructions)
    return decision


@transaction.atomic
def answer(draft_id: int, version: int, actor: Actor, answers: Mapping[int, str]) -> Decision:
    """What the draft lacked, by a colleague who knows: kept with their name, and written into a new draft."""
    draft = locked(draft_id, version, only_from=[State.READY, State.STALE])
    kept = 0
    for pk, text in answers.items():
        open_one = draft.questions.filter(pk=pk if text.strip() else 0, answered_at=None)
        told = {"answer": text.strip()[:LONGEST_ANSWER], "answered_by": actor.person}
        kept += open_one.update(**told, answered_at=timezone.now())
    if not kept:
        raise Invalid("There was no answer in it. The draft is as it was.")
    return redraft(draft_id, version, actor)


@transaction.atomic
def undo(decision_id: int, actor: Actor) -> Decision:
    """Take back: a reply within its undo time, a discard, or an escalation."""
    decision = Decision.objects.select_for_update().get(pk=decision_id)
    if decision.undone_at is not None:
        return decision
    if not _taken_back(decision):
        raise Conflict("It is too late to take this back.", decision.draft)
    decision.undone_at = timezone.now()
    decision.save(update_fields=["undone_at"])
    records.note_news_of(decision.conversation)
    note_deed(actor.person, "undo", decision, key=actor.key, kind=decision.kind)
    return decision


def _taken_back(decision: Decision) -> bool:
    if decision.outbox_id:
        return outbox.cancel(str(decision.outbox_id), "Taken back.")
    draft = decision.draft
    if draft is None or decision.kind not in (Kind.DISCARD, Kind.ESCALATE):
        return False
    if opening.open_draft(decision.conversation) not in (None, draft):
        return False
    if decision.kind == Kind.ESCALATE:
        _end_escalation(decision.conversation, Escalation.State.RETURNED)
    return put_back(draft)


def put_back(draft: Draft) -> bool:
    """Open again: ready, or stale when the customer wrote in the meantime."""
    newest = opening.newest_from_customer(draft.conversation)
    current = newest is None or newest.pk == draft.answers_id
    return move(draft, State.READY if current else State.STALE)


def _end_escalation(conversation: Conversation, state: str) -> None:
    Escalation.objects.filter(
        conversation=conversation, state__in=[Escalation.State.OPEN, Escalation.State.TAKEN]
    ).update(state=state, ended_at=timezone.now())


@transaction.atomic
def stop(draft_id: int) -> Draft:
    """Stop the writing; the worker finds its fence gone and puts the pen down."""
    draft = Draft.objects.select_for_update().get(pk=draft_id)
    working = [State.QUEUED, State.THINKING, State.STREAMING]
    if not move(draft, State.FAILED, only_from=working, failure="stopped_by_person", reference=""):
        raise Conflict("The draft was finished already.", draft)
    return draft


@transaction.atomic
def save_edit(draft_id: int, actor: Actor, text: str) -> Draft:
    """Keep what the person has typed so far; it is not a decision and raises no version."""
    draft = Draft.objects.select_for_update(of=("self",)).select_related("edited_by").get(pk=draft_id)
    if draft.state not in Draft.OPEN:
        raise Conflict("This draft was decided meanwhile. Your text is kept on this page.", draft)
    if draft.state in (State.QUEUED, *Draft.WORKING):
        stop(draft.pk)
    Draft.objects.filter(pk=draft.pk).update(edited_text=text, edited_by=actor.person, edited_at=timezone.now())
    draft.refresh_from_db()
    tell(draft)
    return draft


def locked(draft_id: int, version: int, *, only_from: Collection[str]) -> Draft:
    """The draft, locked, exactly as the person saw it."""
    draft = (
        Draft.objects.select_for_update(of=("self",))
        .select_related("conversation__team", "conversation__contact", "conversation__account",
                        "conversation__connection", "answers")
        .get(pk=draft_id)
    )  # fmt: skip
    if draft.version != version or draft.state not in only_from:
        raise Conflict(what_happened(draft), draft)
    return draft


def what_happened(draft: Draft) -> str:
    """Who was faster and what they did, for the person who came second."""
    last = draft.decisions.select_related("person").order_by("-pk").first()
    if draft.state == State.APPROVED and last:
        return f"{last.person.name} has approved a reply already. Nothing more was sent."
    if draft.state == State.STALE:
        return "The customer wrote again. Nothing was sent; redraft, or keep this and edit it."
    if draft.state == State.ANSWERED_ELSEWHERE:
        return "A colleague answered in the CRM. Nothing was sent from here."
    if last and draft.state in (State.DISCARDED, State.ESCALATED):
        done = "discarded this draft" if draft.state == State.DISCARDED else "passed this on"
        return f"{last.person.name} has {done} already. Nothing was sent."
    return "The draft has changed since you opened it. Nothing was sent; look at the new one."


def _decide(
    conversation: Conversation,
    draft: Draft | None,
    kind: str,
    actor: Actor,
    *,
    text: str = "",
    reason: str = "",
    instruction: str = "",
    ticks: list[str] | None = None,
    outbox: OutboxMessage | None = None,
    escalation: Escalation | None = None,
) -> Decision:
    seconds = None
    if draft and draft.ready_at:
        seconds = max(0, int((timezone.now() - draft.ready_at).total_seconds()))
    decision = Decision.objects.create(
        conversation=conversation, draft=draft, person=actor.person, key=actor.key, kind=kind,
        drafted=draft.text if draft else "", text=text, reason=reason[:300],
        instruction=instruction[:1000], ticks=ticks or [], outbox=outbox, escalation=escalation,
        alternative=draft.picked if draft else "",
        seconds=seconds,
    )  # fmt: skip
    records.note_news_of(conversation)
    if actor.key is not None:
        note_deed(actor.person, f"decided: {kind}", decision, key=actor.key)
    return decision
