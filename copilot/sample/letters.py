"""The sample's letters: past conversations with the replies that were sent, and today's inbox."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from copilot.context import worded
from copilot.context.retrieval import asked_text
from copilot.insight.topics import label_history
from copilot.learning.signals import author_key, customer_key
from copilot.models import PastReply
from copilot.sample.cast import Cast, read_conversations
from copilot.sample.days import span
from interactions.events import CustomerWrote, tell_all
from interactions.models import Conversation, Escalation, Message
from interactions.wording import safe_html

type Letters = list[tuple[Conversation, list[Message]]]


def add_conversations(cast: Cast) -> Letters:
    """All rows of today and of the last two years; says nothing to anybody yet."""
    rows = sorted(read_conversations(), key=lambda row: cast.days.moment(row["when"]))
    letters = [_conversation(cast, number, row) for number, row in enumerate(rows, 1)]
    Conversation.objects.bulk_create(conversation for conversation, _ in letters)
    Message.objects.bulk_create(message for _, messages in letters for message in messages)
    for row, (_, messages) in zip(rows, letters, strict=True):
        cast.said |= {(row["id"], number): one for number, one in enumerate(messages, 1)}
    _escalate(cast, rows, letters)
    label_history(letters)
    PastReply.objects.bulk_create(reply for one in letters for reply in _replies(*one))
    return letters


def open_inbox(letters: Letters) -> None:
    """Let whoever waits for a customer's letter answer today's, in the way a real one arrives."""
    for conversation, messages in letters:
        if conversation.status == Conversation.Status.OPEN:
            last = [one for one in messages if one.by == Message.By.CUSTOMER][-1]
            tell_all(CustomerWrote(last))


def _conversation(cast: Cast, number: int, row: dict[str, Any]) -> tuple[Conversation, list[Message]]:
    conversation = Conversation(
        team=cast.teams[row["team"]], subject=row["subject"], channel=row["channel"],
        language=row["language"], topic=row["topic"], assignee=cast.people.get(row.get("assignee", "")),
        external_id=f"FD-{4100 + number}", connection=cast.connection,
    )  # fmt: skip
    if row["team"] != cast.connection.team.slug:
        conversation.connection, conversation.external_id = None, ""
    messages = list(_messages(cast, conversation, row))
    spoken = [one for one in messages if one.by != Message.By.NOTE]
    writers = [one.contact for one in spoken if one.contact]
    conversation.contact, conversation.account = writers[-1], writers[-1].account
    conversation.created_at, conversation.last_message_at = spoken[0].sent_at, spoken[-1].sent_at
    _settle(cast, conversation, spoken, row)
    return conversation, messages


def _settle(cast: Cast, conversation: Conversation, spoken: list[Message], row: dict[str, Any]) -> None:
    """Only letters of the last days wait; everything older has been answered and put away."""
    if not row["id"].startswith("today-") and row["id"] != "corrie-renewal":
        conversation.status = Conversation.Status.RESOLVED
        return
    unanswered: list[Message] = []
    for one in spoken:
        unanswered = [*unanswered, one] if one.by == Message.By.CUSTOMER else []
    conversation.waiting_since = unanswered[0].sent_at
    if "snoozed_until" in row:
        conversation.status = Conversation.Status.SNOOZED
        conversation.snoozed_until = cast.days.moment(row["snoozed_until"])


def _messages(cast: Cast, conversation: Conversation, row: dict[str, Any]) -> Iterator[Message]:
    at = cast.days.moment(row["when"])
    for number, one in enumerate(row["message"], 1):
        at = _sent_at(cast, at, one)
        contact, person = cast.contacts.get(one["by"]), cast.people.get(one["by"])
        author = contact or person
        assert author is not None
        by = Message.By.CUSTOMER if contact else Message.By.COLLEAGUE
        yield Message(
            conversation=conversation, by=Message.By.NOTE if one.get("note") else by,
            contact=contact, person=person, author_name=author.name,
            external_id=f"{conversation.external_id}-{number}" if conversation.external_id else "",
            text=cast.days.fill(one["text"], conversation.language),
            html=safe_html(one.get("html", "")), quoted=one.get("quoted", ""),
            to=[conversation.team.email] if contact else [],
            attachments=[{"name": name} for name in one.get("attachments", [])],
            sent_at=at, received_at=at + timedelta(seconds=2),
        )  # fmt: skip


def _sent_at(cast: Cast, before: datetime, one: dict[str, Any]) -> datetime:
    """`when` says it outright; `after` counts from the message before, over weekends if days."""
    if "when" in one:
        return cast.days.moment(one["when"])
    gap = span(one.get("after", ""))
    return cast.days.workday(before + gap) if gap >= timedelta(days=1) else before + gap


def _escalate(cast: Cast, rows: list[dict[str, Any]], letters: Letters) -> None:
    for row, (conversation, messages) in zip(rows, letters, strict=True):
        if about := row.get("escalation"):
            escalation = Escalation.objects.create(
                conversation=conversation, by=cast.people[about["by"]],
                to_person=cast.people[about["to"]], reason=about["reason"],
                question=about["question"],
            )  # fmt: skip
            at = messages[-1].sent_at + timedelta(minutes=20)
            Escalation.objects.filter(pk=escalation.pk).update(at=at)


def _replies(conversation: Conversation, messages: list[Message]) -> Iterator[PastReply]:
    """Each reply with the words that it answered."""
    before, asked = "", list[str]()
    for one in messages:
        if one.by == Message.By.CUSTOMER:
            asked.append(one.text)
        elif one.by == Message.By.COLLEAGUE and asked:
            question = "\n\n".join(asked)
            yield PastReply(
                message=one, conversation=conversation, team=conversation.team,
                account=conversation.account, contact=conversation.contact,
                customer=customer_key(conversation), author=author_key(one),
                asked=asked_text(before, question), text=one.text,
                language=conversation.language, sent_at=one.sent_at,
                **worded.kept(conversation, one.text, question, before, colleague=one.author_name),
            )  # fmt: skip
            before, asked = one.text, []
