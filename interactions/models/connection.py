"""A CRM's door: its secrets, every raw delivery it made, and what was turned away."""

import json
import uuid
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from people.models import ApiKey, Team
from people.secretbox import seal, unseal

USER = settings.AUTH_USER_MODEL


@lru_cache(maxsize=256)
def _opened(sealed: str) -> Any:
    """Unsealing costs more than the rest of a check, and the same seal always opens the same."""
    return json.loads(unseal(sealed))


class Connection(models.Model):
    """One CRM that pushes to us and takes our replies. Secrets are stored sealed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(max_length=80)
    kind = models.CharField(max_length=20, default="generic")
    team = models.ForeignKey(Team, models.PROTECT, related_name="connections")
    deliver_to = models.URLField(max_length=500, blank=True)
    sealed_secrets = models.TextField(help_text="Sealed JSON list, the newest first; two at most.")
    overlap_ends_at = models.DateTimeField(
        null=True, blank=True, help_text="Only the newest secret is valid from then on."
    )
    api_key = models.OneToOneField(ApiKey, models.SET_NULL, null=True, blank=True)
    config = models.JSONField(default=dict, blank=True, help_text="The kind's settings that are no secret.")
    sealed_credentials = models.TextField(
        blank=True, help_text="Sealed JSON object: the kind's secret settings."
    )
    subscriptions = models.JSONField(
        null=True, blank=True, help_text="Types of events that it is told; null: all that it can take."
    )
    hears_team = models.BooleanField(
        default=False, help_text="Is also told of the team's conversations that came another way."
    )
    failures = models.PositiveIntegerField(default=0, help_text="Deliveries that failed one after another.")
    rests_until = models.DateTimeField(null=True, blank=True, help_text="No delivery is tried before.")
    paused_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    version = ""  # of the row, where it was read at the door

    def __str__(self) -> str:
        return self.name

    @property
    def secrets(self) -> list[str]:
        """Those that are valid now, the newest first."""
        kept: list[str] = _opened(self.sealed_secrets)
        is_over = self.overlap_ends_at is not None and self.overlap_ends_at <= timezone.now()
        return kept[:1] if is_over else list(kept)

    def set_secrets(self, secrets: list[str]) -> None:
        """Keep the newest two, so that a rotation has an overlap."""
        self.sealed_secrets = seal(json.dumps(secrets[:2]))

    @property
    def credentials(self) -> dict[str, str]:
        return dict(_opened(self.sealed_credentials)) if self.sealed_credentials else {}

    def set_credentials(self, credentials: Mapping[str, str]) -> None:
        self.sealed_credentials = seal(json.dumps(dict(credentials)))


class InboxEvent(models.Model):
    """One raw delivery, kept before it is answered; applied once."""

    class State(models.TextChoices):
        RECORDED = "recorded"
        RETRY = "retry"
        APPLIED = "applied"
        IGNORED = "ignored"
        DEAD = "dead"

    DUE: ClassVar = (State.RECORDED, State.RETRY)
    DONE: ClassVar = (State.APPLIED, State.IGNORED, State.DEAD)

    id = models.BigAutoField(primary_key=True)
    connection = models.ForeignKey(Connection, models.CASCADE, related_name="events")
    key = models.CharField(max_length=200)
    type = models.CharField(max_length=60, blank=True)
    body = models.BinaryField(help_text="Emptied after 30 days.")
    fetched = models.BinaryField(null=True, blank=True, help_text="What the event only pointed at.")
    is_history = models.BooleanField(
        default=False, db_default=False, help_text="Told late on purpose: no draft is opened."
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECORDED)
    reason = models.CharField(max_length=500, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    due_at = models.DateTimeField()
    received_at = models.DateTimeField()
    applied_at = models.DateTimeField(null=True)
    conversation = models.ForeignKey("interactions.Conversation", models.SET_NULL, null=True, related_name="+")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "key"], name="event_arrives_once")
        ]
        indexes: ClassVar = [
            models.Index(
                fields=["due_at"],
                condition=models.Q(state__in=["recorded", "retry"]),
                name="event_due",
            ),
            models.Index(fields=["connection", "-id"], name="event_by_connection"),
            models.Index(fields=["connection", "id"], condition=models.Q(state="dead"), name="event_dead"),
            models.Index(
                fields=["received_at"],
                condition=models.Q(state__in=["applied", "ignored", "dead"]) & ~models.Q(body=b""),
                name="event_with_body",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.key}"


class Refusal(models.Model):
    """Deliveries turned away at the door, counted by hour and reason; their bodies are not kept."""

    connection = models.ForeignKey(Connection, models.CASCADE, related_name="refusals")
    hour = models.DateTimeField()
    reason = models.CharField(max_length=120)
    count = models.PositiveIntegerField(default=1)
    last_at = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["connection", "hour", "reason"], name="refusal_counted")
        ]

    def __str__(self) -> str:
        return f"{self.reason} ({self.count})"
