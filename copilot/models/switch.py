"""Where drafting is off, on request, or always on. The most specific switch wins."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from customers.models import Account
from people.models import Team, User

USER = settings.AUTH_USER_MODEL


class DraftingSwitch(models.Model):
    class Mode(models.TextChoices):
        OFF = "off", "Off"
        ON_REQUEST = "on_request", "On request"
        ALWAYS = "always", "Always"

    team = models.ForeignKey(Team, models.CASCADE, related_name="switches")
    account = models.ForeignKey(Account, models.CASCADE, null=True, blank=True, related_name="+")
    topic = models.CharField(max_length=80, blank=True)
    channel = models.CharField(max_length=20, blank=True)
    mode = models.CharField(max_length=10, choices=Mode.choices)
    pilot: "models.ManyToManyField[User, models.Model]" = models.ManyToManyField(
        USER, blank=True, related_name="+", help_text="When set, only for these people."
    )
    set_by = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    set_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(
                fields=["team", "account", "topic", "channel"],
                name="one_switch_a_place",
                nulls_distinct=False,
            )
        ]

    def __str__(self) -> str:
        return f"{self.team_id} {self.channel or 'all'}: {self.mode}"
