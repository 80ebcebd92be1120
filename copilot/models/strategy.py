"""How to go on with an account: what its manager says, the rounds that explored it, and what was decided.

Three tables and no more. A round is the whole board (assumptions, and scenarios that rest on them) as one JSON
value, because what is kept of a round is how all of it stood together: rows for scenarios and assumptions would
have to be copied whole at every round, nothing ever looks for a single line across strategies, and one column
is one answer to what an erasure must reach. The decision is a row of its own: it is written once, and what
really came of it is added at the revisit date.
"""

from typing import ClassVar

from django.conf import settings
from django.db import models

from customers.models import Account

USER = settings.AUTH_USER_MODEL


class Strategy(models.Model):
    """The row is the queue: with `due_at` the copilot is to make another round. `version` rises with each
    change, so that two who look at the same board do not overwrite each other."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="strategies")
    owner = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    aim = models.TextField()
    constraints = models.TextField(blank=True)
    people = models.TextField(blank=True, help_text="What is known about the people, in the owner's words.")
    instruction = models.CharField(max_length=1000, blank=True, help_text="For the round that is due.")
    version = models.PositiveIntegerField(default=1)
    due_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=40, blank=True, help_text="A code; see drafting.failures")
    cost_micros = models.PositiveBigIntegerField(default=0, help_text="Millionths of a US dollar.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(due_at__isnull=False), name="strategy_due")
        ]

    def __str__(self) -> str:
        return f"Strategy {self.pk} for account {self.account_id}"


class StrategyRound(models.Model):
    """The copilot's, or a person's, whose changes in a row are one round (`by` is empty once they are gone)."""

    strategy = models.ForeignKey(Strategy, models.CASCADE, related_name="rounds")
    n = models.PositiveSmallIntegerField()
    board = models.JSONField(default=dict, help_text="See copilot.board.Board.")
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    by_copilot = models.BooleanField(default=False)
    instruction = models.CharField(max_length=1000, blank=True, help_text="What the copilot was asked.")
    dropped = models.PositiveSmallIntegerField(default=0, help_text="Evidence whose words stood nowhere.")
    engine = models.CharField(max_length=20, blank=True)
    model = models.CharField(max_length=80, blank=True)
    prompt_version = models.CharField(max_length=40, blank=True)
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering: ClassVar = ["n"]
        constraints: ClassVar = [models.UniqueConstraint(fields=["strategy", "n"], name="strategy_round_n")]

    def __str__(self) -> str:
        return f"Round {self.n} of strategy {self.strategy_id}"


class StrategyDecision(models.Model):
    """What was chosen and what was not, each with its reason; `lines` hold key, title, chosen and why."""

    strategy = models.OneToOneField(Strategy, models.CASCADE, related_name="decision")
    round = models.ForeignKey(StrategyRound, models.CASCADE, related_name="+")
    lines = models.JSONField(default=list)
    expected = models.TextField()
    revisit_on = models.DateField()
    by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField(auto_now_add=True)
    actual = models.TextField(blank=True)
    actual_by = models.ForeignKey(USER, models.SET_NULL, null=True, related_name="+")
    actual_at = models.DateTimeField(null=True)

    class Meta:
        indexes: ClassVar = [
            models.Index(
                fields=["revisit_on"], condition=models.Q(actual_at__isnull=True), name="strategy_revisit"
            )
        ]

    def __str__(self) -> str:
        return f"Decision on strategy {self.strategy_id}"
