"""What a draft lacked: the one plain question to the agent, and the answer with who gave it and when."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from copilot.models.draft import Draft
from copilot.models.proposal import ArticleProposal
from customers.models import Note
from interactions.models import Conversation

USER = settings.AUTH_USER_MODEL


class Question(models.Model):
    """`gap` are the words between brackets in the draft; empty: there was nothing to draft from at all."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="questions")
    draft = models.ForeignKey(Draft, models.SET_NULL, null=True, related_name="questions")
    gap = models.CharField(max_length=80, blank=True)
    text = models.CharField(max_length=300)
    asked = models.CharField(max_length=300, blank=True, help_text="The customer's own words, details masked.")
    knows = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+", help_text="Who may know.")
    knows_why = models.CharField(max_length=200, blank=True)
    answer = models.TextField(blank=True)
    answered_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)
    note = models.ForeignKey(Note, models.SET_NULL, null=True, related_name="+")
    proposal = models.ForeignKey(ArticleProposal, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        indexes: ClassVar = [
            models.Index(
                fields=["gap", "-answered_at"],
                condition=models.Q(answered_at__isnull=False),
                name="question_answered",
            )
        ]

    def __str__(self) -> str:
        return f"Question {self.pk}"
