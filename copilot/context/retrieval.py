"""Find the past replies that are near a question, by words and by meaning.

Any of the question's words may match (OR), and the rank is normalised by length: with all words
required a third of the good neighbours was found, with this nine in ten. Of many past replies only
some are ranked: those that share a rare word or two less frequent ones (`rarity`), and the newest.
"""

import re
from datetime import datetime
from typing import Any

from django.db import connection, models
from django.db.models import Func, Value

from copilot.context import vectors
from copilot.context.looked_up import LOOKED_UP
from copilot.context.rarity import lexemes, lookup, quoted, rarity_now
from copilot.context.value import Example
from copilot.models import NoTeacher
from copilot.models.knowledge import dictionary
from copilot.slots import names_in
from people.models import Team
from prepared import prepared

MOST_WORDS = 60
MOST_OF_A_RECORD = 600  # characters
MOST_RANKED = 1500  # past replies that were looked up by their words
NEWEST = 400  # past replies that are ranked because they are the latest
RANK_FROM = 60  # what reciprocal ranks are counted from
MOST_OF_ALL = 0.5  # of all past replies; a team with more is a large one
ROUGHLY = 200  # of both that are ranked with care; with 60 the drafts on real dialogues got worse
WEIGHED = 2  # times as many as are wanted are weighed by how rare the words are that they share
LONG = 0.5  # how much a longer text loses: 0 nothing, 1 its whole length
_WORD = re.compile(r"\w+")


class AnyWord(Func):
    """A tsquery that matches any of the words."""

    template = "replace(plainto_tsquery(%(expressions)s)::text, '&', '|')::tsquery"  # quoted lexemes stay
    output_field = models.CharField()


def any_word(text: str, language: str) -> AnyWord:
    """The first distinct words of the text, each long enough to say something."""
    config = models.ExpressionWrapper(
        Func(Value(dictionary(language)), template="%(expressions)s::regconfig"),
        output_field=models.CharField(),
    )
    return AnyWord(config, Value(first_words(text)))


def first_words(text: str) -> str:
    return " ".join(list(dict.fromkeys(word.lower() for word in _WORD.findall(text)))[:MOST_WORDS])


def fused(by_words: dict[int, float], by_meaning: dict[int, float], limit: int) -> dict[int, float]:
    """Both lists as one, by the sum of their reciprocal ranks; the score is the better share of the best."""
    ranks: dict[int, float] = {}
    scores: dict[int, float] = {}
    for found in (by_words, by_meaning):
        best = max(found.values(), default=0.0) or 1.0
        for place, (pk, score) in enumerate(found.items()):
            ranks[pk] = ranks.get(pk, 0.0) + 1 / (RANK_FROM + place)
            scores[pk] = max(scores.get(pk, 0.0), score / best)
    return {pk: scores[pk] for pk in sorted(ranks, key=lambda pk: (-ranks[pk], -pk))[:limit]}


def near_replies(
    team: Team, text: str, language: str, exclude: int, limit: int = 30, before: datetime | None = None
) -> list[Example]:
    """Past replies of the team to something like `text`, the nearest first; only what was sent `before`, and
    nothing of whoever teaches nothing."""
    scores = _by_rare_words(team, text, language, exclude, limit, before)
    model = vectors.model()
    if model:
        numbers = vectors.numbers_of(text, model)
        near = vectors.near_replies(team, numbers, exclude, limit, before=before, silent=silent())
        scores = fused(scores, near, limit)
    return examples(scores)


def silent() -> list[str]:
    """Who teaches nothing, as past replies name their authors; imported ones know a name alone."""
    return [key for pk, name in _no_teachers() for key in (f"person:{pk}", f"name:{name}")]


@prepared
def _no_teachers() -> models.QuerySet[NoTeacher, tuple[int, str]]:
    return NoTeacher.objects.values_list("person", "person__name")


def examples(scores: dict[int, float]) -> list[Example]:
    """Past replies by their scores, in that order."""
    if not scores:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SHOWN, [list(scores)])
        found = {row[0]: row[1:] for row in cursor.fetchall()}
    return [_example(found[pk], score) for pk, score in scores.items() if pk in found]


_SHOWN = """
SELECT reply.id, asked, reply.text, customer, author, reply.sent_at, reply.account_id, contact.shown_as_id,
       cues, contact.name, account.name, message.author_name
FROM copilot_pastreply AS reply
JOIN interactions_message AS message ON message.id = reply.message_id
LEFT JOIN customers_contact AS contact ON contact.id = reply.contact_id
LEFT JOIN customers_account AS account ON account.id = reply.account_id
WHERE reply.id = ANY(%s)
"""


_EARLIER = "AND sent_at < %(before)s"
_OF_OTHERS = """AND author <> ALL(ARRAY(
    SELECT 'person:' || person_id FROM copilot_noteacher
    UNION ALL SELECT 'name:' || name FROM copilot_noteacher JOIN people_user AS one ON one.id = person_id))
"""


