"""The brief that travels with an escalation: what its receiver must know, each line from a row."""

from typing import Any

from copilot.models import Brief, Draft
from copilot.words import sentences
from customers.models import Note, Promise
from interactions.models import Conversation, Escalation, Message


def make_brief(escalation: Escalation, draft: Draft | None) -> Brief:
    conversation = escalation.conversation
    lines = [
        *_who(conversation),
        *_asked(conversation),
        *_known(conversation),
        *_open_points(draft),
    ]
    return Brief.objects.create(escalation=escalation, lines=lines)


def _line(text: str, source: str) -> dict[str, Any]:
    return {"text": text, "source": source}


def _who(conversation: Conversation) -> list[dict[str, Any]]:
    contact, account = conversation.contact, conversation.account
    if contact is None:
        return []
    parts = [str(contact.shown), contact.shown.title, account.name if account else ""]
    tier = f", {account.tier}" if account and account.tier else ""
    return [_line(", ".join(part for part in parts if part) + tier, f"contact:{contact.pk}")]


def _asked(conversation: Conversation) -> list[dict[str, Any]]:
    said = conversation.messages.filter(by=Message.By.CUSTOMER, automatic="")
    message = said.order_by("-sent_at", "-pk").first()
    if message is None:
        return []
    asked = [message.text[start:end] for start, end in sentences(message.text)]
    questions = [one for one in asked if one.endswith("?")] or asked[:1]
    return [_line(f"Asks: {one}", f"message:{message.pk}") for one in questions[:3]]


def _known(conversation: Conversation) -> list[dict[str, Any]]:
    if conversation.account is None:
        return []
    promises = Promise.objects.filter(account=conversation.account, state=Promise.State.OPEN)
    notes = Note.objects.filter(account=conversation.account, state=Note.State.ACCEPTED)
    return [
        *(_line(f"Promised: {p.text}", f"promise:{p.pk}") for p in promises.order_by("due_at")[:2]),
        *(_line(n.text, f"note:{n.pk}") for n in notes.order_by("-created_at")[:3]),
    ]


def _open_points(draft: Draft | None) -> list[dict[str, Any]]:
    if draft is None:
        return []
    missing = [_line(f"Missing: {one}", f"draft:{draft.pk}") for one in draft.missing[:2]]
    checks = [_line(f"To check: {one['words']}", f"draft:{draft.pk}") for one in draft.checks[:2]]
    return missing + checks
