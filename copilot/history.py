"""Past conversations become rows in bulk; a batch is one transaction, so a stop loses no more than one.

Imported conversations are closed: no draft is opened for them, nothing is sent, nobody is told.
"""

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from copilot.context import worded
from copilot.context.retrieval import asked_text
from copilot.context.told import fields_text
from copilot.insight.topics import label_history
from copilot.models import PastReply
from customers.models import Contact, Identity, Record
from interactions.models import Connection, Conversation, Message
from interactions.wording import language_of
from people.models import Team
from people.secretbox import seal

_NAMESPACE = uuid.UUID("5b0f7f6e-5f0e-4b8e-9a7c-6d1f1c9d2a11")
LOOKED_UP = "record"  # the kind of what an agent looked up
BY = {"customer": Message.By.CUSTOMER, "agent": Message.By.COLLEAGUE}


class Unusable(ValueError):
    """A line that is no conversation."""


class Importer:
    """Adds conversations of one history; those it has are skipped, so it can be run again."""

    def __init__(self, source: str, team: str = "") -> None:
        self.source = source
        self.added = self.skipped = self.replies = 0
        self._one_team = team
        self._teams: dict[str, Team] = {}
        self._contacts: dict[str, Contact] = {}
        self._connections: dict[str, Connection] = {}

    @staticmethod
    def check(conversation: Any) -> None:
        if not isinstance(conversation, dict):
            raise Unusable("it is not a JSON object")
        turns = conversation.get("turns")
        if "id" not in conversation or not isinstance(turns, list):
            raise Unusable("it has no id or no turns")
        for turn in turns:
            if turn.get("by") in BY and not isinstance(turn.get("text"), str):
                raise Unusable("a turn has no text")

    @transaction.atomic
    def add(self, batch: Iterable[dict[str, Any]]) -> None:
        by_key = {self._key(one): one for one in batch}
        known = set(
            Conversation.objects.filter(
                connection__in=[c.pk for c in self._connections_of(by_key.values())],
                external_id__in=by_key,
            ).values_list("external_id", flat=True)
        )
        self.skipped += len(known)
        new = [(key, one) for key, one in by_key.items() if key not in known]
        rows = Conversation.objects.bulk_create([self._conversation(k, one) for k, one in new])
        said = [_messages(row, one) for row, (_, one) in zip(rows, new, strict=True)]
        messages = Message.objects.bulk_create([message for one in said for message in one])
        label_history(zip(rows, said, strict=True))
        looked_up = [(turn["looked_up"], turn["is_fresh"]) for _, one in new for turn in _spoken(one)]
        replies = PastReply.objects.bulk_create(_replies(messages, looked_up), batch_size=2000)
        self.added += len(rows)
        self.replies += len(replies)

    def _key(self, one: dict[str, Any]) -> str:
        return f"{self.source}:{one['id']}"[:200]

    def _connections_of(self, conversations: Iterable[dict[str, Any]]) -> set[Connection]:
        return {self._connection(self._team(one)) for one in conversations}

    def _team(self, one: dict[str, Any]) -> Team:
        name = (self._one_team or str(one.get("team") or "Imported")).replace("_", " ")[:80]
        if name not in self._teams:
            self._teams[name], _ = Team.objects.get_or_create(
                name__iexact=name, defaults={"name": name.capitalize(), "slug": slugify(name)[:50]}
            )
        return self._teams[name]

    def _connection(self, team: Team) -> Connection:
        """A closed door that stands for where the history came from."""
        if team.slug not in self._connections:
            self._connections[team.slug], _ = Connection.objects.get_or_create(
                id=uuid.uuid5(_NAMESPACE, f"{self.source}/{team.slug}"),
                defaults={
                    "name": f"History: {self.source}"[:80], "team": team,
                    "sealed_secrets": seal("[]"), "disabled_reason": "An import takes no mail.",
                },
            )  # fmt: skip
        return self._connections[team.slug]

    def _contact(self, one: dict[str, Any]) -> Contact:
        name = str(one.get("customer") or one["id"])[:200]
        source = uuid.uuid5(_NAMESPACE, self.source)
        if name not in self._contacts:
            known = Identity.objects.filter(source=source, kind="contact", external_id=name)
            identity = known.select_related("contact").first()
            contact = identity.contact if identity else None
            if contact is None:
                contact = Contact.objects.create(name=str(one.get("customer_name", ""))[:200])
                Identity.objects.create(source=source, kind="contact", external_id=name, contact=contact)
            self._contacts[name] = contact
        return self._contacts[name]

    def _conversation(self, key: str, one: dict[str, Any]) -> Conversation:
        turns = _spoken(one)
        times = [_at(turn) for turn in turns] or [datetime.fromtimestamp(one.get("started") or 0, UTC)]
        team = self._team(one)
        return Conversation(
            team=team, connection=self._connection(team), external_id=key, contact=self._contact(one),
            subject=str(one.get("subject", ""))[:300], channel=str(one.get("channel", "chat"))[:20],
            topic=_topic(one),
            language=language_of(" ".join(turn["text"] for turn in turns), "en"),
            status=Conversation.Status.RESOLVED, created_at=times[0],
            last_message_at=times[-1],
        )  # fmt: skip


