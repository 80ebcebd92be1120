"""In our words: what a person typed and asked for, what a lead took out, and what was learnt of offering."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from interactions.models import Conversation
from people.models import Team

USER = settings.AUTH_USER_MODEL


class RoughText(models.Model):
    """What one person asked to have in the house's words, until their reply there leaves."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="+")
    person = models.ForeignKey(USER, models.CASCADE, related_name="+")
    typed = models.TextField()
    asked = models.JSONField(help_text="What was weighed then, see learning/sense.py.")
    at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "person"], name="one_rough_text_a_person")
        ]

    def __str__(self) -> str:
        return f"Rough text {self.pk}"


class UnwantedWording(models.Model):
    """A wording of the house that a lead took out of what is offered; its words stand in past replies alone."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="+")
    worded = models.CharField(max_length=16)
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["team", "worded"], name="unwanted_once_a_team")
        ]

    def __str__(self) -> str:
        return f"Not offered in team {self.team_id}: {self.worded}"


class HouseSense(models.Model):
    """What the house has learnt of offering its wordings, in numbers without a name: one row, or none yet.

    The bytes are C floats in the order of the machine that wrote them.
    """

    form = models.PositiveSmallIntegerField(help_text="Of another form than today's, it is learnt anew.")
    fitness = models.BinaryField()
    gains = models.BinaryField()
    harms = models.BinaryField()
    prices = models.JSONField()
    learnt = models.PositiveIntegerField(default=0, help_text="From so many replies.")
    learnt_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return f"Learnt from {self.learnt} replies"
