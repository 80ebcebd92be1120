"""`happened`, the one signal of the project: sent inside the transaction, with one of five facts."""

from collections import Counter
from dataclasses import dataclass

from django.dispatch import Signal

from interactions.models import Message


@dataclass(frozen=True, slots=True)
class CustomerWrote:
    """The message as it was just written, so that nobody reads it again."""

    message: Message
    is_new: bool = True  # False when it is older than what was there already


@dataclass(frozen=True, slots=True)
class ColleagueWrote:
    """An answer given outside of Rapport, in the CRM's own window."""

    message: Message


@dataclass(frozen=True, slots=True)
class ReplySettled:
    """A reply reached its end: sent, or (`sent` false) cancelled, refused or given up."""

    conversation_id: int
    outbox_id: str
    sent: bool


@dataclass(frozen=True, slots=True)
class ConversationClosed:
    conversation_id: int


@dataclass(frozen=True, slots=True)
class ContactErased:
    """Told once their messages are blank, before the rows go; each receiver counts in `gone` what it erased.

    `conversations` are all that they were in, `shared` those of them that others were in too. `rows` are the
    (kind, id) of what goes elsewhere: messages, notes, promises, records.
    """

    contact_id: int
    account_id: int | None
    email: str
    conversations: frozenset[int]
    shared: frozenset[int]
    rows: frozenset[tuple[str, int]]
    gone: Counter[str]


type Fact = CustomerWrote | ColleagueWrote | ReplySettled | ConversationClosed | ContactErased

happened = Signal()


def tell_all(fact: Fact) -> None:
    """Every receiver runs in the caller's transaction; one that fails undoes the whole of it."""
    happened.send(sender=type(fact), fact=fact)
