"""What the copilot does when something happened: one verb each, in the teller's transaction."""

from django.dispatch import receiver

import bell
from copilot import erasing, reading
from copilot.decisions import put_back
from copilot.drafting import case, opening
from copilot.drafting.moves import move
from copilot.insight import records
from copilot.knowledge import corrections
from copilot.learning import ledger, signals
from copilot.models import Decision, Draft, Signal
from interactions.events import (
    ColleagueWrote,
    ContactErased,
    ConversationClosed,
    CustomerWrote,
    Fact,
    ReplySettled,
    happened,
)
from interactions.models import Conversation, Message

TAUGHT_BY = ("draft", "team", "person", "conversation__contact")


@receiver(happened, dispatch_uid="copilot")
def on_happened(sender: type[Fact], fact: Fact, **_: object) -> None:
    match fact:
        case CustomerWrote():
            _customer_wrote(fact)
        case ColleagueWrote():
            _answered_elsewhere(fact)
        case ReplySettled():
            _reply_settled(fact)
        case ConversationClosed():
            _closed(fact)
        case ContactErased():
            erasing.erase(fact)


def _customer_wrote(fact: CustomerWrote) -> None:
    conversation = fact.message.conversation
    if conversation.reopened_at:
        records.note_news_of(conversation)
    if fact.is_new and opening.customer_wrote(conversation, fact.message) is None:
        case.want(conversation)  # where a draft is written, its worker sees whether it has outgrown a prompt


def _answered_elsewhere(fact: ColleagueWrote) -> None:
    """The draft is kept for comparison; what the colleague wrote instead is a signal, and teaches where it is
    our draft with edits."""
    message = fact.message
    signals.remember_reply(message)
    reading.want(message.conversation, message)
    draft = opening.open_draft(message.conversation)
    if draft is None or (draft.answers and draft.answers.sent_at > message.sent_at):
        return
    drafted = draft.text if draft.ready_at else ""
    move(draft, Draft.State.ANSWERED_ELSEWHERE, lease_until=None)
    if drafted:
        signal = signals.keep_signal(
            draft, message.conversation, drafted, message.text, person=message.person, message=message
        )
        if signals.is_edit(signal):
            corrections.propose_corrections(signal)
        bell.ring(ledger.LEARN, signal.pk)
        records.note_news_of(message.conversation)


def _closed(fact: ConversationClosed) -> None:
    """A closed conversation needs no reply, so its open draft is set aside; what was said is read for notes."""
    conversation = Conversation.objects.get(pk=fact.conversation_id)
    reading.want_notes(conversation)
    draft = opening.open_draft(conversation)
    if draft:
        move(draft, Draft.State.DISCARDED, lease_until=None)


def _reply_settled(fact: ReplySettled) -> None:
    signals.settle_signal(fact.outbox_id, sent=fact.sent)
    if fact.sent:
        related = ("conversation__team", "conversation__account", "conversation__contact", "person")
        message = Message.objects.select_related(*related).get(delivery__pk=fact.outbox_id)
        taught = list(Signal.objects.filter(decision__outbox__pk=fact.outbox_id).select_related(*TAUGHT_BY))
        signals.remember_reply(message, taught[0].typed if taught else "")
        reading.want(message.conversation, message)
        for signal in taught:
            corrections.propose_corrections(signal)
            bell.ring(ledger.LEARN, signal.pk)
        records.note_news_of(message.conversation)
        return
    decision = Decision.objects.filter(outbox__pk=fact.outbox_id).select_related("draft").first()
    if decision and decision.draft and decision.draft.state == Draft.State.APPROVED:
        put_back(decision.draft)
