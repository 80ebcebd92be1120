"""The daily mail of each person: the row is the queue, and sees to it that nobody gets two."""

from typing import ClassVar

from django.conf import settings
from django.db import models


class DailyMail(models.Model):
    """Holds no word of what it says: that is looked up when it leaves.

    `sending` is where it stays if a worker dies in the middle: it may have left, and is not sent again.
    """

    class State(models.TextChoices):
        DUE = "due"
        SENDING = "sending"
        SENT = "sent"
        EMPTY = "empty"
        FAILED = "failed"

    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    day = models.DateField(help_text="In the person's own zone.")
    state = models.CharField(max_length=7, choices=State.choices, default=State.DUE)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["person", "day"], name="one_mail_a_day")]
        indexes: ClassVar = [
            models.Index(fields=["due_at"], condition=models.Q(state="due"), name="daily_mail_due")
        ]

    def __str__(self) -> str:
        return f"Mail of {self.day} to person {self.person_id}"
