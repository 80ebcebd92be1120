"""Give every text its vector. The row is the queue: `embedded_with` other than the model in use is due.

Work goes in batches that are claimed by row locks and committed one by one, so it can be stopped at any
moment and goes on where it was; two workers never do the same row.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from copilot.context import vectors
from copilot.context.embedder import Embedder, name_in_use
from copilot.models import Article, PastReply, SavedReply

EMBED = "copilot.tasks.embed"
BATCH = 32
MOST_BATCHES = 20  # of one task, which then lets others pass and is rung again


@dataclass(frozen=True, slots=True)
class Kind:
    name: str
    rows: QuerySet[Any]
    said: Callable[[Any], str]


KINDS = (
    Kind("article", Article.objects.all(), lambda row: f"{row.title}\n{row.body}"),
    Kind("saved_reply", SavedReply.objects.all(), lambda row: f"{row.title}\n{row.text}"),
    Kind("past_reply", PastReply.objects.all(), lambda row: row.asked),
)


@dataclass(frozen=True, slots=True)
class Progress:
    done: int
    due: int


def embed_due(most_batches: int = MOST_BATCHES) -> int:
    """So many batches of what is due, newest first; how many rows were done."""
    model, done = vectors.model(), 0
    if model is None:
        return 0
    for _ in range(most_batches):
        batch = next((n for kind in KINDS if (n := _batch(kind, model))), 0)
        if not batch:
            break
        done += batch
    return done


@transaction.atomic
def _batch(kind: Kind, model: Embedder) -> int:
    """A text that is rewritten meanwhile waits for the lock, and is due again after it."""
    due = _due(kind, model.name).select_for_update(skip_locked=True, of=("self",))
    rows = list(due.defer("vector").order_by("-pk")[:BATCH])
    if not rows:
        return 0
    found = model.embed([kind.said(row) for row in rows])
    vectors.keep(
        kind.name,
        (
            (row.pk, getattr(row, "team_id", None), getattr(row, "conversation_id", None), numbers)
            for row, numbers in zip(rows, found, strict=True)
        ),
    )
    type(rows[0]).objects.filter(pk__in=[row.pk for row in rows]).update(embedded_with=model.name)
    return len(rows)


def _due(kind: Kind, name: str) -> QuerySet[Any]:
    """As two ranges, which an index can answer."""
    return kind.rows.filter(Q(embedded_with__lt=name) | Q(embedded_with__gt=name))


def progress() -> dict[str, Progress]:
    """Of each kind how many texts have their vector and how many are due."""
    name = name_in_use()
    return {
        kind.name: Progress(kind.rows.filter(embedded_with=name).count(), _due(kind, name).count())
        for kind in KINDS
    }


def standing() -> str:
    """How texts are found here, in a sentence for people."""
    name = name_in_use()
    if not name:
        return "Found by their words alone: no embedder is installed."
    if not vectors.has_room():
        return "Found by their words alone: the database does not offer the extension pgvector."
    rest = "; some are still to be read" if due() else ""
    return f"Found by their words and by their meaning ({name}){rest}."


def due() -> list[int]:
    """One message for all rows: the work is the same whoever rings. Empty where nothing is due."""
    name = name_in_use()
    ready = name and vectors.has_room() and any(_due(kind, name).exists() for kind in KINDS)
    return [0] if ready else []
