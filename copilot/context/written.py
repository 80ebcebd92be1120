"""Articles and saved replies near a question: what was written down for everyone in the team.

Ranking with care costs some forty times what ranking roughly does, so only the roughly best are ranked so.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import connection

from copilot.context import vectors
from copilot.context.retrieval import first_words, fused
from copilot.models.knowledge import dictionary
from people.models import Team

ROUGHLY = 40
MOST_FUSED = 10  # by words, and as many by meaning


@dataclass(frozen=True, slots=True)
class Kind:
    """`rows` is what a team may draw on, as SQL after FROM; with `before`, what did not change since."""

    name: str
    text: str
    rows: str
    before: datetime | None = None


SAVED_REPLY = Kind(
    "saved_reply", "text", "copilot_savedreply AS one WHERE retired_at IS NULL AND team_id = %(team)s"
)
ARTICLE = Kind(
    "article", "body",
    """copilot_article AS one WHERE retired_at IS NULL AND (
        id IN (SELECT article_id FROM copilot_article_teams WHERE team_id = %(team)s)
        OR NOT EXISTS (SELECT FROM copilot_article_teams WHERE article_id = one.id))""",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Text:
    id: int
    title: str
    text: str
    updated_at: datetime


def near_saved_replies(
    team: Team, text: str, language: str, limit: int = 3, before: datetime | None = None
) -> list[Text]:
    return _near(_until(SAVED_REPLY, before), team, text, language, limit)


def near_articles(
    team: Team, text: str, language: str, limit: int = 3, before: datetime | None = None
) -> list[Text]:
    return _near(_until(ARTICLE, before), team, text, language, limit)


def _until(kind: Kind, before: datetime | None) -> Kind:
    if before is None:
        return kind
    return replace(kind, rows=f"{kind.rows} AND updated_at < %(before)s", before=before)


def _near(kind: Kind, team: Team, text: str, language: str, limit: int) -> list[Text]:
    """By words, and by meaning too where there is a model."""
    model = vectors.model()
    found = {row[1]: row for row in _by_words(kind, team, text, language, MOST_FUSED if model else limit)}
    if model is None:
        return [Text(*row[1:]) for row in found.values()]
    scores = {pk: float(row[0]) for pk, row in found.items()}
    ids = [pk for (pk,) in _rows(f"SELECT id FROM {kind.rows}", _told(kind, team))]
    by_meaning = vectors.near_texts(kind.name, ids, vectors.numbers_of(text, model), MOST_FUSED)
    scores = fused(scores, {pk: near for pk, near in by_meaning.items() if near >= model.enough}, limit)
    return _read(kind, team, list(scores)[:limit])


_RANKED = """
SELECT ts_rank_cd(vector, words, 1) AS near, id, title, text, updated_at FROM (
    SELECT id, title, {text} AS text, updated_at, vector, words FROM (
        SELECT replace(plainto_tsquery(%(dictionary)s::regconfig, %(words)s)::text, '&', '|')::tsquery AS words
    ) AS asked, {rows} AND vector @@ words
    ORDER BY ts_rank(vector, words, 1) DESC, id DESC LIMIT %(roughly)s
) AS roughly ORDER BY near DESC, id DESC LIMIT %(most)s
"""


def _by_words(kind: Kind, team: Team, text: str, language: str, most: int) -> Iterable[tuple[Any, ...]]:
    """The nearest first: how near each is, and the text itself."""
    told = _told(kind, team) | {
        "dictionary": dictionary(language), "words": first_words(text), "roughly": ROUGHLY, "most": most,
    }  # fmt: skip
    return _rows(_RANKED.format(rows=kind.rows, text=kind.text), told)


def _read(kind: Kind, team: Team, ids: list[int]) -> list[Text]:
    if not ids:
        return []
    sql = f"SELECT id, title, {kind.text}, updated_at FROM {kind.rows} AND id = ANY(%(ids)s)"
    found = {row[0]: Text(*row) for row in _rows(sql, _told(kind, team) | {"ids": ids})}
    return [found[pk] for pk in ids if pk in found]


def _told(kind: Kind, team: Team) -> dict[str, Any]:
    return {"team": team.pk, "before": kind.before}


def _rows(sql: str, told: dict[str, Any]) -> Iterable[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, told)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
