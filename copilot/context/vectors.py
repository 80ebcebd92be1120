"""Vectors in PostgreSQL: kept where the database has pgvector, and searched by distance.

A team of few replies is searched exactly; a large one by an index that looks on until enough of the
team are found. Whose rows may be seen is part of the search, not of what is done with its result.
"""

import time
from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache, lru_cache
from typing import Any

from django.db import DatabaseError, connection, transaction

from copilot.context.embedder import Embedder, embedder_in_use, name_in_use
from copilot.context.rarity import REMEMBERED_SECONDS
from copilot.models.embedding import Embedding, written
from people.models import Team

EXACT_BELOW = 20_000  # replies of one team
LOOKED_AT = 400  # by the index at a time: finds 0.85 of the ten nearest of 200,000 in clusters; 100 finds 0.71
TABLE = Embedding._meta.db_table
KINDS = ("past_reply", "saved_reply", "article")

INDEX = (
    f"CREATE INDEX embedding_near ON {TABLE} USING hnsw (numbers halfvec_cosine_ops)"
    " WHERE past_reply_id IS NOT NULL"
)
_REFERENCE = (
    f"ALTER TABLE {TABLE} ADD FOREIGN KEY ({{kind}}_id) REFERENCES copilot_{{table}} (id) ON DELETE CASCADE"
)


def prepare(**_: Any) -> bool:
    """After every migrate: make the table where the database has pgvector and it is not there yet."""
    if is_there():
        return True
    try:
        with transaction.atomic():
            _make()
    except DatabaseError:  # the extension is not offered, or this user may not create it
        return False
    return True


def _make() -> None:
    with connection.cursor() as cursor:
        cursor.execute("CREATE EXTENSION IF NOT EXISTS vector")
    with connection.schema_editor() as editor:
        editor.create_model(Embedding)
    with connection.cursor() as cursor:
        for kind in KINDS:
            cursor.execute(_REFERENCE.format(kind=kind, table=kind.replace("_", "")))
        cursor.execute(INDEX)


def is_there() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_regclass(%s) IS NOT NULL", [TABLE])
        return bool(cursor.fetchone()[0])


@cache
def has_room() -> bool:
    """Whether the table is there, looked up once a process."""
    return is_there()


def model() -> Embedder | None:
    """What can be used here: a model, and a database with room for its vectors."""
    return embedder_in_use() if name_in_use() and has_room() else None


@lru_cache(maxsize=8)
def _numbers(name: str, text: str) -> list[float]:
    found = embedder_in_use()
    return found.embed([text])[0] if found else []


def numbers_of(text: str, found: Embedder) -> list[float]:
    """Of a question that is asked of several kinds of text, once."""
    return _numbers(found.name, text)


def keep(kind: str, rows: Iterable[tuple[int, int | None, int | None, Sequence[float]]]) -> None:
    """Of each text: its id, its team and conversation (of a past reply), and its vector."""
    sql = (
        f"INSERT INTO {TABLE} ({kind}_id, team_id, conversation_id, numbers) VALUES (%s, %s, %s, %s::halfvec)"
        f" ON CONFLICT ({kind}_id) DO UPDATE SET numbers = excluded.numbers, team_id = excluded.team_id"
    )
    with connection.cursor() as cursor:
        cursor.executemany(sql, [(pk, team, talk, written(numbers)) for pk, team, talk, numbers in rows])


_EARLIER = " AND past_reply_id IN (SELECT id FROM copilot_pastreply WHERE sent_at < %(before)s)"
_OF_OTHERS = (
    " AND NOT EXISTS (SELECT 1 FROM copilot_pastreply AS reply"
    " WHERE reply.id = past_reply_id AND reply.author = ANY(%(silent)s))"
)


def near_replies(
    team: Team, numbers: Sequence[float], exclude: int, limit: int, *, exact: bool | None = None,
    before: datetime | None = None, silent: Sequence[str] = (),
) -> dict[int, float]:  # fmt: skip
    """The nearest past replies of the team, the nearest first, with the cosine of each; none by the `silent`
    authors."""
    exact = _is_small(team) if exact is None else exact
    # Adding nothing to the distance keeps the index out of it.
    distance = "(numbers <=> %(to)s::halfvec)" + (" + 0" if exact else "")
    sql = (
        f"SELECT past_reply_id, {distance} AS far FROM {TABLE} WHERE team_id = %(team)s"
        f" AND conversation_id <> %(exclude)s AND past_reply_id IS NOT NULL"
        f"{_EARLIER if before else ''}{_OF_OTHERS if silent else ''} ORDER BY {distance} LIMIT %(limit)s"
    )
    told: dict[str, Any] = {"to": written(numbers), "team": team.pk, "exclude": exclude, "limit": limit}
    told |= {"before": before, "silent": list(silent)}
    with connection.cursor() as cursor:
        cursor.execute(sql if exact else f"{_SEARCH} {sql}", told)
        while cursor.nextset():  # past what the settings answer
            pass
        return {pk: 1 - float(far) for pk, far in cursor.fetchall()}


# In one round with the search, which is then a transaction of its own.
_SEARCH = f"SET LOCAL hnsw.iterative_scan = strict_order; SET LOCAL hnsw.ef_search = {LOOKED_AT};"


def _is_small(team: Team) -> bool:
    return _was_small(team.pk, int(time.monotonic() // REMEMBERED_SECONDS))


@lru_cache(maxsize=1000)
def _was_small(team: int, period: int) -> bool:
    """Counting so far takes as long as the search; a team grows past it once."""
    sql = f"SELECT 1 FROM {TABLE} WHERE team_id = %s OFFSET %s LIMIT 1"
    with connection.cursor() as cursor:
        cursor.execute(sql, [team, EXACT_BELOW])
        return cursor.fetchone() is None


def near_texts(kind: str, ids: Sequence[int], numbers: Sequence[float], limit: int) -> dict[int, float]:
    """The nearest of these articles or saved replies; they are few, so each is looked at."""
    sql = (
        f"SELECT {kind}_id, numbers <=> %s::halfvec AS far FROM {TABLE}"
        f" WHERE {kind}_id = ANY(%s) ORDER BY far LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(sql, [written(numbers), list(ids), limit])
        return {pk: 1 - float(far) for pk, far in cursor.fetchall()}
