"""Rehearsals: what drafts on replies that were sent long ago would have been, and a team's wish for drafts."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from copilot.models.topic import Topic
from interactions.models import Conversation, Message
from people.models import Team

USER = settings.AUTH_USER_MODEL


class Rehearsal(models.Model):
    """A random sample of a team's replies in closed conversations. The same seed draws the same sample anew."""

    class State(models.TextChoices):
        RUNNING = "running", "Running"
        STOPPED = "stopped", "Stopped"
        DONE = "done", "Done"

    team = models.ForeignKey(Team, models.CASCADE, related_name="rehearsals")
    seed = models.PositiveIntegerField()
    size = models.PositiveSmallIntegerField(help_text="Replies that were drawn.")
    of = models.PositiveIntegerField(help_text="Replies that they were drawn from.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.RUNNING)
    started_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)
    failure = models.CharField(
        max_length=40, blank=True, db_default="", help_text="Why it was stopped, where nobody stopped it."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team"], condition=models.Q(state="running"), name="one_rehearsal_runs"
            )
        ]

    def __str__(self) -> str:
        return f"Rehearsal {self.pk}: {self.state}"


class RehearsedReply(models.Model):
    """One drawn reply and the draft beside it. The row is the queue; it is no Draft: nothing approves it."""

    class State(models.TextChoices):
        QUEUED = "queued", "Waiting"
        DONE = "done", "Rehearsed"
        FAILED = "failed", "Not rehearsed"

    rehearsal = models.ForeignKey(Rehearsal, models.CASCADE, related_name="replies")
    message = models.ForeignKey(Message, models.CASCADE, related_name="+", help_text="What was really sent.")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    topic = models.ForeignKey(
        Topic, models.SET_NULL, null=True, related_name="+", help_text="Sorts the results; no draft sees it."
    )
    state = models.CharField(max_length=6, choices=State.choices, default=State.QUEUED)
    text = models.TextField(blank=True)
    abstained = models.BooleanField(default=False)
    missing = models.JSONField(default=list)
    checks = models.JSONField(default=list)
    unsupported = models.PositiveSmallIntegerField(default=0, help_text="Statements that no source supports.")
    distance = models.FloatField(null=True, help_text="To what was sent; empty without a draft.")
    engine = models.CharField(max_length=20, blank=True)
    model = models.CharField(max_length=80, blank=True)
    prompt_version = models.CharField(max_length=20, blank=True)
    cost_micros = models.PositiveIntegerField(default=0, help_text="Millionths of a US dollar.")
    failure = models.CharField(max_length=40, blank=True, help_text="A code; see drafting.failures")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["rehearsal", "message"], name="rehearsed_once")
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(state="queued"), name="rehearsed_reply_due")
        ]

    def __str__(self) -> str:
        return f"Reply {self.message_id}: {self.state}"


class DraftingRequest(models.Model):
    """That somebody of a team without drafting asks for it; without a topic for the whole team."""

    class State(models.TextChoices):
        OPEN = "open", "Waits for a lead"
        APPROVED = "approved", "Approved"
        DECLINED = "declined", "Declined"

    team = models.ForeignKey(Team, models.CASCADE, related_name="drafting_requests")
    topic = models.ForeignKey(Topic, models.CASCADE, null=True, related_name="+")
    why = models.CharField(max_length=300, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    reason = models.CharField(max_length=300, blank=True)
    asked_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "topic"], condition=models.Q(state="open"), nulls_distinct=False,
                name="drafting_is_asked_once",
            )
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"Request {self.pk}: {self.state}"
