"""How rare a word is here, from PostgreSQL's own statistics: rare words find rows, all of them rank.

Of 200,000 replies nearly every one has some word of a question, and ranking them all takes seconds.
So rows are looked up by the rarest words, by pairs of the next ones, and what is read of them is bounded.
"""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations

from django.db import connection

REMEMBERED_SECONDS = 600
ROWS_BY_RARE_WORDS = 700
PAIRED = 6  # words beyond those, each pair of which finds rows too
FEW_PAIRS = 6
MOST_ROWS_PAIRED = 6_000  # of one word; the index must read them all


@dataclass(frozen=True, slots=True)
class Rarity:
    """Of one table: about how many rows it has, and the share of them that each frequent word is in."""

    rows: float
    shares: dict[str, float]
    unnamed: float  # the share of a word that is rarer than all those

    def about(self, word: str) -> float:
        """About how many rows the word is in."""
        return self.rows * self.shares.get(word, self.unnamed)


_STATISTICS = """
SELECT c.reltuples, s.most_common_elems::text::text[], s.most_common_elem_freqs
FROM pg_class c LEFT JOIN pg_stats s
  ON s.schemaname = current_schema() AND s.tablename = c.relname AND s.attname = 'vector'
WHERE c.oid = %s::regclass
"""


def rarity_of(table: str) -> Rarity:
    """As of the last ANALYZE; looked up again after some minutes."""
    return _rarity(table, int(time.monotonic() // REMEMBERED_SECONDS))


def forget() -> None:
    """Look the words up again, for where a table has just grown a lot."""
    _rarity.cache_clear()


@lru_cache(maxsize=4)
def _rarity(table: str, period: int) -> Rarity:
    with connection.cursor() as cursor:
        cursor.execute(_STATISTICS, [table])
        rows, words, shares = cursor.fetchone()
    known = dict(zip(words or (), shares or (), strict=False))
    return Rarity(max(rows, 0.0), known, min(known.values(), default=0.0) / 2)


def lexemes(text: str, dictionary: str) -> list[str]:
    """The text's words as they stand in the index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(to_tsvector(%s::regconfig, %s))", [dictionary, text])
        found: list[str] = cursor.fetchone()[0]
    return found


def lookup(words: Iterable[str], rarity: Rarity) -> tuple[str, bool]:
    """A tsquery for rows worth ranking: any of the rarest words, or two of the next ones together.

    And whether that may be too few, because the question's words are either very rare or very frequent.
    """
    ordered = sorted(words, key=rarity.about)
    alone: list[str] = []
    rows = 0.0
    for word in ordered:
        if alone and rows + rarity.about(word) > ROWS_BY_RARE_WORDS:
            break
        alone.append(word)
        rows += rarity.about(word)
    rest = [word for word in ordered[len(alone) :] if rarity.about(word) <= MOST_ROWS_PAIRED]
    pairs = [f"({quoted(one)} & {quoted(other)})" for one, other in combinations(rest[:PAIRED], 2)]
    return " | ".join([*map(quoted, alone), *pairs]), len(alone) < len(ordered) and len(pairs) < FEW_PAIRS


def quoted(word: str) -> str:
    """A lexeme inside a tsquery."""
    doubled = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
