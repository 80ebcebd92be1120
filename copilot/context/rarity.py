"""How rare a word is here, from PostgreSQL's own statistics: rare words find rows, all of them rank.

Of 200,000 replies nearly every one has some word of a question, and ranking them all takes seconds.
So rows are looked up by the rarest words, by pairs of the next ones, and what is read of them is bounded.
"""

import math
import time
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from django.db import connection

REMEMBERED_SECONDS = 600
ROWS_BY_RARE_WORDS = 700  # of the team, about; these are ranked
READ_BY_RARE_WORDS = 20_000  # of all teams; these the index must read
PAIRED = 6  # words beyond those, each pair of which finds rows too
FEW_PAIRS = 6
MOST_READ_PAIRED = 6_000  # of one such word, of all teams


@dataclass(frozen=True, slots=True)
class Rarity:
    """Of past replies: about how many there are, and the shares of frequent words and of teams."""

    rows: float
    words: dict[str, float]
    unnamed: float  # the share of a word that is rarer than all those
    teams: dict[int, float]

    def about(self, word: str) -> float:
        """About how many rows the word is in."""
        return self.rows * self.words.get(word, self.unnamed)

    def weight(self, word: str) -> float:
        """How much it says that two texts share the word: the inverse document frequency of BM25."""
        found = min(self.about(word), self.rows)
        return math.log(1 + (self.rows - found + 0.5) / (found + 0.5))

    def share_of(self, team_id: int) -> float:
        """A team that the statistics do not name has few rows."""
        return self.teams.get(team_id, 0.0 if self.teams else 1.0)


_STATISTICS = """
SELECT c.reltuples, v.most_common_elems::text::text[], v.most_common_elem_freqs,
       t.most_common_vals::text::bigint[], t.most_common_freqs
FROM pg_class c
LEFT JOIN pg_stats v ON v.schemaname = current_schema() AND v.tablename = c.relname AND v.attname = 'vector'
LEFT JOIN pg_stats t ON t.schemaname = current_schema() AND t.tablename = c.relname AND t.attname = 'team_id'
WHERE c.oid = 'copilot_pastreply'::regclass
"""


def rarity_now() -> Rarity:
    """As of the last ANALYZE; looked up again after some minutes."""
    return _rarity(int(time.monotonic() // REMEMBERED_SECONDS))


def forget() -> None:
    """Look the words up again, for where a table has just grown a lot."""
    _rarity.cache_clear()


@lru_cache(maxsize=1)
def _rarity(period: int) -> Rarity:
    with connection.cursor() as cursor:
        cursor.execute(_STATISTICS)
        rows, words, shares, teams, parts = cursor.fetchone()
    known = dict(zip(words or (), shares or (), strict=False))
    unnamed = min(known.values(), default=0.0) / 2
    return Rarity(max(rows, 0.0), known, unnamed, dict(zip(teams or (), parts or (), strict=False)))


def lexemes(text: str, dictionary: str) -> list[str]:
    """The text's words as they stand in the index."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT tsvector_to_array(to_tsvector(%s::regconfig, %s))", [dictionary, text])
        found: list[str] = cursor.fetchone()[0]
    return found


def lookup(words: Iterable[str], team_id: int, rarity: Rarity) -> tuple[str, bool]:
    """A tsquery for rows worth ranking: any of the rarest words, or two of the next ones together.

    And whether that may be too few, because the question's words are either very rare or very frequent.
    """
    ordered = sorted(words, key=rarity.about)
    most = min(READ_BY_RARE_WORDS, ROWS_BY_RARE_WORDS / (rarity.share_of(team_id) or 1e-9))
    alone: list[str] = []
    rows = 0.0
    for word in ordered:
        if alone and rows + rarity.about(word) > most:
            break
        alone.append(word)
        rows += rarity.about(word)
    rest = [word for word in ordered[len(alone) :] if rarity.about(word) <= MOST_READ_PAIRED]
    paired = rest[:PAIRED]
    found = " | ".join([*map(quoted, alone), *_pairs(paired)])
    return found, len(alone) < len(ordered) and math.comb(len(paired), 2) < FEW_PAIRS


def _pairs(words: list[str]) -> Iterable[str]:
    """Any two of the words. Each is named once before those that may stand beside it: of a row without it
    PostgreSQL then asks once, and not for every pair."""
    for place, word in enumerate(words[:-1], start=1):
        yield f"({quoted(word)} & ({' | '.join(map(quoted, words[place:]))}))"


def quoted(word: str) -> str:
    """A lexeme inside a tsquery."""
    doubled = word.replace("\\", "\\\\").replace("'", "''")
    return f"'{doubled}'"
