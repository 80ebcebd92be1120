"""Measure what a person changed, and keep it as a Signal; it counts once the reply has settled."""

from collections.abc import Iterator
from datetime import datetime
from functools import cache
from typing import Any

from django.db.models.functions import Now
from django.utils import timezone

from copilot import slots, words
from copilot.context import worded
from copilot.context.known import looked_up_for
from copilot.context.retrieval import asked_text
from copilot.learning import kinds
from copilot.learning.sense import Outcome, outcome
from copilot.models import Decision, Draft, PastReply, RoughText, Signal
from interactions.models import Conversation, Message
from people.models import User

REWRITTEN = 0.5  # of the words; who changed more of them wrote a reply of their own
READ_A_MINUTE = 238  # words of English, silently (Brysbaert 2019, a mean of 190 studies)
LATEST_SAID = 20  # messages


def keep_signal(
    draft: Draft | None,
    conversation: Conversation,
    drafted: str,
    sent: str,
    *,
    person: User | None,
    decision: Decision | None = None,
    message: Message | None = None,
    typed: str = "",
) -> Signal:
    """The word-level edit between what was drafted and what was sent; `typed`: what a program says was typed
    first, else it is what our words were asked for."""
    settled = message is not None
    rough = _take_rough(decision) if decision else None
    return Signal.objects.create(
        decision=decision, message=message, draft=draft, conversation=conversation,
        team=conversation.team, person=person, **measured(conversation, drafted, sent),
        **in_play(draft), seconds=decision.seconds if decision else None,
        alternative=draft.picked if draft else "",
        typed=typed or (rough.typed if rough else ""), choice=_choice(rough, sent) if rough else None,
        state=Signal.State.SETTLED if settled else Signal.State.PENDING,
        settled_at=timezone.now() if settled else None,
    )  # fmt: skip


def measured(conversation: Conversation, drafted: str, sent: str) -> dict[str, Any]:
    """What can be read from the two texts, at any time."""
    contact, account = conversation.contact, conversation.account
    names = slots.names_in(contact.name if contact else "", account.name if account else "")
    return {
        "drafted": drafted, "sent": sent, "script": words.script(drafted, sent),
        "distance": words.distance(drafted, sent), "body_distance": words.body_distance(drafted, sent),
        "kinds": kinds.kinds(drafted, sent, names, cache(lambda: _known(conversation))),
        "reading_seconds": round(60 * words.count_words(drafted) / READ_A_MINUTE),
    }  # fmt: skip


def _known(conversation: Conversation) -> str:
    """What this customer's messages here and records say."""
    said = conversation.messages.filter(by=Message.By.CUSTOMER).values_list("text", flat=True)
    kept = (f"{one.external_id} {one.title} {one.fields}" for one in worded.records_of(conversation))
    return "\n".join((*said.order_by("-sent_at")[:LATEST_SAID], *kept))


def in_play(draft: Draft | None) -> dict[str, Any]:
    """The lessons and sources that the draft was written with."""
    return {"sources": [source["id"] for source in draft.sources], "lessons": draft.lessons} if draft else {}


def _take_rough(decision: Decision) -> RoughText | None:
    """What the person had asked for there, once; who approves a draft as it stands did not use it."""
    rough = RoughText.objects.filter(conversation=decision.conversation_id, person=decision.person_id).first()
    if rough:
        RoughText.objects.filter(pk=rough.pk).delete()
    return None if decision.kind == Decision.Kind.APPROVE else rough


def _choice(rough: RoughText, sent: str) -> Outcome:
    return outcome(rough.asked, words.body(rough.typed), words.body(sent))


def is_edit(signal: Signal) -> bool:
    """Whether a person changed our draft: they said so, or sent from elsewhere what has most of its words."""
    if signal.decision:
        return signal.decision.kind == Decision.Kind.EDIT
    return signal.body_distance <= REWRITTEN


def settle_signal(outbox_id: str, *, sent: bool) -> None:
    """A reply that left counts; one that was taken back or refused never happened."""
    Signal.objects.filter(decision__outbox__pk=outbox_id, state=Signal.State.PENDING).update(
        state=Signal.State.SETTLED if sent else Signal.State.VOID, settled_at=Now()
    )


def reopen_signal(outbox_id: str) -> None:
    """A reply that was refused leaves once more, so that it may count after all."""
    Signal.objects.filter(decision__outbox__pk=outbox_id, state=Signal.State.VOID).update(
        state=Signal.State.PENDING, settled_at=None
    )


def remember_reply(message: Message, typed: str = "") -> PastReply | None:
    """Keep what was sent beside what it answered and what had been typed, for finding the like of it."""
    question, before, since = answered_by(message)
    if not question:
        return None
    conversation = message.conversation
    looked_up = looked_up_for(conversation, since, message.sent_at)
    records = worded.records_of(conversation)
    row, _ = PastReply.objects.update_or_create(
        message=message,
        defaults={
            "conversation": conversation, "team": conversation.team, "account": conversation.account,
            "contact": conversation.contact, "customer": customer_key(conversation),
            "author": author_key(message), "asked": asked_text(before, question, looked_up),
            "text": message.text, "language": conversation.language, "sent_at": message.sent_at,
            **worded.kept(conversation, message.text, question, before, typed, records, message.author_name,
                          fresh=worded.is_fresh(records, since)),
        },
    )  # fmt: skip
    return row


def word_past_replies() -> Iterator[int]:
    """Let replies that an earlier version kept be found by what somebody types; tells how many are done."""
    due = PastReply.objects.filter(cues=[]).select_related(
        "message__conversation__contact", "message__conversation__account"
    )
    for done, reply in enumerate(due.iterator(chunk_size=200), 1):
        message, talk = reply.message, reply.message.conversation
        question, before, since = answered_by(message)
        records = worded.records_of(talk)
        found = worded.kept(
            talk, reply.text, question, before, reply.typed, records, message.author_name,
            fresh=worded.is_fresh(records, since),
        )  # fmt: skip
        PastReply.objects.filter(pk=reply.pk).update(**found)
        yield done


def customer_key(conversation: Conversation) -> str:
    """Two contacts of one account are one customer: what one was told may be the other's detail."""
    if conversation.account_id:
        return f"account:{conversation.account_id}"
    return f"contact:{conversation.contact_id}"


def author_key(message: Message) -> str:
    return f"person:{message.person_id}" if message.person_id else f"name:{message.author_name}"


def answered_by(message: Message) -> tuple[str, str, datetime]:
    """What the customer had said since our last answer, that answer, and when all that began."""
    spoken = message.conversation.messages.filter(automatic="", sent_at__lte=message.sent_at)
    earlier = spoken.exclude(by=Message.By.NOTE).exclude(pk=message.pk).order_by("-sent_at", "-pk")
    question: list[str] = []
    before, since = "", message.sent_at
    for one in earlier[:12]:
        since = one.sent_at
        if one.by == Message.By.COLLEAGUE:
            before = one.text
            break
        question.append(one.text)
    return "\n\n".join(reversed(question)), before, since
