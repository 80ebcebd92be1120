"""Topics: a team's own labels of what customers write about, and how drafts have fared on each."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models.functions import Lower

from copilot.models.knowledge import words_of
from interactions.models import Conversation
from people.models import Team

USER = settings.AUTH_USER_MODEL


class Topic(models.Model):
    class Drafting(models.TextChoices):
        BY_RECORD = "by_record", "By its record"
        ALWAYS = "always", "Draft anyway"
        NEVER = "never", "Never draft"

    team = models.ForeignKey(Team, models.CASCADE, related_name="topics")
    name = models.CharField(max_length=80)
    drafting = models.CharField(max_length=10, choices=Drafting.choices, default=Drafting.BY_RECORD)
    merged_into = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="+")
    retired_at = models.DateTimeField(null=True, blank=True)
    recount_at = models.DateTimeField(
        null=True, blank=True, help_text="Set when something happened that its record counts."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                "team", Lower("name"), condition=models.Q(retired_at=None), name="topic_is_unique"
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["recount_at"], condition=models.Q(recount_at__isnull=False), name="topic_recount"
            )
        ]

    def __str__(self) -> str:
        return self.name


class TopicLabel(models.Model):
    """What one conversation is about, and who said so; its name also stands on the conversation.

    What people said and what came with the history is kept with the customer's words: new
    conversations are labelled by the nearest of these. A proposal teaches nothing.
    """

    class By(models.TextChoices):
        COPILOT = "copilot"
        PERSON = "person"
        HISTORY = "history"

    conversation = models.OneToOneField(Conversation, models.CASCADE, related_name="topic_label")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    topic = models.ForeignKey(
        Topic, models.CASCADE, null=True, related_name="labels", help_text="Empty: none of them."
    )
    by = models.CharField(max_length=8, choices=By.choices)
    proposed = models.ForeignKey(
        Topic, models.SET_NULL, null=True, related_name="+", help_text="What the copilot had said."
    )
    person = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    text = models.TextField(blank=True)
    language = models.CharField(max_length=8, blank=True)
    at = models.DateTimeField(auto_now=True)
    vector = words_of("text")

    class Meta:
        indexes: ClassVar = [GinIndex(fields=["vector"], name="topic_label_words")]

    def __str__(self) -> str:
        return f"Conversation {self.conversation_id}: {self.topic_id}"


class TopicRecord(models.Model):
    """How the drafts of one topic fared in its team lately; made by counting rows, and only so."""

    topic = models.OneToOneField(Topic, models.CASCADE, related_name="record")
    n = models.PositiveIntegerField(help_text="Drafts that people decided about.")
    unchanged = models.PositiveIntegerField()
    edited = models.PositiveIntegerField()
    rewritten = models.PositiveIntegerField(help_text="More than half of the words were changed.")
    escalated = models.PositiveIntegerField()
    discarded = models.PositiveIntegerField()
    unsupported = models.PositiveIntegerField(help_text="Drafts of which a check found a fault.")
    reopened = models.PositiveIntegerField(help_text="The customer came back after the reply.")
    counted_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"{self.topic_id}: {self.n}"

    @property
    def wrong(self) -> int:
        """Drafts that were of no use to the person who decided."""
        return self.rewritten + self.escalated + self.discarded
