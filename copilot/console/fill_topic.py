"""A topic's record in plain words and counts, wherever it is shown."""

from collections.abc import Iterable

from copilot.console.cards import Line, plural
from copilot.context.trust import DAYS
from copilot.models import Topic, TopicLabel, TopicRecord
from interactions.models import Conversation


def label_of(conversation: Conversation) -> TopicLabel | None:
    """Read with the conversation; None where nobody has said anything."""
    return getattr(conversation, "topic_label", None)


def topic_of(conversation: Conversation) -> Topic | None:
    label = label_of(conversation)
    return label.topic if label else None


def record_lines(topic: Topic | None) -> Iterable[Line]:
    record: TopicRecord | None = getattr(topic, "record", None) if topic else None
    if topic is None:
        return
    if record is None or not record.n:
        yield Line(f"No draft on it was decided here in the last {DAYS} days.")
        return
    yield Line(f"{plural(record.n, 'draft')} decided in the last {DAYS} days")
    yield Line(f"{record.unchanged} sent as drafted, {record.edited} edited", "done")
    yield Line(
        f"{record.rewritten} rewritten, {record.escalated} handed on, {record.discarded} discarded", "dropped"
    )
    if record.unsupported:
        yield Line(f"In {record.unsupported} a check found something to look at", "ask")
    if record.reopened:
        yield Line(f"After {record.reopened} the customer came back", "reply")
