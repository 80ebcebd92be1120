"""Words that wait to be read for what they say of the relationship; the row is the queue."""

from typing import ClassVar

from django.db import models

from interactions.models import Conversation, Message


class Reading(models.Model):
    """A message that waits to be read for promises; without one, a conversation to be read for notes.

    `due_at` is empty when it was read, or given up after too many attempts (then `done_at` is empty as well).
    """

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="readings")
    message = models.OneToOneField(Message, models.CASCADE, null=True, related_name="reading")
    due_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation"], condition=models.Q(message=None), name="reading_is_one"
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="reading_due")
        ]

    def __str__(self) -> str:
        return f"Reading {self.pk} of conversation {self.conversation_id}"
