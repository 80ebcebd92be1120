"""How the house's texts change: every wording that stood, and the changes that people propose."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from copilot.models.decision import Signal
from copilot.models.knowledge import Article, SavedReply
from interactions.models import Conversation
from people.models import Team

USER = settings.AUTH_USER_MODEL


class TextVersion(models.Model):
    """One wording of an article or a saved reply, kept when the next one took its place."""

    article = models.ForeignKey(Article, models.CASCADE, null=True, related_name="versions")
    saved_reply = models.ForeignKey(SavedReply, models.CASCADE, null=True, related_name="versions")
    n = models.PositiveIntegerField()
    title = models.CharField(max_length=200)
    text = models.TextField()
    why = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["article", "n"], name="one_article_version"),
            models.UniqueConstraint(fields=["saved_reply", "n"], name="one_saved_reply_version"),
            models.CheckConstraint(
                condition=models.Q(article=None) ^ models.Q(saved_reply=None), name="version_of_one_text"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.n}"


class ArticleProposal(models.Model):
    """A change to an article that waits for its owner or a lead: `before` becomes `after` in its body.

    Without an article it proposes a new one, of the text `after`. `title` empty: the title stays.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed"
        ACCEPTED = "accepted"
        DECLINED = "declined"

    class Origin(models.TextChoices):
        CORRECTION = "correction", "A correction in a reply"
        ANSWER = "answer", "An answer to the copilot"
        PERSON = "person", "A colleague"

    article = models.ForeignKey(Article, models.CASCADE, null=True, related_name="proposals")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    origin = models.CharField(max_length=10, choices=Origin.choices)
    title = models.CharField(max_length=200, blank=True)
    before = models.TextField(blank=True)
    after = models.TextField()
    why = models.CharField(max_length=300, blank=True)
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    decided_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["team", "-id"], condition=models.Q(state="proposed"), name="proposal_open")
        ]

    def __str__(self) -> str:
        return f"Proposal {self.pk}: {self.state}"


class ProposalEvidence(models.Model):
    """A reply in which a person said it so; shown to those who may see its conversation."""

    proposal = models.ForeignKey(ArticleProposal, models.CASCADE, related_name="evidence")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    signal = models.ForeignKey(Signal, models.CASCADE, null=True, related_name="+")
    drafted = models.TextField(blank=True)
    sent = models.TextField()
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["proposal", "signal"], name="a_signal_proves_once")
        ]

    def __str__(self) -> str:
        return f"Evidence of proposal {self.proposal_id}"
