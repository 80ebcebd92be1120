"""One proposed reply: the row is the queue, the stream's truth, and the record of what it rests on."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from interactions.models import Conversation, Message

USER = settings.AUTH_USER_MODEL


class Draft(models.Model):
    class State(models.TextChoices):
        QUEUED = "queued"
        THINKING = "thinking"
        STREAMING = "streaming"
        READY = "ready"
        STALE = "stale"
        FAILED = "failed"
        APPROVED = "approved"
        ESCALATED = "escalated"
        ANSWERED_ELSEWHERE = "answered_elsewhere"
        DISCARDED = "discarded"

    OPEN: ClassVar = (
        State.QUEUED,
        State.THINKING,
        State.STREAMING,
        State.READY,
        State.STALE,
        State.FAILED,
        State.ESCALATED,
    )
    WORKING: ClassVar = (State.THINKING, State.STREAMING)

    # Sending, sent and refused are read from the outbox row of an approved draft.
    MOVES: ClassVar[dict[str, tuple[str, ...]]] = {
        State.QUEUED: ("thinking", "failed", "approved", "escalated", "answered_elsewhere",
                       "discarded"),
        State.THINKING: ("streaming", "ready", "stale", "failed", "queued", "discarded",
                         "escalated", "answered_elsewhere"),
        State.STREAMING: ("ready", "stale", "failed", "queued", "discarded", "escalated",
                          "answered_elsewhere"),
        State.READY: ("approved", "escalated", "discarded", "queued", "stale",
                      "answered_elsewhere"),
        State.STALE: ("queued", "approved", "escalated", "discarded", "answered_elsewhere",
                      "ready"),
        State.FAILED: ("queued", "approved", "escalated", "discarded", "answered_elsewhere",
                       "stale"),
        State.ESCALATED: ("approved", "queued", "discarded", "ready", "stale",
                          "answered_elsewhere"),
        State.APPROVED: ("ready", "stale"),
        State.DISCARDED: ("ready", "stale"),
        State.ANSWERED_ELSEWHERE: (),
    }  # fmt: skip

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="drafts")
    n = models.PositiveSmallIntegerField(help_text="Counts within the conversation; in its URL.")
    answers = models.ForeignKey(Message, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=20, choices=State.choices, default=State.QUEUED)
    version = models.PositiveIntegerField(default=1)

    text = models.TextField(blank=True)
    abstained = models.BooleanField(default=False)
    missing = models.JSONField(default=list)
    sources = models.JSONField(default=list)
    unused = models.JSONField(default=list)
    checks = models.JSONField(default=list)
    lessons = models.JSONField(default=list)
    goals = models.JSONField(
        default=list, db_default=[], help_text="Sentences that serve a goal; see drafting.serving."
    )
    envelope = models.JSONField(default=dict)

    edited_text = models.TextField(blank=True)
    edited_by = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    edited_at = models.DateTimeField(null=True, blank=True)

    instructions = models.JSONField(default=list)
    picked = models.CharField(
        max_length=80, blank=True, default="", db_default="", help_text="Which alternative."
    )
    requested_by = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    engine = models.CharField(max_length=20, blank=True)
    model = models.CharField(max_length=80, blank=True)
    prompt_version = models.CharField(max_length=20, blank=True)
    usage = models.JSONField(default=dict)
    cost_micros = models.PositiveIntegerField(default=0, help_text="Millionths of a US dollar.")
    failure = models.CharField(max_length=40, blank=True, help_text="A code; see drafting.failures")
    reference = models.CharField(max_length=64, blank=True)

    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    first_words_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "n"], name="draft_number"),
            models.UniqueConstraint(
                fields=["conversation"],
                condition=models.Q(
                    state__in=[
                        "queued", "thinking", "streaming", "ready", "stale", "failed", "escalated",
                    ]
                ),
                name="one_open_draft",
            ),
        ]  # fmt: skip
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(state="queued"), name="draft_due"),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state__in=["thinking", "streaming"]),
                name="draft_leased",
            ),
        ]

    def __str__(self) -> str:
        return f"Draft {self.n} of conversation {self.conversation_id}: {self.state}"
