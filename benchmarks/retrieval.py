"""Finding what is near a question among 200,000 past replies: time without and with vectors, and recall.

The replies are made up (seeded, at run time): words follow Zipf's law, and each reply is about one of 2,000
matters with words of its own. Bars: p95 15 ms without vectors and 25 ms with, the embedding apart.
"""

import random
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from typing import Any

from benchmarks.house import figure, house, quantile

REPLIES = 200_000
SMALL = 5_000  # in a second team
A_CONVERSATION = 4  # replies each
MATTERS = 2_000
VOCABULARY = 30_000
QUESTIONS = 200
WARMING = 10  # questions that only fill the caches
COMPARED = 20  # questions that are also answered by looking at everything
DIMENSIONS = 384
NOISES = 1000
ROUNDING = 1e-6  # of a cosine
SEED = 20261122
NOW = datetime.now(UTC)


class Talk:
    """Made-up customers: what they ask about one matter, in words as uneven as people's."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        sounds = [c + v for c in "bcdfgklmnprstvz" for v in "aeiou"]
        self.words = ["".join(self.rng.choices(sounds, k=self.rng.randint(2, 4))) for _ in range(VOCABULARY)]
        self.weights = list(accumulate(1 / (rank + 3) for rank in range(VOCABULARY)))
        self.about = [self.rng.sample(range(200, VOCABULARY), 12) for _ in range(MATTERS)]

    def question(self, matter: int) -> str:
        own = [self.words[n] for n in self.rng.choices(self.about[matter], k=self.rng.randint(4, 9))]
        common = self.rng.choices(self.words, cum_weights=self.weights, k=self.rng.randint(8, 40))
        said = own + common
        self.rng.shuffle(said)
        return " ".join(said)

    def matter(self) -> int:
        return min(int(self.rng.paretovariate(0.6)) - 1, MATTERS - 1)


class Meanings:
    """Stands in for the model: a text's vector is its matter's own, off by chance in two of a thousand ways."""

    def __init__(self, seed: int = SEED) -> None:
        rng = random.Random(SEED)
        self.of = [_unit(rng, 1.0) for _ in range(MATTERS)]
        self.off = [_unit(rng, 0.5) for _ in range(NOISES)]
        self.rng = random.Random(seed)

    def near(self, matter: int) -> list[float]:
        ways = self.rng.sample(self.off, 2)
        return [sum(numbers) for numbers in zip(self.of[matter], *ways, strict=True)]


def _unit(rng: random.Random, length: float) -> list[float]:
    numbers = [rng.gauss(0, 1) for _ in range(DIMENSIONS)]
    size = sum(n * n for n in numbers) ** 0.5 / length
    return [n / size for n in numbers]


def main() -> int:
    with house(RAPPORT_PROCESS="worker", EMBEDDER="none"):
        large, small = _seed(Talk(SEED))
        measure(large, small)
    return 0


def measure(large: Any, small: Any) -> None:
    talk = Talk(SEED)
    talk.rng = random.Random(SEED + 1)
    for team, where in ((large, f"{REPLIES} replies in one team"), (small, f"{SMALL} in a team beside it")):
        print(f"{where}, {QUESTIONS} questions, the machine {_slowed():.1f} times slower than at its best:")
        _by_words(talk, team)
    _found_of_all(talk, small)
    _embed_all()
    for team, where in ((large, f"{REPLIES} replies in one team"), (small, f"{SMALL} in a team beside it")):
        print(f"{where}, with vectors, the machine {_slowed():.1f} times slower than at its best:")
        _with_vectors(talk, team)
    _recall(large)


def _slowed() -> float:
    """What others on this machine cost us: one piece of work, the middle of its times against the best."""
    took = []
    for _ in range(25):
        start = time.perf_counter()
        sum(range(400_000))
        took.append(time.perf_counter() - start)
    return quantile(took, 0.5) / min(took)


def _seed(talk: Talk) -> tuple[Any, Any]:
    from django.db import connection

    from people.models import Team

    teams = [
        Team.objects.create(name=name, slug=name, email=f"{name}@example.com") for name in ("large", "small")
    ]
    rows = [(teams[0].pk, n) for n in range(REPLIES)] + [(teams[1].pk, REPLIES + n) for n in range(SMALL)]
    with connection.cursor() as cursor:
        talks = sorted({(team, n // A_CONVERSATION + 1) for team, n in rows})
        _copy(cursor, "interactions_conversation", _CONVERSATION, map(_conversation, talks))
        _copy(cursor, "interactions_message", _MESSAGE, (_message(n) for _, n in rows))
        _copy(cursor, "copilot_pastreply", _REPLY, (_reply(talk, *row) for row in rows))
        cursor.execute("VACUUM ANALYZE")
    return teams[0], teams[1]


_CONVERSATION = (
    "id, team_id, external_id, subject, channel, language, topic, status, last_message_at, version, created_at,"
    " labels, told_at, rating_comment"
)
_MESSAGE = (
    'id, conversation_id, by, author_name, external_id, text, html, quoted, "to", cc, attachments, automatic,'
    " unproven, sent_at, received_at"
)
_REPLY = (
    "id, message_id, conversation_id, team_id, customer, author, asked, text, language, sent_at, embedded_with"
)


def _conversation(talk: tuple[int, int]) -> tuple[Any, ...]:
    team, n = talk
    return n, team, "", "", "email", "en", "", "resolved", NOW, 1, NOW, "[]", "{}", ""


def _message(n: int) -> tuple[Any, ...]:
    at = NOW - timedelta(minutes=n)
    talk = n // A_CONVERSATION + 1
    return n + 1, talk, "colleague", f"Agent {n % 40}", "", "Done.", "", "", "[]", "[]", "[]", "", False, at, at


def _reply(talk: Talk, team: int, n: int) -> tuple[Any, ...]:
    asked = talk.question(talk.matter())
    customer, author = f"contact:{n // A_CONVERSATION}", f"name:Agent {n % 40}"
    return (
        n + 1, n + 1, n // A_CONVERSATION + 1, team, customer, author, asked, asked[::-1], "en",
        NOW - timedelta(minutes=n), "",
    )  # fmt: skip


def _copy(cursor: Any, table: str, columns: str, rows: Iterator[tuple[Any, ...]]) -> None:
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _bar(took: list[float], bar: float) -> str:
    return f"bar {bar:.0f}, {quantile(took, 0.95) / bar:.2f} of it"


def _by_words(talk: Talk, team: Any) -> None:
    from copilot.context.retrieval import near_replies

    took = []
    for n in range(QUESTIONS + WARMING):
        asked = talk.question(talk.matter())
        start = time.perf_counter()
        near_replies(team, asked, "en", exclude=0)
        if n >= WARMING:
            took.append((time.perf_counter() - start) * 1000)
    figure("by words alone, p95", quantile(took, 0.95), "ms", _bar(took, 15))
    figure("by words alone, median", quantile(took, 0.5), "ms")


def _found_of_all(talk: Talk, team: Any) -> None:
    """Of the ten that ranking every reply finds, how many are found by ranking few."""
    from django.contrib.postgres.search import SearchRank
    from django.db.models import F

    from copilot.context.retrieval import any_word, ranked_replies
    from copilot.models import PastReply

    kept = []
    for _ in range(COMPARED):
        asked = talk.question(talk.matter())
        rank = SearchRank(F("vector"), any_word(asked, "en"), normalization=1, cover_density=True)
        every = PastReply.objects.filter(team=team).annotate(near=rank).order_by("-near", "-pk")
        best = set(every.values_list("pk", flat=True)[:10])
        kept.append(len(best & set(ranked_replies(team, asked, "en", 0, 30))) / 10)
    figure("of the ten best by ranking all, among the thirty", sum(kept) / len(kept), "")


def _embed_all() -> None:
    """The vectors are made up and copied in; the index is built over them at once."""
    from django.db import connection

    from copilot.context import vectors
    from copilot.models.embedding import written

    if not vectors.prepare():
        print("This PostgreSQL has no pgvector; the rest was not measured.")
        sys.exit(0)
    meanings = Meanings()
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX IF EXISTS embedding_near; TRUNCATE {vectors.TABLE}")
        for name, made in (("matters", meanings.of), ("noises", meanings.off)):
            cursor.execute(f"CREATE TEMP TABLE {name} (n int PRIMARY KEY, numbers halfvec({DIMENSIONS}))")
            _copy(cursor, name, "n, numbers", ((n, written(one)) for n, one in enumerate(made)))
        cursor.execute(_EMBEDDED, [MATTERS - 1, NOISES, NOISES])
        cursor.execute("SET maintenance_work_mem = '512MB'")
        start = time.perf_counter()
        cursor.execute(vectors.INDEX)
        figure("the index over all vectors was built in", time.perf_counter() - start, "s")
        cursor.execute(f"VACUUM ANALYZE {vectors.TABLE}")


# A reply's matter by the law that Talk follows, and two of the ways to be off.
_EMBEDDED = """
INSERT INTO copilot_embedding (past_reply_id, team_id, conversation_id, numbers)
SELECT r.id, r.team_id, r.conversation_id, m.numbers + o.numbers + p.numbers FROM (
    SELECT id, team_id, conversation_id, least(floor(power(1 - random(), -1 / 0.6)) - 1, %s)::int AS matter,
           floor(random() * %s)::int AS off, floor(random() * %s)::int AS further
    FROM copilot_pastreply
) AS r
JOIN matters AS m ON m.n = r.matter JOIN noises AS o ON o.n = r.off JOIN noises AS p ON p.n = r.further
"""


def _with_vectors(talk: Talk, team: Any) -> None:
    from copilot.context import retrieval, vectors

    meanings, took = Meanings(SEED + 1), []
    for n in range(QUESTIONS + WARMING):
        matter = talk.matter()
        asked, numbers = talk.question(matter), meanings.near(matter)
        start = time.perf_counter()
        words = retrieval.ranked_replies(team, asked, "en", 0, 30)
        near = vectors.near_replies(team, numbers, 0, 30)
        retrieval.examples(retrieval.fused(words, near, 30))
        if n >= WARMING:
            took.append((time.perf_counter() - start) * 1000)
    figure("by words and meaning, p95", quantile(took, 0.95), "ms", _bar(took, 25))
    figure("by words and meaning, median", quantile(took, 0.5), "ms")


def _recall(team: Any) -> None:
    """Of the ten nearest by looking at every vector, how many the index finds, or others just as near."""
    from copilot.context import vectors

    meanings, talk, kept = Meanings(SEED + 4), Talk(SEED + 4), []
    for _ in range(COMPARED):
        numbers = meanings.near(talk.matter())
        tenth = min(vectors.near_replies(team, numbers, 0, 10, exact=True).values())
        found = vectors.near_replies(team, numbers, 0, 10, exact=False).values()
        kept.append(sum(near >= tenth - ROUNDING for near in found) / 10)
    figure("recall@10 of the index against looking at all", sum(kept) / len(kept), "")


if __name__ == "__main__":
    sys.exit(main())
