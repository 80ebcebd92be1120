"""What leaves, and who allowed it. The database refuses a reply nobody approved to the byte, and one that
needs a second person's yes until that is there."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from interactions.models.connection import Connection
from interactions.models.conversation import Conversation, Message
from people.models import ApiKey

USER = settings.AUTH_USER_MODEL


class ReleaseBy(models.TextChoices):
    """Whose yes a reply needs besides its approver's."""

    NOBODY = "", "Nobody"
    LEAD = "lead", "A lead"
    ACCOUNT_MANAGER = "account_manager", "The account manager"


class Approval(models.Model):
    """A named person said yes to exactly these bytes, and under whose release."""

    person = models.ForeignKey(USER, models.PROTECT, related_name="approvals")
    key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, blank=True)
    digest = models.BinaryField(max_length=32)
    release_by = models.CharField(
        max_length=16, choices=ReleaseBy.choices, blank=True, default="", db_default=""
    )
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        # What the composite foreign keys of OutboxMessage and Release point at.
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["id", "digest", "release_by"], name="approval_of_digest"),
            models.UniqueConstraint(fields=["id", "person"], name="approval_of_person"),
        ]

    def __str__(self) -> str:
        return f"Approval {self.pk}"


class Release(models.Model):
    """The yes of a second person, in the role that the approval named, to the very same bytes.

    `approver`, `digest` and `role` repeat the approval's, tied by composite foreign keys, so that the CHECK
    below compares the two people in the database itself.
    """

    approval = models.OneToOneField(Approval, models.CASCADE, related_name="release")
    approver = models.ForeignKey(USER, models.PROTECT, related_name="+")
    digest = models.BinaryField(max_length=32)
    role = models.CharField(max_length=16, choices=ReleaseBy.choices)
    person = models.ForeignKey(USER, models.PROTECT, related_name="releases")
    key = models.ForeignKey(ApiKey, models.SET_NULL, null=True, blank=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(person=models.F("approver")), name="release_by_another_person"
            ),
            models.CheckConstraint(condition=~models.Q(role=""), name="release_in_a_role"),
            models.UniqueConstraint(fields=["id", "approval", "digest"], name="release_of_approval"),
        ]

    def __str__(self) -> str:
        return f"Release {self.pk}"


class OutboxMessage(models.Model):
    """One thing to deliver. `id` is the idempotency key and never changes over retries."""

    class Kind(models.TextChoices):
        REPLY = "reply"
        EVENT = "event"

    class State(models.TextChoices):
        WAITING = "waiting"  # for its release
        PENDING = "pending"
        SENDING = "sending"
        RETRY = "retry"
        SENT = "sent"
        UNKNOWN = "unknown"
        DEAD = "dead"
        CANCELLED = "cancelled"
        RETURNED = "returned"  # to its approver, by whoever was to release it

    DUE: ClassVar = (State.PENDING, State.RETRY)
    NOT_LEFT: ClassVar = (State.WAITING, State.PENDING)
    NEVER_LEFT: ClassVar = (State.CANCELLED, State.RETURNED)
    MAY_HAVE_LEFT: ClassVar = (State.SENDING, State.RETRY, State.SENT, State.UNKNOWN)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=6, choices=Kind.choices)
    type = models.CharField(max_length=40, help_text="The event's type, or reply.approved.")
    connection = models.ForeignKey(
        Connection, models.SET_NULL, null=True, blank=True, related_name="deliveries"
    )
    conversation = models.ForeignKey(
        Conversation, models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    payload = models.BinaryField(help_text="The canonical bytes; for a reply, what was approved.")
    digest = models.GeneratedField(
        expression=models.Func("payload", function="sha256"),
        output_field=models.BinaryField(max_length=32),
        db_persist=True,
    )
    approval = models.OneToOneField(Approval, models.PROTECT, null=True, blank=True, related_name="outbox")
    release_by = models.CharField(
        max_length=16, choices=ReleaseBy.choices, blank=True, default="", db_default=""
    )
    release = models.OneToOneField(Release, models.PROTECT, null=True, blank=True, related_name="outbox")
    message = models.OneToOneField(Message, models.SET_NULL, null=True, blank=True, related_name="delivery")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    reason = models.CharField(max_length=500, blank=True)
    external_id = models.CharField(max_length=200, blank=True, help_text="The CRM's id of what it made of it.")
    person = models.ForeignKey(
        USER,
        models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Who acted, for an event; who returned it, for a reply.",
    )
    created_at = models.DateTimeField(auto_now_add=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=~models.Q(kind="reply") | models.Q(approval__isnull=False),
                name="reply_needs_approval",
            ),
            models.CheckConstraint(
                condition=models.Q(kind="reply", type="reply.approved")
                | models.Q(~models.Q(type="reply.approved"), kind="event"),
                name="reply_stays_a_reply",
            ),
            models.CheckConstraint(
                condition=models.Q(release_by="")
                | models.Q(release__isnull=False)
                | models.Q(state__in=["waiting", "cancelled", "returned"]),
                name="reply_waits_for_release",
            ),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["connection", "due_at"],
                condition=models.Q(state__in=["pending", "retry"]),
                name="outbox_due_by_receiver",
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state="unknown", lease_until__isnull=False),
                name="outbox_to_ask",
            ),
            models.Index(
                fields=["lease_until"],
                condition=models.Q(state="sending"),
                name="outbox_leased",
            ),
            models.Index(
                fields=["conversation"],
                condition=models.Q(state="waiting"),
                name="outbox_to_release",
            ),
            models.Index(fields=["connection", "-created_at"], name="outbox_by_connection"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.pk}"

    def last_try(self) -> "models.QuerySet[Attempt]":
        """What its log says of the last try: after a replay the numbers begin anew."""
        return self.log.filter(number=self.attempts, at__gte=self.due_at)


class Attempt(models.Model):
    """One try to deliver: what came back, and how long it took."""

    outbox = models.ForeignKey(OutboxMessage, models.CASCADE, related_name="log")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField()
    duration_ms = models.PositiveIntegerField()
    status = models.PositiveSmallIntegerField(null=True, blank=True)
    result = models.CharField(max_length=10)
    answer = models.TextField(blank=True, help_text="The first 1 KiB of the receiver's answer.")

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"Attempt {self.number}"
