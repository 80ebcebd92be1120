"""Vectors of texts. Their table is there only where the database has pgvector; Rapport runs without it.

Migrations know of the model, and `context.vectors.prepare` makes the table after every `migrate`.
"""

from collections.abc import Sequence

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper

DIMENSIONS = 384


class HalfVector(models.Field):
    """pgvector's half-precision numbers, written as `[0.1,-0.2,...]`."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str:
        return f"halfvec({DIMENSIONS})"

    def get_prep_value(self, value: Sequence[float] | str) -> str:
        return value if isinstance(value, str) else written(value)


def written(numbers: Sequence[float]) -> str:
    return "[" + ",".join(f"{number:.5g}" for number in numbers) + "]"


class Embedding(models.Model):
    """Of one past reply (with the team and the conversation it came from), saved reply or article.

    Plain numbers here and foreign keys that cascade in the database: deleting a text must not ask a
    table that may not be there.
    """

    past_reply_id = models.BigIntegerField(null=True, unique=True)
    saved_reply_id = models.BigIntegerField(null=True, unique=True)
    article_id = models.BigIntegerField(null=True, unique=True)
    team_id = models.BigIntegerField(null=True, db_index=True)
    conversation_id = models.BigIntegerField(null=True)
    numbers = HalfVector()

    def __str__(self) -> str:
        return f"Embedding {self.pk}"
