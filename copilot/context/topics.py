"""What a conversation is about, as its nearest labelled neighbours have it, and how drafts fared there."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.postgres.search import SearchRank
from django.db.models import BooleanField, F, Func, Q

from copilot.context.retrieval import any_word
from copilot.models import TopicLabel
from copilot.words import content
from interactions.models import Conversation, Message

LATEST = 5000  # of a team's labels; older ones tell of an older product
POOL = 60
VOTERS = 10
LEAST_ALIKE = 0.1
MARGIN = 0.3  # of all votes, between the first and the second
MOST_CHARACTERS = 2000
MOST_MESSAGES = 12


@dataclass(frozen=True, slots=True)
class Neighbour:
    topic: int
    words: frozenset[str]


def customers_words(conversation: Conversation) -> str:
    """The subject and what the customer wrote first: what a conversation is found by."""
    said = conversation.messages.filter(by=Message.By.CUSTOMER, automatic="").order_by("sent_at", "pk")
    return words_to_find(conversation.subject, said.values_list("text", flat=True)[:MOST_MESSAGES])


def words_to_find(subject: str, said: Iterable[str]) -> str:
    return "\n".join([subject, *said])[:MOST_CHARACTERS]


def nearest_topic(conversation: Conversation, text: str) -> int | None:
    """The topic's id, or None where the neighbours are few, far, or of two minds."""
    return elect(_neighbours(conversation, text), content(text))


def _neighbours(conversation: Conversation, text: str) -> list[Neighbour]:
    """By full text, among what people said and what came with the history."""
    # As a subquery, so that the words are stemmed once and not for every row.
    query = Func(any_word(text, conversation.language), template="(SELECT %(expressions)s)")
    labels = TopicLabel.objects.filter(team=conversation.team_id).exclude(by=TopicLabel.By.COPILOT)
    latest = labels.order_by("-pk").values("pk")[:LATEST]
    near = TopicLabel.objects.filter(pk__in=latest, topic__retired_at=None, topic__isnull=False)
    near = near.exclude(conversation=conversation.pk or 0).filter(_matches(query))
    rank = SearchRank(F("vector"), query)
    rows = near.annotate(rank=rank).order_by("-rank", "-pk").values_list("topic_id", "text")[:POOL]
    return [Neighbour(topic, frozenset(content(said))) for topic, said in rows if topic is not None]


def _matches(query: Func) -> Q:
    return Q(
        Func(F("vector"), query, template="%(expressions)s", arg_joiner=" @@ ", output_field=BooleanField())
    )


def elect(neighbours: list[Neighbour], asked: set[str]) -> int | None:
    """The most alike vote with the weight of their likeness; rare words weigh more than common ones."""
    seen = Counter(word for one in neighbours for word in one.words)
    weights = {
        word: math.log(1 + (len(neighbours) + 1) / (seen[word] + 0.5)) ** 2
        for word in asked.union(*(one.words for one in neighbours))
    }
    alike = sorted(((_alike(one.words, asked, weights), one.topic) for one in neighbours), reverse=True)
    votes: dict[int, float] = defaultdict(float)
    for likeness, topic in alike[:VOTERS]:
        votes[topic] += likeness
    if not alike or alike[0][0] < LEAST_ALIKE:
        return None
    first = max(votes, key=votes.__getitem__)
    second = max((votes[one] for one in votes if one != first), default=0.0)
    return first if votes[first] - second >= MARGIN * sum(votes.values()) else None


def _alike(one: Iterable[str], other: set[str], weights: dict[str, float]) -> float:
    """The cosine between two sets of weighted words."""
    shared = sum(weights[word] for word in one if word in other)
    lengths = math.sqrt(sum(weights[w] for w in one) * sum(weights[w] for w in other))
    return shared / lengths if lengths else 0.0
