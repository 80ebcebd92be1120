"""Rows of the inbox's list, from conversations that carry their states (lists.with_states)."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils import timezone

from copilot.console.cards import Person
from copilot.console.rows import Row
from copilot.models import Draft
from customers.models import Contact
from interactions.models import Conversation, Message, OutboxMessage
from people.models import User

# Waiting longer than this is marked in the list.
TARGET = timedelta(hours=4)
_CAME_BACK = (OutboxMessage.State.DEAD, OutboxMessage.State.RETURNED)
_ON_ITS_WAY: dict[str, str] = {
    OutboxMessage.State.UNKNOWN: "unknown", OutboxMessage.State.WAITING: "waiting",
    OutboxMessage.State.PENDING: "approved", OutboxMessage.State.SENDING: "approved",
    OutboxMessage.State.RETRY: "approved",
}  # fmt: skip


def colleague(person: User | None, viewer: User | None = None, note: str = "") -> Person:
    if person is None:
        return Person("A colleague", colleague=True, note=note)
    you = viewer is not None and viewer.pk == person.pk
    return Person(person.name, colleague=True, id=person.pk, note=note, is_you=you)


def customer(contact: Contact | None) -> Person:
    """As who they are shown, where contacts were merged."""
    if contact is None:
        return Person("Somebody unknown")
    return Person(str(contact.shown), id=contact.shown.pk, note=contact.shown.title)


def author(message: Message, viewer: User | None = None) -> Person:
    """Who said it: a customer, a colleague we know, or a name that the CRM told."""
    if message.by == Message.By.CUSTOMER:
        return customer(message.contact)
    if message.person:
        return colleague(message.person, viewer)
    return Person(message.author_name or "A colleague", colleague=True)


def rows(conversations: Iterable[Conversation], view: str, selected: int | None = None) -> tuple[Row, ...]:
    return tuple(row(one, view, selected=one.pk == selected) for one in conversations)


def row(conversation: Conversation, view: str, *, selected: bool = False) -> Row:
    state, word, note = state_of(conversation)
    waiting = conversation.waiting_since
    return Row(
        id=conversation.pk,
        person=customer(conversation.contact),
        account=conversation.account.name if conversation.account else "",
        subject=conversation.subject,
        waiting_since=waiting,
        over_target=waiting is not None and timezone.now() - waiting > TARGET,
        state=state,
        word=word,
        note=note,
        selected=selected,
        url=conversation_url(conversation.pk, view),
    )


def conversation_url(conversation_id: int, view: str = "", **more: str) -> str:
    url = reverse("conversation", args=[conversation_id])
    query = more | ({"view": view} if view else {})
    return f"{url}?{urlencode(query)}" if query else url


def state_of(conversation: Conversation) -> tuple[str, str, str]:
    """The one state that a row shows, the word for it where it is not the usual, and a note."""
    draft: dict[str, Any] | None = conversation.newest_draft  # type: ignore[attr-defined]
    reply: dict[str, Any] | None = conversation.newest_reply  # type: ignore[attr-defined]
    if conversation.status == Conversation.Status.SNOOZED:
        return "snoozed", f"Until {day_and_time(conversation.snoozed_until)}", ""
    if conversation.status == Conversation.Status.RESOLVED:
        return "resolved", "", ""
    if draft and draft["state"] in Draft.OPEN:
        return _open_state(conversation, draft, reply)
    if reply and reply["state"] in _ON_ITS_WAY:
        return _ON_ITS_WAY[reply["state"]], "", ""
    if conversation.waiting_since is not None:
        return "none", "", ""
    if reply and reply["state"] == OutboxMessage.State.SENT:
        return "sent", "", f"by {reply['person'].split(' ')[0]}"
    return (draft["state"], "", "") if draft and draft["state"] != Draft.State.APPROVED else ("none", "", "")


def _open_state(
    conversation: Conversation, draft: dict[str, Any], reply: dict[str, Any] | None
) -> tuple[str, str, str]:
    state = draft["state"]
    if state == Draft.State.ESCALATED:
        holder: dict[str, Any] = conversation.holder or {}  # type: ignore[attr-defined]
        name = (holder.get("person") or holder.get("team") or "a colleague").split(" ")[0]
        return state, f"With {name}", ""
    if state == Draft.State.READY:
        if reply and reply["draft"] == draft["n"] and reply["state"] in _CAME_BACK:
            return "refused", "", ""
        if draft["abstained"]:
            return "abstained", "", ""
        return state, "", _beside(conversation, draft)
    return state, "", ""


def _beside(conversation: Conversation, draft: dict[str, Any]) -> str:
    """What is left to tick, and who was asked about an earlier question and has it still."""
    holder: dict[str, Any] = conversation.holder or {}  # type: ignore[attr-defined]
    name = (holder.get("person") or holder.get("team") or "").split(" ")[0]
    parts = [f"{draft['checks']} to check" if draft["checks"] else "", f"with {name}" if name else ""]
    return ", ".join(part for part in parts if part)


def day_and_time(moment: datetime | None) -> str:
    """Such as "tomorrow 09:00" or "Mon 7 Dec, 09:00"."""
    if moment is None:
        return "later"
    then, today = timezone.localtime(moment), timezone.localdate()
    days = (then.date() - today).days
    if days in (0, 1):
        return f"{'today' if days == 0 else 'tomorrow'} {then:%H:%M}"
    return f"{then:%a} {then.day} {then:%b}, {then:%H:%M}"
