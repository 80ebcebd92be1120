"""What one team offers to another, and what became of it there."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from copilot.models.knowledge import Article, SavedReply
from copilot.models.lesson import Lesson
from people.models import Team

USER = settings.AUTH_USER_MODEL


class Offer(models.Model):
    """What one team's lesson, article or saved reply would be to another: its words, its record, the answer.

    It acts by nothing but a person's yes; while it is open, one edit of the team's own is enough, not two.
    `evidence` names the teams of what belongs together; `together`: such a proposal alone, gone with it.
    """

    class Kind(models.TextChoices):
        REPLACE = "replace", "Wording"
        GREETING = "greeting", "Greeting"
        CLOSING = "closing", "Closing"
        OPENING = "opening", "Opening sentence"
        INSERT = "insert", "Added sentence"
        DELETE = "delete", "Left out"
        ORDER = "order", "Order"
        LENGTH = "length", "Length"
        ARTICLE = "article", "Article"
        SAVED = "saved", "Saved reply"

    class State(models.TextChoices):
        OPEN = "open", "Offered"
        ACCEPTED = "accepted", "Accepted"
        ADAPTED = "adapted", "Accepted in other words"
        CONFIRMED = "confirmed", "Learnt by itself"
        DECLINED = "declined", "Declined"

    lesson = models.ForeignKey(Lesson, models.SET_NULL, null=True, related_name="offers")
    from_team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    team = models.ForeignKey(Team, models.CASCADE, related_name="offers")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    language = models.CharField(max_length=8, blank=True)
    before = models.CharField(max_length=400, blank=True)
    after = models.CharField(max_length=400, blank=True)
    heading = models.CharField(
        max_length=200, blank=True, default="", db_default="", help_text="An article's or saved reply's title."
    )
    body = models.TextField(blank=True, default="", db_default="", help_text="Its text, masked.")
    article = models.ForeignKey(Article, models.SET_NULL, null=True, related_name="offers")
    saved_reply = models.ForeignKey(SavedReply, models.SET_NULL, null=True, related_name="offers")
    key = models.CharField(max_length=64)
    agree = models.PositiveIntegerField(help_text="Conversations that speak for it in the team it is from.")
    kept = models.PositiveIntegerField(default=0, help_text="Replies that were sent with it, there.")
    of = models.PositiveIntegerField(default=0, help_text="Drafts that it had shaped, there.")
    evidence = models.JSONField(
        default=list, db_default=[], help_text="[{team, name, agree, of}], of what belongs together."
    )
    together = models.BooleanField(default=False, db_default=False)
    state = models.CharField(max_length=9, choices=State.choices, default=State.OPEN)
    why = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    made = models.ForeignKey(Lesson, models.SET_NULL, null=True, related_name="origins")
    made_article = models.ForeignKey(Article, models.SET_NULL, null=True, related_name="origins")
    made_reply = models.ForeignKey(SavedReply, models.SET_NULL, null=True, related_name="origins")
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "key"], name="offered_once_to_a_team"),
        ]

    def __str__(self) -> str:
        return f"Offer {self.pk}: {self.state}"

    @property
    def title(self) -> str:
        """What is offered, as a sentence; a lesson and an article that belong together are both named."""
        told = f"{self.Kind.SAVED.label if self.kind == self.Kind.SAVED else 'Article'} “{self.heading}”"
        if self.kind in (self.Kind.ARTICLE, self.Kind.SAVED):
            return told
        lesson = Lesson(kind=self.kind, before=self.before, after=self.after).title
        return f"{lesson}, with the {told[:1].lower()}{told[1:]}" if self.heading else lesson

    @property
    def has_lesson(self) -> bool:
        return self.kind not in (self.Kind.ARTICLE, self.Kind.SAVED)

    @property
    def has_text(self) -> bool:
        return bool(self.heading)
