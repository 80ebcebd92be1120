"""Answers kept for a day, so that a repeated POST gets the first answer again."""

from typing import ClassVar

from django.db import models

from people.models import ApiKey


class IdempotentAnswer(models.Model):
    api_key = models.ForeignKey(ApiKey, models.CASCADE)
    key = models.CharField(max_length=200)
    fingerprint = models.CharField(max_length=64, help_text="sha256 of method, path and body.")
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty while it is worked on.")
    body = models.BinaryField(default=b"")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["api_key", "key"], name="answered_once")]

    def __str__(self) -> str:
        return self.key
