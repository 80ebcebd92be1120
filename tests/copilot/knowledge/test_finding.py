"""What is near a question is found by words and by meaning, as the team may see it; vectors follow texts."""

from collections.abc import Sequence
from datetime import timedelta
from zlib import crc32

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone
from pytest_django import Settings

from copilot.context import rarity, retrieval, vectors, written
from copilot.context.rarity import Rarity
from copilot.knowledge import embedding, texts
from copilot.models import Embedding, PastReply
from copilot.models.embedding import DIMENSIONS
from customers.models import Contact
from interactions import erasing
from people.models import Team
from tests.cast import Cast
from tests.factories import a_conversation, a_message

pytestmark = pytest.mark.django_db

SAME = {"cash": "money", "refund": "money", "parcel": "delivery", "package": "delivery"}


class Words:
    """Means what its words say, where some words mean the same."""

    name = "words"
    enough = 0.3

    def embed(self, told: Sequence[str]) -> list[list[float]]:
        return [self._one(text) for text in told]

    def _one(self, text: str) -> list[float]:
        numbers = [0.0] * DIMENSIONS
        for word in text.lower().split():
            numbers[crc32(SAME.get(word, word).encode()) % DIMENSIONS] += 1.0
        size = sum(n * n for n in numbers) ** 0.5 or 1.0
        return [n / size for n in numbers]


@pytest.fixture
def by_meaning(settings: Settings) -> None:
    settings.EMBEDDER = f"{__name__}.Words"


def a_past_reply(team: Team, contact: Contact, asked: str) -> PastReply:
    talk = a_conversation(team=team, contact=contact)
    sent = a_message(conversation=talk, by="colleague", text="Done.", author_name="Ines")
    return PastReply.objects.create(
        message=sent, conversation=talk, team=team, contact=contact, customer=f"contact:{contact.pk}",
        author="name:Ines", asked=asked, text=f"About: {asked}", language="en",
        sent_at=timezone.now() - timedelta(days=1),
    )  # fmt: skip


def found(team: Team, text: str, exclude: int = 0) -> list[str]:
    return [one.asked for one in retrieval.near_replies(team, text, "en", exclude)]


def near(team: Team, text: str) -> list[str]:
    return [one.title for one in written.near_articles(team, text, "en")]


def test_meaning_adds_what_words_miss_and_each_stays_in_its_team(cast: Cast, by_meaning: None) -> None:
    here = a_past_reply(cast.support, cast.sigrid, "my cash please")
    a_past_reply(cast.support, cast.sigrid, "where is the parcel")
    a_past_reply(cast.sales, cast.owen, "a refund for us")
    article = texts.new_article(None, "Cash", "money back", [cast.support])
    texts.new_article(None, "Refund", "for sales alone", [cast.sales])
    assert found(cast.support, "refund") == []
    assert embedding.due() == [0] and "still to be read" in embedding.standing()

    call_command("embed", verbosity=0)

    assert embedding.due() == [] and Embedding.objects.count() == 5
    assert found(cast.support, "refund")[0] == "my cash please"
    assert "a refund for us" not in found(cast.support, "refund")
    assert "my cash please" not in found(cast.support, "refund", exclude=here.conversation_id)
    assert near(cast.support, "refund") == ["Cash"]
    texts.rewrite(article, None, 1, "Cash", "by parcel")
    assert embedding.due() == [0]
    embedding.embed_due()
    assert near(cast.support, "package") == ["Cash"]
    texts.retire(article, cast.petra)
    assert near(cast.support, "package") == []
    erasing.erase(cast.sigrid.pk, person=cast.ada)
    assert Embedding.objects.filter(past_reply_id__isnull=False).count() == 1


def test_work_that_is_stopped_goes_on_where_it_was(
    cast: Cast, by_meaning: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(5):
        texts.new_article(None, f"A{n}", "text")
    monkeypatch.setattr(embedding, "BATCH", 2)
    assert embedding.embed_due(most_batches=1) == 2
    done = embedding.progress()["article"]
    assert (done.done, done.due) == (2, 3)
    assert embedding.embed_due() == 3
    settings.EMBEDDER = "none"
    assert embedding.embed_due() == 0 and "words alone" in embedding.standing()


def test_a_large_team_is_searched_by_the_index_that_looks_on_for_its_rows(
    cast: Cast, by_meaning: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(12):
        a_past_reply(cast.sales, cast.owen, f"refund {n}")
    a_past_reply(cast.support, cast.sigrid, "cash")
    embedding.embed_due()
    monkeypatch.setattr(vectors, "EXACT_BELOW", 0)
    monkeypatch.setattr(vectors, "LOOKED_AT", 2)
    assert found(cast.support, "refund") == ["cash"]


def test_each_team_finds_its_own_whether_it_has_most_of_the_replies_or_few(
    cast: Cast, request: pytest.FixtureRequest
) -> None:
    for n in range(5):
        a_past_reply(cast.sales, cast.owen, f"refund {n}")
    mine = a_past_reply(cast.support, cast.sigrid, "refund")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE copilot_pastreply")
    rarity.forget()
    request.addfinalizer(rarity.forget)
    assert rarity.rarity_now().share_of(cast.support.pk) < retrieval.MOST_OF_ALL
    assert rarity.rarity_now().share_of(cast.sales.pk) > retrieval.MOST_OF_ALL
    assert found(cast.support, "refund") == ["refund"]
    assert found(cast.support, "refund", exclude=mine.conversation_id) == []
    assert sorted(found(cast.sales, "refund")) == [f"refund {n}" for n in range(5)]


def test_rare_words_find_rows_and_frequent_ones_only_in_pairs() -> None:
    known = Rarity(
        100_000, {"refund": 0.004, "card": 0.005, "the": 0.6, "want": 0.05}, 0.0001, {1: 0.9, 2: 0.01}
    )
    asked = ["the", "want", "refund", "card", "o'hara"]
    assert rarity.lookup(asked, 1, known) == (
        "'o''hara' | 'refund' | ('card' & ('want'))", True
    )  # fmt: skip
    assert "'want'" in rarity.lookup(asked, 2, known)[0].split(" | ")
    fresh = Rarity(0, {}, 0, {})
    assert rarity.lookup(["a", "b"], 1, fresh) == ("'a' | 'b'", False)
