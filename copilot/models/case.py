"""The case so far: what a long conversation came to, in three lines that each stand on a message."""

from typing import ClassVar

from django.db import models

from interactions.models import Conversation, Message


class CaseSummary(models.Model):
    """One a conversation, made anew when it has grown; `due_at` is empty while there is nothing to do."""

    conversation = models.OneToOneField(Conversation, models.CASCADE, related_name="case")
    until = models.ForeignKey(
        Message, models.SET_NULL, null=True, related_name="+", help_text="The last message that it tells of."
    )
    lines = models.JSONField(default=list, help_text="[{text, quote, message}], the quote word for word.")
    engine = models.CharField(max_length=20, blank=True)
    model = models.CharField(max_length=80, blank=True)
    prompt_version = models.CharField(max_length=20, blank=True)
    cost_micros = models.PositiveIntegerField(default=0, help_text="Millionths of a US dollar, of all so far.")
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField(null=True)
    made_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="case_due")
        ]

    def __str__(self) -> str:
        return f"The case so far of conversation {self.conversation_id}"