def _topic(one: dict[str, Any]) -> str:
    """The one thing it was about; of a conversation about several nobody could say which."""
    tasks = [str(task) for task in one.get("tasks", [])]
    return tasks[0].replace("_", " ").capitalize()[:80] if len(tasks) == 1 else ""


def _spoken(one: dict[str, Any]) -> list[dict[str, Any]]:
    """What was said to each other, each turn with the record that was looked up for the next answer."""
    started = one.get("started") or 0
    spoken, at, looked_up, fresh = [], float(started), None, False
    for number, turn in enumerate(one["turns"]):
        at = float(turn.get("at") or at)
        if turn.get("by") in BY and turn["text"].strip():
            about = {"agent": str(one.get("agent", "")), "looked_up": looked_up, "is_fresh": fresh}
            spoken.append({**turn, "at": at, **about})
            fresh = fresh and turn["by"] == "customer"
        elif turn.get("by") == "knowledge" and isinstance(turn.get("item"), dict):
            name = f"{one['id']}-{number}"
            looked_up, fresh = Record(kind=LOOKED_UP, external_id=name, fields=turn["item"]), True
    return spoken


def _at(turn: dict[str, Any]) -> datetime:
    return datetime.fromtimestamp(turn["at"], UTC)


def _messages(row: Conversation, one: dict[str, Any]) -> list[Message]:
    return [_message(row, turn, f"turn-{n}") for n, turn in enumerate(_spoken(one))]


def _message(row: Conversation, turn: dict[str, Any], external_id: str) -> Message:
    said_by_customer = turn["by"] == "customer"
    return Message(
        conversation=row,
        by=BY[turn["by"]],
        contact=row.contact if said_by_customer else None,
        author_name=str(row.contact or "") if said_by_customer else turn["agent"][:200],
        external_id=external_id,
        text=turn["text"].replace("\x00", "\ufffd"),
        sent_at=_at(turn),
        received_at=_at(turn),
    )


def _replies(messages: list[Message], looked_up: list[tuple[Record | None, bool]]) -> Iterable[PastReply]:
    """Each agent's message beside what it answered."""
    before, question, last = "", list[str](), None
    for message, (record, fresh) in zip(messages, looked_up, strict=True):
        if message.conversation_id != last:
            before, question, last = "", [], message.conversation_id
        if message.by == Message.By.CUSTOMER:
            question.append(message.text)
            continue
        if question:
            yield _reply(message, before, "\n\n".join(question), record, fresh)
        before, question = message.text, []


def _reply(message: Message, before: str, asked: str, record: Record | None, fresh: bool) -> PastReply:
    conversation, told = message.conversation, ""
    if record and fresh:
        told = f"Record: {fields_text(record.fields)}"
    return PastReply(
        message=message, conversation=conversation, team_id=conversation.team_id,
        contact_id=conversation.contact_id, customer=f"contact:{conversation.contact_id}",
        author=f"name:{message.author_name}", text=message.text,
        asked=asked_text(before, asked, told), language=conversation.language, sent_at=message.sent_at,
        **worded.kept(conversation, message.text, asked, before, records=[record] if record else [],
                      colleague=message.author_name, fresh=fresh),
    )  # fmt: skip
