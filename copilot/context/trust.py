"""Whether drafts on a topic are trusted in a team, from the topic's record and what its lead says of it."""

from dataclasses import dataclass

from copilot.models import DraftingLimits, Topic, TopicRecord
from interactions.models import Conversation

DAYS = 90  # how far a record looks back, so that a topic gets another chance


@dataclass(frozen=True, slots=True)
class Trust:
    """What is known of the topic; `why_not` is a sentence where no draft is to be written by itself."""

    topic: Topic | None = None
    record: TopicRecord | None = None
    why_not: str = ""
    never: bool = False  # not even from a person's own words


def trust(conversation: Conversation) -> Trust:
    """Of a conversation's topic; all is well where it has none."""
    if not conversation.topic:
        return Trust()
    topic = Topic.objects.filter(labels__conversation=conversation).select_related("record").first()
    if topic is None:
        return Trust()
    limits = DraftingLimits.objects.filter(team=topic.team_id).first() or DraftingLimits()
    return of_topic(topic, limits)


def of_topic(topic: Topic, limits: DraftingLimits) -> Trust:
    """Of a topic that was read with its record."""
    record = getattr(topic, "record", None)
    if topic.drafting == Topic.Drafting.NEVER:
        why = f"A lead has said that people answer “{topic.name}” here without a draft."
        return Trust(topic, record, why, never=True)
    if topic.drafting == Topic.Drafting.ALWAYS or record is None or not is_poor(record, limits):
        return Trust(topic, record)
    return Trust(topic, record, f"Drafts on “{topic.name}” are not trusted here yet: {of_no_use(record)}.")


def is_poor(record: TopicRecord, limits: DraftingLimits) -> bool:
    return record.n >= limits.enough and record.wrong * 100 > record.n * limits.most_wrong


def of_no_use(record: TopicRecord) -> str:
    """Such as "of the last 24, people rewrote 9, handed on 4 and discarded 2"."""
    return (
        f"of the last {record.n}, people rewrote {record.rewritten}, handed on {record.escalated}"
        f" and discarded {record.discarded}"
    )
