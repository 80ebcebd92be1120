"""What a person decided about a draft, and the signal that teaches the next one."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models

from copilot.models.draft import Draft
from interactions.models import Conversation, Escalation, Message, OutboxMessage
from people.models import ApiKey, Team

USER = settings.AUTH_USER_MODEL


class Decision(models.Model):
    class Kind(models.TextChoices):
        APPROVE = "approve"
        EDIT = "edit"
        ESCALATE = "escalate"
        DISCARD = "discard"
        REDRAFT = "redraft"
        WRITE = "write"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="decisions")
    draft = models.ForeignKey(Draft, models.SET_NULL, null=True, blank=True, related_name="decisions")
    person = models.ForeignKey(USER, models.PROTECT, related_name="decisions")
    key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, blank=True, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    drafted = models.TextField(blank=True, help_text="The copilot's text at that moment.")
    text = models.TextField(blank=True, help_text="What the person decided to send.")
    reason = models.CharField(max_length=300, blank=True)
    instruction = models.CharField(max_length=1000, blank=True)
    ticks = models.JSONField(default=list)
    alternative = models.CharField(
        max_length=80,
        blank=True,
        default="",
        db_default="",
        help_text="Which wording was picked.",
    )
    outbox = models.OneToOneField(
        OutboxMessage, models.SET_NULL, null=True, blank=True, related_name="decision"
    )
    escalation = models.OneToOneField(
        Escalation, models.SET_NULL, null=True, blank=True, related_name="decision"
    )
    seconds = models.PositiveIntegerField(
        null=True, blank=True, help_text="From the draft being ready to the decision."
    )
    at = models.DateTimeField(auto_now_add=True)
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [models.Index(fields=["draft", "-id"], name="decision_by_draft")]

    def __str__(self) -> str:
        return f"{self.kind} by {self.person_id}"


class Signal(models.Model):
    """What one settled reply taught: the word edits between the draft and what was sent."""

    class State(models.TextChoices):
        PENDING = "pending"
        SETTLED = "settled"
        VOID = "void"

    class Kind(models.TextChoices):
        """What an edit changed, see learning/kinds.py; what weighs most stands first."""

        POLICY = "policy", "a rule"
        FACT = "fact", "a fact"
        PRIVACY = "privacy", "something private"
        CUSTOMER = "customer", "something about this customer"
        STRUCTURE = "structure", "order and length"
        TONE = "tone", "tone"
        FLUENCY = "fluency", "wording"

    class Reason(models.TextChoices):
        TONE = "tone", "Tone"
        WRONG_FACT = "wrong_fact", "Wrong fact"
        MISSING_FACT = "missing_fact", "Missing fact"
        POLICY = "policy", "Policy"
        LENGTH = "length", "Length"
        OTHER = "other", "Other"

    decision = models.OneToOneField(Decision, models.CASCADE, null=True, blank=True, related_name="signal")
    message = models.OneToOneField(
        Message, models.SET_NULL, null=True, blank=True, related_name="signal",
        help_text="Set when a colleague answered elsewhere.",
    )  # fmt: skip
    draft = models.ForeignKey(Draft, models.SET_NULL, null=True, related_name="signals")
    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="signals")
    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    person = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    drafted = models.TextField()
    sent = models.TextField()
    typed = models.TextField(
        blank=True,
        default="",
        db_default="",
        help_text="What the person had typed when they asked for our words.",
    )
    choice = models.JSONField(
        null=True, help_text="Of that offer: numbers from which choosing learns, see learning/sense.py."
    )
    choice_learnt_at = models.DateTimeField(null=True, blank=True, help_text="When choosing learnt from it.")
    script = models.JSONField(help_text="Word edits as [op, drafted words, sent words].")
    distance = models.FloatField(help_text="0 sent as drafted, 1 nothing kept.")
    body_distance = models.FloatField(help_text="The same without greeting and closing.")
    reason = models.CharField(max_length=12, choices=Reason.choices, blank=True)
    kinds = ArrayField(
        models.CharField(max_length=9, choices=Kind.choices),
        default=list,
        db_default=[],
        help_text="What the edit changed.",
    )
    named = models.JSONField(
        default=list,
        db_default=[],
        help_text="What a model named and edits bear out: kind, before, after.",
    )
    name_due_at = models.DateTimeField(null=True, help_text="When a model is asked what is behind it.")
    name_attempts = models.PositiveSmallIntegerField(default=0, db_default=0)
    named_at = models.DateTimeField(null=True)
    seconds = models.PositiveIntegerField(null=True)
    reading_seconds = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Which reading the draft takes, at 238 words a minute."
    )
    sources = models.JSONField(default=list)
    lessons = models.JSONField(default=list)
    alternative = models.CharField(max_length=80, blank=True, default="", db_default="")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PENDING)
    at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)
    learnt_at = models.DateTimeField(null=True, blank=True, help_text="When its lessons were mined.")

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["team", "-at"], name="signal_by_team"),
            models.Index(
                fields=["id"],
                condition=models.Q(state="settled", learnt_at=None),
                name="signal_due",
            ),
            models.Index(
                fields=["id"],
                condition=models.Q(state="settled", choice__isnull=False, choice_learnt_at=None),
                name="signal_choice_due",
            ),
            models.Index(
                fields=["name_due_at"], condition=models.Q(name_due_at__isnull=False), name="signal_name_due"
            ),
        ]

    def __str__(self) -> str:
        return f"Signal {self.pk}: {self.distance:.2f}"


class Brief(models.Model):
    """What the receiver of an escalation reads first."""

    escalation = models.OneToOneField(Escalation, models.CASCADE, related_name="brief")
    lines = models.JSONField(help_text="[{text, source}], each from a row of this customer.")

    def __str__(self) -> str:
        return f"Brief of escalation {self.escalation_id}"
