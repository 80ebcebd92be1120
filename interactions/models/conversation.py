"""Conversations and what was said in them."""

from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVector
from django.db import models

from customers.models import Account, Contact, Goal, Note, Promise
from interactions.models.connection import Connection
from people.models import Team

USER = settings.AUTH_USER_MODEL


class Conversation(models.Model):
    class Status(models.TextChoices):
        OPEN = "open"
        SNOOZED = "snoozed"
        RESOLVED = "resolved"

    team = models.ForeignKey(Team, models.PROTECT, related_name="conversations")
    connection = models.ForeignKey(
        Connection, models.SET_NULL, null=True, blank=True, related_name="conversations"
    )
    external_id = models.CharField(max_length=200, blank=True)
    account = models.ForeignKey(Account, models.SET_NULL, null=True, blank=True, related_name="conversations")
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="conversations")
    subject = models.CharField(max_length=300, blank=True)
    channel = models.CharField(max_length=20, default="email")
    language = models.CharField(max_length=8, blank=True)
    topic = models.CharField(max_length=80, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    assignee = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="conversations")
    snoozed_until = models.DateTimeField(null=True, blank=True)
    waiting_since = models.DateTimeField(
        null=True, blank=True, help_text="When the oldest unanswered customer message was sent."
    )
    last_message_at = models.DateTimeField()
    version = models.PositiveIntegerField(default=1)
    created_at = models.DateTimeField()
    labels = models.JSONField(default=list, blank=True)
    told_at = models.JSONField(
        default=dict,
        blank=True,
        help_text="When what stands was told: the newest word on status, assignee and labels, else the oldest.",
    )
    rating = models.PositiveSmallIntegerField(null=True, blank=True, help_text="1 (bad) to 5 (good).")
    rating_comment = models.TextField(blank=True)
    rated_at = models.DateTimeField(null=True, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    reopened_at = models.DateTimeField(
        null=True, blank=True, help_text="The customer wrote after it was resolved."
    )
    asked_again_at = models.DateTimeField(
        null=True, blank=True, help_text="The contact opened another within 7 days of this one's resolution."
    )

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "external_id"],
                condition=~models.Q(external_id=""),
                name="conversation_is_unique",
            )
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["team", "waiting_since", "id"],
                condition=models.Q(status="open"),
                name="conversation_team_open",
            ),
            models.Index(
                fields=["assignee", "waiting_since", "id"],
                condition=models.Q(status="open"),
                name="conversation_mine_open",
            ),
            models.Index(fields=["account", "-last_message_at"], name="conversation_by_account"),
            models.Index(fields=["contact", "-last_message_at"], name="conversation_by_contact"),
            models.Index(
                fields=["snoozed_until"],
                condition=models.Q(status="snoozed"),
                name="conversation_snoozed",
            ),
            GinIndex(SearchVector("subject", config="simple"), name="conversation_words"),
        ]

    def __str__(self) -> str:
        return self.subject or f"Conversation {self.pk}"


class Message(models.Model):
    """One thing said. `by` tells who: a customer, a colleague, or a colleague's internal note."""

    class By(models.TextChoices):
        CUSTOMER = "customer"
        COLLEAGUE = "colleague"
        NOTE = "note"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="messages")
    by = models.CharField(max_length=10, choices=By.choices)
    contact = models.ForeignKey(Contact, models.SET_NULL, null=True, blank=True, related_name="+")
    person = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    author_name = models.CharField(max_length=200, blank=True)
    external_id = models.CharField(max_length=200, blank=True)
    text = models.TextField()
    html = models.TextField(blank=True, help_text="Sanitised; empty for plain text.")
    quoted = models.TextField(blank=True, help_text="The older mail a reply drags along.")
    to = models.JSONField(default=list, blank=True)
    cc = models.JSONField(default=list, blank=True)
    attachments = models.JSONField(default=list, blank=True)
    automatic = models.CharField(
        max_length=20, blank=True, help_text="bounce, auto_reply or newsletter; empty for people."
    )
    unproven = models.BooleanField(
        default=False, db_default=False, help_text="It says who sent it, and the proof failed."
    )
    sent_at = models.DateTimeField()
    received_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["conversation", "external_id"],
                condition=~models.Q(external_id=""),
                name="message_is_unique",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["conversation", "sent_at", "id"], name="message_in_order"),
            models.Index(
                fields=["external_id"],
                condition=models.Q(external_id__startswith="<"),
                name="message_by_message_id",
            ),
            GinIndex(SearchVector("text", config="simple"), name="message_words"),
        ]

    def __str__(self) -> str:
        return f"{self.by} message {self.pk}"


class Quote(models.Model):
    """Ties a note, promise or goal to the message it was taken from, word for word."""

    message = models.ForeignKey(Message, models.CASCADE, related_name="quotes")
    note = models.ForeignKey(Note, models.CASCADE, null=True, blank=True, related_name="quotes")
    promise = models.ForeignKey(Promise, models.CASCADE, null=True, blank=True, related_name="quotes")
    goal = models.ForeignKey(Goal, models.CASCADE, null=True, blank=True, related_name="quotes")
    text = models.TextField()
    closes = models.BooleanField(
        default=False, db_default=False, help_text="The words by which the promise was kept."
    )

    def __str__(self) -> str:
        return self.text[:60]


class Escalation(models.Model):
    class State(models.TextChoices):
        OPEN = "open"
        TAKEN = "taken"
        ANSWERED = "answered"
        RETURNED = "returned"

    class Reason(models.TextChoices):
        ABOVE_LIMIT = "above_limit", "Above my limit"
        NEEDS_EXPERT = "needs_expert", "Needs an expert"
        POLICY = "policy", "Policy question"
        UNHAPPY = "unhappy", "Unhappy customer"
        OTHER = "other", "Other"

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="escalations")
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    to_person = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="escalations")
    to_team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=16, choices=Reason.choices, default=Reason.OTHER)
    question = models.TextField(blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["conversation"],
                condition=models.Q(state__in=["open", "taken"]),
                name="escalation_open",
            )
        ]

    def __str__(self) -> str:
        return f"Escalation of conversation {self.conversation_id}"
