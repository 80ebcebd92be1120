"""What a team allows its copilot: how much drafts may cost, and how good a topic's record must be."""

from typing import ClassVar

from django.db import models

from people.models import Team


class DraftingLimits(models.Model):
    """One row a team; a team without one has the defaults, which limit no cost."""

    team = models.OneToOneField(Team, models.CASCADE, related_name="drafting_limits")
    day_micros = models.PositiveBigIntegerField(
        null=True, blank=True, help_text="Millionths of a US dollar a day of the team; empty: no limit."
    )
    month_micros = models.PositiveBigIntegerField(null=True, blank=True)
    sender_hour = models.PositiveIntegerField(
        null=True, blank=True, help_text="Drafts for one contact within an hour; empty: no limit."
    )
    sender_day = models.PositiveIntegerField(null=True, blank=True)
    enough = models.PositiveSmallIntegerField(
        default=20, help_text="With fewer decided drafts a topic is not judged."
    )
    most_wrong = models.PositiveSmallIntegerField(
        default=50, help_text="Percent rewritten, handed on or discarded from which the copilot abstains."
    )

    def __str__(self) -> str:
        return f"Limits of team {self.team_id}"


class Spending(models.Model):
    """What one team's drafts took on one of its days. It stays when the drafts are erased."""

    team = models.ForeignKey(Team, models.CASCADE, related_name="spending")
    day = models.DateField(help_text="In the team's own time zone.")
    drafts = models.PositiveIntegerField(default=0, help_text="Times a model was asked.")
    input = models.PositiveBigIntegerField(default=0)
    output = models.PositiveBigIntegerField(default=0)
    cache_read = models.PositiveBigIntegerField(default=0)
    cache_write = models.PositiveBigIntegerField(default=0)
    cost_micros = models.PositiveBigIntegerField(default=0, help_text="Millionths of a US dollar.")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["team", "day"], name="spending_a_day")]

    def __str__(self) -> str:
        return f"Team {self.team_id} on {self.day}"
