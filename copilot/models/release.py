"""Which replies need a second person's yes before they leave: by customer, by topic, by amount."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from customers.models import Account
from interactions.models import ReleaseBy
from people.models import Team

USER = settings.AUTH_USER_MODEL


class ReleaseRule(models.Model):
    """Of a customer for every team, or of one team for a topic or for amounts above a limit."""

    account = models.OneToOneField(Account, models.CASCADE, null=True, blank=True, related_name="release_rule")
    team = models.ForeignKey(Team, models.CASCADE, null=True, blank=True, related_name="release_rules")
    topic = models.CharField(max_length=80, blank=True)
    above = models.DecimalField(
        max_digits=12, decimal_places=2, null=True, blank=True, help_text="In whatever currency it is written."
    )
    by = models.CharField(max_length=16, choices=ReleaseBy.choices[1:])
    reason = models.CharField(max_length=200, blank=True)
    set_by = models.ForeignKey(USER, models.SET_NULL, null=True, blank=True, related_name="+")
    set_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(account__isnull=False, team=None, topic="", above=None)
                | models.Q(models.Q(topic="") ^ models.Q(above=None), account=None, team__isnull=False),
                name="release_rule_has_one_subject",
            ),
            models.UniqueConstraint(
                fields=["team", "topic"],
                condition=models.Q(team__isnull=False),
                name="one_release_rule_a_topic",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.account or self.topic or self.above}: {self.by}"
