"""Files that came with what was said, and those that are to leave with a reply."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from interactions.models.conversation import Conversation


class File(models.Model):
    """One file of a conversation, by what is in it. Messages and letters name it by its digest."""

    conversation = models.ForeignKey(Conversation, models.CASCADE, related_name="files")
    sha256 = models.CharField(max_length=64)
    name = models.CharField(max_length=200)
    type = models.CharField(max_length=100, blank=True)
    size = models.PositiveIntegerField(help_text="Bytes.")
    content = models.BinaryField()
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+",
        help_text="Who added it here; empty: it came with a message.",
    )  # fmt: skip
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["conversation", "sha256"], name="file_once_a_conversation")
        ]

    def __str__(self) -> str:
        return self.name
