"""Another wording of a draft, written on request and told apart by a name such as "shorter"."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from copilot.models.draft import Draft

USER = settings.AUTH_USER_MODEL


class Alternative(models.Model):
    """The row is the queue: `lease_until` in the future means that a worker is at it."""

    class State(models.TextChoices):
        QUEUED = "queued"
        READY = "ready"
        FAILED = "failed"

    MOST: ClassVar = 3

    draft = models.ForeignKey(Draft, models.CASCADE, related_name="alternatives")
    way = models.CharField(max_length=80, help_text="How it differs, in a word or a few.")
    state = models.CharField(max_length=8, choices=State.choices, default=State.QUEUED)
    text = models.TextField(blank=True)
    sources = models.JSONField(default=list)
    checks = models.JSONField(default=list)
    goals = models.JSONField(default=list, db_default=[])
    failure = models.CharField(max_length=40, blank=True, help_text="A code; see drafting.failures")
    cost_micros = models.PositiveIntegerField(default=0, help_text="Millionths of a US dollar.")
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["pk"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["draft", "way"], name="one_alternative_a_way")]
        indexes: ClassVar = [
            models.Index(fields=["id"], condition=models.Q(state="queued"), name="alternative_due")
        ]

    def __str__(self) -> str:
        return f"{self.way} of draft {self.draft_id}: {self.state}"
