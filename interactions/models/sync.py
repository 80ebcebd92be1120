"""How a connection is kept in step: who is who, which field goes where, and what is being fetched."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from interactions.models.connection import Connection

USER = settings.AUTH_USER_MODEL


class AgentLink(models.Model):
    """A colleague in the CRM, and who that is here."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="agents")
    external_id = models.CharField(max_length=200)
    name = models.CharField(max_length=200, blank=True)
    email = models.CharField(max_length=254, blank=True)
    user = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "external_id"], name="agent_is_known_once")
        ]

    def __str__(self) -> str:
        return self.name or self.email or self.external_id


class FieldRule(models.Model):
    """Where a field of the CRM's goes here, and whether the model may see it."""

    class Kind(models.TextChoices):
        CONTACT = "contact"
        ACCOUNT = "account"
        RECORD = "record"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="field_rules")
    kind = models.CharField(max_length=8, choices=Kind.choices, help_text="What the field belongs to.")
    source = models.CharField(max_length=200, help_text="The CRM's name of it; dots step into objects.")
    target = models.CharField(
        max_length=200, help_text="A field of ours, `fields.<name>` for one of your own, or empty: left out."
    )
    may_reach_model = models.BooleanField(default=False)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "kind", "source"], name="field_is_mapped_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.source} to {self.target or 'nowhere'}"


class Sync(models.Model):
    """A standing or passing task of fetching from a CRM; the row is its queue and its progress."""

    class Kind(models.TextChoices):
        POLL = "poll"
        COMPARE = "compare"
        BACKFILL = "backfill"

    class State(models.TextChoices):
        DUE = "due"
        WORKING = "working"
        DONE = "done"
        STOPPED = "stopped"
        FAILED = "failed"

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="syncs")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DUE)
    cursor = models.JSONField(default=dict, blank=True)
    total = models.PositiveIntegerField(
        null=True, blank=True, help_text="Conversations, where the CRM says so."
    )
    seen = models.PositiveIntegerField(default=0, help_text="Events asked for so far.")
    report = models.JSONField(default=dict, blank=True, help_text="What differed and what was mended.")
    reason = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    fence = models.PositiveIntegerField(default=0)
    due_at = models.DateTimeField()
    lease_until = models.DateTimeField(null=True, blank=True)
    started_by = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["connection", "kind"],
                condition=models.Q(state__in=["due", "working"]),
                name="one_sync_of_a_kind",
            )
        ]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(state="due"), name="sync_due"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.connection_id}"