# What ts_rank_cd(vector, words, 1) says where any of the words may match, at a third of its price: every place
# of one of them counts alike, beside how many places there are.
_WITH_CARE = """(0.1 * (
    SELECT sum(cardinality(positions)) FILTER (WHERE lexeme = ANY(%(lexemes)s))
           / ln(1 + sum(cardinality(positions)))
    FROM unnest(vector)
))::float4"""

# Of a team with few of all replies the index finds the words and the team together; written the first way,
# PostgreSQL would rather read every reply of the team. Of a team with most of them, the words alone are faster.
_OF_TEAM = "team_id = %(team)s"
_OF_SMALL_TEAM = "ARRAY[team_id] @> ARRAY[%(team)s::bigint]"

# Three steps, each on fewer rows than the one before: looked up, ranked roughly, ranked with care.
_RANKED = f"""
WITH looked_up AS (
    (SELECT id, vector FROM copilot_pastreply
     WHERE vector @@ %(lookup)s::tsquery AND {{of_team}} AND conversation_id <> %(exclude)s {{only}}
     LIMIT %(most)s)
    UNION ALL
    (SELECT id, vector FROM (
        SELECT id, vector, conversation_id FROM copilot_pastreply WHERE team_id = %(team)s {{only}}
        ORDER BY id DESC LIMIT %(newest)s) AS newest
     WHERE conversation_id <> %(exclude)s AND vector @@ %(words)s::tsquery)
), roughly AS (
    SELECT DISTINCT ON (near, id) id, vector, ts_rank(vector, %(words)s::tsquery, 1) AS near
    FROM looked_up ORDER BY near DESC, id DESC LIMIT %(rough)s
)
SELECT id, {_WITH_CARE} AS near, tsvector_to_array(vector) FROM roughly
ORDER BY near DESC, id DESC LIMIT %(limit)s
"""


def ranked_replies(
    team: Team, text: str, language: str, exclude: int, limit: int, before: datetime | None = None
) -> dict[int, float]:  # fmt: skip
    """By words alone, the nearest first, with the rank of each; nothing of whoever teaches nothing."""
    words = lexemes(first_words(text), dictionary(language))
    return {pk: near for pk, near, _ in _ranked(team, words, exclude, limit, before)}


def _ranked(
    team: Team, words: list[str], exclude: int, limit: int, before: datetime | None
) -> list[tuple[int, float, list[str]]]:
    """The id, the rank and the words of each."""
    if not words:
        return []
    sought, few = lookup(words, team.pk, rarity_now())
    told: dict[str, Any] = {
        "lookup": sought, "words": " | ".join(map(quoted, words)), "lexemes": words,
        "team": team.pk, "exclude": exclude, "limit": limit, "most": MOST_RANKED,
        "newest": NEWEST if few else 0,
        "rough": max(ROUGHLY, limit), "before": before,
    }  # fmt: skip
    of_team = _OF_TEAM if rarity_now().share_of(team.pk) > MOST_OF_ALL else _OF_SMALL_TEAM
    only = f"{_EARLIER if before else ''} {_OF_OTHERS}"
    with connection.cursor() as cursor:
        cursor.execute(_RANKED.format(only=only, of_team=of_team), told)
        return [(pk, float(near), found) for pk, near, found in cursor.fetchall()]


def _by_rare_words(
    team: Team, text: str, language: str, exclude: int, limit: int, before: datetime | None
) -> dict[int, float]:
    """Of twice as many, those that share the rarer words; a long text has more words to share by chance."""
    words = lexemes(first_words(text), dictionary(language))
    rows = _ranked(team, words, exclude, WEIGHED * limit, before)
    rare = {word: rarity_now().weight(word) for word in words}
    usual = sum(len(found) for _, _, found in rows) / (len(rows) or 1)
    scores = {
        pk: sum(rare.get(word, 0.0) for word in found) / (1 - LONG + LONG * len(found) / usual)
        for pk, _, found in rows
    }
    return dict(sorted(scores.items(), key=lambda one: -one[1])[:limit])


def _example(row: tuple[Any, ...], score: float) -> Example:
    asked, text, customer, author, sent_at, account_id, shown_as, cues, *people = row
    # Contacts that were merged are one customer: what both were told may still be one person's detail.
    key = f"contact:{shown_as}" if shown_as and account_id is None else customer
    names = names_in(*(name or "" for name in people))
    return Example(
        asked=asked,
        text=text,
        customer=key,
        author=author,
        names=names,
        score=score,
        sent_at=sent_at,
        cues=frozenset(cues),
    )


def asked_text(before: str, question: str, looked_up: str = "") -> str:
    """What a past reply is found by: the question, the record that was looked up for the answer, and the end of
    what we had said before it."""
    record = LOOKED_UP + " ".join(looked_up.split())[:MOST_OF_A_RECORD] if looked_up else ""
    return "\n".join(part for part in (question, record, before[-300:]) if part).strip()
