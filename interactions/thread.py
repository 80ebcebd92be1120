"""A CRM's conversation as a row here, held until the transaction ends, and made when it is new."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from django.db import connection as database

from customers.erasing import keep_erased
from customers.models import Account
from interactions.models import Connection, Conversation


def lock(connection: Connection, external_id: str) -> None:
    """One at a time for a conversation, also while it does not exist yet."""
    with database.cursor() as cursor:
        named = f"{connection.pk}:{external_id}"
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [named])


def hold(
    connection: Connection, external_id: str, at: datetime, told: Mapping[str, Any],
    account_of: Callable[[], Account | None] = lambda: None, *, is_message: bool = False,
) -> tuple[Conversation, bool]:  # fmt: skip
    """The conversation, and whether it is new; `lock` it first. Its oldest news says what it is about.

    Raises Erased where the conversation was erased: only a newer message begins it again.
    """
    held = Conversation.objects.select_for_update(no_key=True, of=("self",))
    known = held.filter(connection=connection, external_id=external_id)
    found = known.select_related("team", "account", "contact").first()
    if found is None:
        keep_erased(connection.pk, "conversation", external_id, at if is_message else None)
    conversation = found or Conversation(
        connection=connection, external_id=external_id, team=connection.team, created_at=at, last_message_at=at
    )
    opens = found is None or at < conversation.created_at
    news = _news(conversation, told, account_of, opens)
    if opens or news:
        for name, value in news.items():
            setattr(conversation, name, value)
        conversation.created_at = min(conversation.created_at, at)
        conversation.save()
        if conversation.account:
            conversation.account.teams.add(conversation.team)
    return conversation, found is None


def _news(
    conversation: Conversation, told: Mapping[str, Any], account_of: Callable[[], Account | None], opens: bool
) -> dict[str, Any]:
    """What is not known of it yet, or is told better by its opening."""
    told = dict(told)
    contact = told.get("contact") or conversation.contact
    if opens or conversation.account is None:
        told["account"] = account_of() or conversation.account or (contact and contact.account)
    return {name: value for name, value in told.items() if value and (opens or not getattr(conversation, name))}


def set_newest(conversation: Conversation, name: str, value: Any, at: datetime) -> bool:
    """Whether this word changed anything; of two words of the same instant one always wins."""
    stamp, present = at.astimezone(UTC).isoformat(timespec="microseconds"), getattr(conversation, name)
    known = conversation.told_at.get(name, "")
    if stamp < known or (stamp == known and str(value) >= str(present)):
        return False
    conversation.told_at[name] = stamp
    if value == present:
        return False
    setattr(conversation, name, value)
    return True
