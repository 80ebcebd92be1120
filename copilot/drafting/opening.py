"""Open a draft for what a customer wrote, or on request; one open draft a conversation."""

from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

import bell
from copilot.drafting.moves import move, tell
from copilot.drafting.switch import ruling
from copilot.models import Draft
from interactions.models import Conversation, Message
from people.models import User
from prepared import first, prepared

DRAFT = "copilot.tasks.draft"
State = Draft.State


def customer_wrote(conversation: Conversation, message: Message) -> Draft | None:
    """Called in the transaction that stored the message; rings once the burst is over."""
    draft = open_draft(conversation)
    if draft is None:
        return _open(conversation, message) if ruling(conversation).may_open else None
    if draft.state == State.QUEUED:
        Draft.objects.filter(pk=draft.pk).update(answers=message, due_at=_after_burst())
        ring_soon(draft)
    elif draft.state == State.READY and not (draft.abstained and not draft.edited_text):
        move(draft, State.STALE)
    elif draft.state in (State.FAILED, State.READY):
        requeue(draft, message)
    elif draft.state in Draft.WORKING:
        tell(draft)  # its worker sees the newer message when it is done, and says stale
    return draft


def open_draft(conversation: Conversation) -> Draft | None:
    """The conversation's open draft, locked."""
    return first(_held_open(conversation=conversation.pk))


@prepared
def _held_open(*, conversation: int) -> QuerySet[Draft]:
    return Draft.objects.filter(conversation=conversation, state__in=Draft.OPEN).select_for_update()


@prepared
def _numbers(*, conversation: int) -> QuerySet[Draft, int]:
    """Of its drafts, the last first."""
    drafts = Draft.objects.filter(conversation=conversation)
    return drafts.order_by("-n").values_list("n", flat=True)[:1]


def request(conversation: Conversation, person: User, instruction: str = "") -> Draft | None:
    """A person asks for a draft; None where the switch or the customer says no."""
    if not ruling(conversation, person).may_request:
        return None
    return open_draft(conversation) or _open(
        conversation, newest_from_customer(conversation), person, instruction
    )


def newest_from_customer(conversation: Conversation) -> Message | None:
    said = conversation.messages.filter(by=Message.By.CUSTOMER, automatic="")
    return said.order_by("-sent_at", "-pk").first()


def _open(
    conversation: Conversation,
    message: Message | None,
    person: User | None = None,
    instruction: str = "",
) -> Draft:
    draft = Draft.objects.create(
        conversation=conversation,
        n=(first(_numbers(conversation=conversation.pk)) or 0) + 1,
        answers=message,
        envelope=envelope(conversation, message),
        requested_by=person,
        instructions=[instruction] if instruction else [],
        due_at=Now() if person else _after_burst(),
    )
    ring_soon(draft, at_once=person is not None)
    tell(draft)
    return draft


def requeue(draft: Draft, message: Message | None, **fields: Any) -> bool:
    """Write it again from the start, for the newest message."""
    moved = move(
        draft, State.QUEUED, answers=message or draft.answers, text="", abstained=False, missing=[],
        sources=[], unused=[], checks=[], goals=[], edited_text="", edited_by=None, edited_at=None, failure="",
        reference="", picked="", attempts=0, due_at=Now(), lease_until=None, ready_at=None, **fields,
    )  # fmt: skip
    if moved:
        draft.alternatives.all().delete()  # they were other wordings of what is gone
        bell.ring(DRAFT, draft.pk)
    return moved


def _after_burst() -> CombinedExpression:
    """People often send two or three messages in a row; one draft answers them all."""
    return Now() + timedelta(seconds=settings.DRAFT_DEBOUNCE_SECONDS)


def ring_soon(draft: Draft, *, at_once: bool = False) -> None:
    """Ring now where nothing is to be waited for; else the sweep rings when it is due."""
    if at_once or settings.DRAFT_DEBOUNCE_SECONDS == 0:
        bell.ring(DRAFT, draft.pk)


def envelope(conversation: Conversation, message: Message | None) -> dict[str, Any]:
    """To whom and under which subject the reply goes, until a person changes it."""
    contact = conversation.contact
    own = {conversation.team.email.lower()}
    to = [contact.email] if contact and contact.email else []
    cc = [one for one in (message.cc if message else []) if one.lower() not in own and one not in to]
    subject = conversation.subject
    prefixed = subject if subject.lower().startswith("re:") else f"Re: {subject}"
    return {"to": to, "cc": cc, "bcc": [], "subject": prefixed if subject else "", "attachments": []}
