"""A CRM's conversation as a row here, held until the transaction ends, and made when it is new."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import connection as database
from django.db.models import QuerySet

from customers.erasing import keep_erased
from customers.models import Account
from interactions.models import Connection, Conversation
from prepared import first, prepared


def lock(connection: Connection, external_id: str) -> None:
    """One at a time for a conversation, also while it does not exist yet."""
    with database.cursor() as cursor:
        named = f"{connection.pk}:{external_id}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [named])


def hold(
    connection: Connection, external_id: str, at: datetime, told: Mapping[str, Any],
    account_of: Callable[[], Account | None] = lambda: None, *, is_message: bool = False,
) -> tuple[Conversation, bool]:  # fmt: skip
    """The conversation, and whether this opened it or says better what it is about; `lock` it first.

    Raises Erased where the conversation was erased: only a newer message begins it again.
    """
    found = first(_held(connection=connection.pk, external_id=external_id))
    if found is None:
        keep_erased(connection.pk, "conversation", external_id, at if is_message else None)
    conversation = found or Conversation(
        connection=connection, external_id=external_id, team=connection.team, created_at=at, last_message_at=at,
        told_at=dict.fromkeys(_ABOUT, _NEVER),
    )  # fmt: skip
    since = {name: conversation.told_at.get(name, stamp(conversation.created_at)) for name in _ABOUT}
    changed = _take_oldest(conversation, stamp(at), told, account_of, since)
    if found and at >= found.created_at and not changed:
        return conversation, False
    _open(conversation, at, since)
    conversation.save()
    if conversation.account:
        conversation.account.teams.add(conversation.team)
    return conversation, True


@prepared
def _held(*, connection: UUID, external_id: str) -> QuerySet[Conversation]:
    held = Conversation.objects.select_for_update(no_key=True, of=("self",))
    return held.filter(connection=connection, external_id=external_id).select_related(
        "team", "account", "contact"
    )


# What a conversation is about: each keeps its oldest word, and `told_at` says when that was where it was not
# the conversation's opening.
_ABOUT = ("subject", "channel", "contact", "language", "account")
_NEVER = "~"  # comes after every time


def _take_oldest(
    conversation: Conversation, at: str, told: Mapping[str, Any], account_of: Callable[[], Account | None],
    since: dict[str, str],
) -> bool:  # fmt: skip
    """Whether any of it is older than what was known; of two words of the same instant one always wins."""
    words, changed = dict(told), False
    if conversation.account is None or at <= since["account"]:
        words["account"] = account_of()
    for name, value in words.items():
        present = getattr(conversation, name)
        if value and (not present or (at, str(value)) < (since[name], str(present))):
            setattr(conversation, name, value)
            since[name], changed = at, True
    if conversation.account is None and conversation.contact and conversation.contact.account:
        conversation.account, changed = conversation.contact.account, True  # until one is told
    return changed


def _open(conversation: Conversation, at: datetime, since: Mapping[str, str]) -> None:
    if conversation.pk and at < conversation.created_at and not conversation.messages.exists():
        conversation.last_message_at = at
    conversation.created_at = min(conversation.created_at, at)
    others = {name: told for name, told in conversation.told_at.items() if name not in since}
    later = {name: told for name, told in since.items() if told != stamp(conversation.created_at)}
    conversation.told_at = others | later


def stamp(at: datetime) -> str:
    """A time as `told_at` has it: texts that compare as the times do."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def set_newest(conversation: Conversation, name: str, value: Any, at: datetime) -> bool:
    """Whether this word changed anything; of two words of the same instant one always wins: first the empty."""
    told, present = stamp(at), getattr(conversation, name)
    known = conversation.told_at.get(name, "")
    if told < known or (told == known and str(value or "") >= str(present or "")):
        return False
    conversation.told_at[name] = told
    if value == present:
        return False
    setattr(conversation, name, value)
    return True
