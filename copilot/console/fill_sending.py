"""The card of what was decided: on its way, sent, answered elsewhere, discarded."""

from typing import Any

from django.conf import settings
from django.utils import timezone

from copilot.console.cards import Card, Envelope, Said, Verb, plain_paragraphs
from copilot.console.fill_files import of_letter
from copilot.console.fill_lessons import learnt
from copilot.console.fill_rows import author, colleague
from copilot.console.fill_text import short
from copilot.console.scene import Scene
from copilot.decisions import undo_seconds
from copilot.models import Decision, Draft
from copilot.release_rules import releaser
from copilot.templatetags.rapport import clock
from interactions.letter import Letter
from interactions.models import Message, OutboxMessage

Out = OutboxMessage.State


def decided_card(scene: Scene) -> Card | None:
    """None when nothing was decided, or when the customer has written since."""
    reply = scene.last_reply
    if reply and _is_current(scene, reply):
        return _reply_card(scene, reply)
    draft = scene.draft
    if draft is None or _newer_question(scene, draft):
        return None
    if draft.state == Draft.State.ANSWERED_ELSEWHERE:
        return _elsewhere(scene, draft)
    return _discarded(scene, draft) if draft.state == Draft.State.DISCARDED else None


def _is_current(scene: Scene, reply: Decision) -> bool:
    if reply.outbox is None or reply.outbox.state == Out.CANCELLED:
        return False
    if reply.outbox.state in (Out.WAITING, Out.PENDING, Out.SENDING, Out.RETRY, Out.UNKNOWN):
        return True
    newest = scene.newest_from_customer
    return newest is None or newest.received_at <= reply.at


def _newer_question(scene: Scene, draft: Draft) -> bool:
    newest = scene.newest_from_customer
    return newest is not None and draft.answers_id is not None and newest.pk != draft.answers_id


def base(scene: Scene) -> dict[str, Any]:
    """What every card of this conversation starts from."""
    contact, draft = scene.conversation.contact, scene.draft
    contact = contact.shown if contact else None
    return {
        "conversation_id": scene.conversation.pk,
        "n": draft.n if draft else 0,
        "version": draft.version if draft else 0,
        "customer": (contact.first_name or str(contact)) if contact else "the customer",
    }


def _reply_card(scene: Scene, reply: Decision) -> Card:
    row = reply.outbox
    assert row is not None
    common = {
        **base(scene),
        "person": colleague(reply.person, scene.viewer),
        "paragraphs": plain_paragraphs(reply.text),
        "text": reply.text,
    }
    letter = Letter.read(bytes(row.payload))
    if row.state == Out.WAITING:
        return _waiting(scene, reply, row, letter, common)
    if row.state == Out.SENT:
        way = f"{row.connection} took it" if row.connection else "by email"
        if any(message.pk == row.message_id for message in scene.messages):
            common["paragraphs"] = ()  # it stands in the conversation, right above
        return Card(**common, state="sent", at=row.sent_at, meta=way, can=frozenset({"write", "note"}),
                    learnt=learnt(scene, reply))  # fmt: skip
    if row.state == Out.UNKNOWN:
        return Card(
            **common, state="unknown", reason=_perhaps_sent(row), delivery=str(row.pk),
            can=frozenset({"settle", "write", "note"}),
        )  # fmt: skip
    if row.state in (Out.DEAD, Out.RETURNED):
        reason = f"{row.reason or 'The receiver did not take it.'} Nothing was sent."
        return Card(**common, state="refused", reason=reason, can=frozenset({"write", "note"}))
    can: set[Verb] = {"note"}
    left = max(0, round((row.due_at - timezone.now()).total_seconds())) if row.state == Out.PENDING else 0
    if left:
        can.add("undo")
    return Card(
        **common, state="approved", meta=_way(row, letter), seconds_left=left, can=frozenset(can),
        undo_seconds=undo_seconds(reply.person) or settings.UNDO_SECONDS or 10,
    )  # fmt: skip


def _waiting(
    scene: Scene, reply: Decision, row: OutboxMessage, letter: Letter, common: dict[str, Any]
) -> Card:  # fmt: skip
    """Everything that would leave, as the bytes say it, for the second person to read."""
    who = "you" if scene.may_release else releaser(scene.conversation, row)
    can: set[Verb] = {"undo", "note"}
    if scene.may_release:
        can.add("release")
    return Card(
        **common, state="waiting", waits_for=who, reason=row.reason, delivery=str(row.pk), can=frozenset(can),
        meta=f"approved by {common['person'].called}, {clock(reply.at)}",
        envelope=Envelope(
            to=letter.to, cc=letter.cc, bcc=letter.bcc, subject=letter.subject, sender=letter.sender,
            attachments=of_letter(scene.conversation.pk, letter.attachments),
            has_subject=letter.channel == "email",
        ),
    )  # fmt: skip


def _way(row: OutboxMessage, letter: Letter) -> str:
    if row.state == Out.RETRY:
        return f"{row.reason} Next try {timezone.localtime(row.due_at):%H:%M}.".strip()
    to = ", ".join(letter.to)
    return f"to {to}{', cc ' + ', '.join(letter.cc) if letter.cc else ''}" if to else ""


def _perhaps_sent(row: OutboxMessage) -> str:
    """A receiver's own sentence, or the name of how the line broke, which says nothing to a person."""
    what = row.reason if row.reason.endswith(".") else "The line broke while it was leaving."
    return f"{what} It may have arrived: find out, and say so here. It is sent again only if it did not."


def _elsewhere(scene: Scene, draft: Draft) -> Card:
    answer = next((m for m in reversed(scene.messages) if m.by == Message.By.COLLEAGUE), None)
    connection = scene.conversation.connection
    where = connection.name if connection else "the CRM"
    if answer is None:
        return Card(**base(scene), state="answered_elsewhere", meta=f"in {where}")
    who = author(answer, scene.viewer)
    return Card(
        **base(scene), state="answered_elsewhere", person=who, at=answer.sent_at,
        meta=f"in {where}, {timezone.localtime(answer.sent_at):%H:%M}", said=Said(who, short(answer.text)),
        can=frozenset({"write", "note"}),
    )  # fmt: skip


def _discarded(scene: Scene, draft: Draft) -> Card:
    last = scene.decision_on_draft(Decision.Kind.DISCARD)
    can: set[Verb] = {"write", "note"}
    if last:
        can.add("undo")
    who = colleague(last.person, scene.viewer) if last else None
    meta = ""
    if last and who:
        meta = f"by {'you' if who.is_you else who.first_name}, {timezone.localtime(last.at):%H:%M}"
    return Card(
        **base(scene), state="discarded", person=who, meta=meta, question=last.reason if last else "",
        can=frozenset(can),
    )  # fmt: skip
