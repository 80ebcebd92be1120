"""What was said and what leaves. Nothing here knows of drafts."""

from interactions.models.connection import Connection, InboxEvent, Refusal
from interactions.models.conversation import Conversation, Escalation, Message, Quote
from interactions.models.file import File
from interactions.models.outbox import Approval, Attempt, OutboxMessage, Release, ReleaseBy
from interactions.models.sync import AgentLink, FieldRule, Sync

__all__ = [
    "AgentLink",
    "Approval",
    "Attempt",
    "Connection",
    "Conversation",
    "Escalation",
    "FieldRule",
    "File",
    "InboxEvent",
    "Message",
    "OutboxMessage",
    "Quote",
    "Refusal",
    "Release",
    "ReleaseBy",
    "Sync",
]
