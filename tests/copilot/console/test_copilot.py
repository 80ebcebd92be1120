"""The pages about the copilot itself, and a conversation's topic in the console."""

from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from copilot.insight import topics
from copilot.models import Article, Draft, DraftingLimits, PastReply, Spending, Topic, TopicLabel, TopicRecord
from interactions.models import Conversation
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.console.made import SignIn, htmx

pytestmark = pytest.mark.django_db
NUMBERS = {"unchanged": 9, "edited": 3, "rewritten": 8, "escalated": 3, "discarded": 2, "unsupported": 4,
           "reopened": 1}  # fmt: skip


def a_topic(cast: Cast, name: str, **numbers: Any) -> Topic:
    topic = topics.make_topic(cast.support, name, cast.petra)
    if numbers:
        TopicRecord.objects.create(topic=topic, **numbers)
    return topic


def test_a_topic_is_shown_and_corrected_with_one_key(
    cast: Cast, talk: Conversation, draft: Draft, sign_in: SignIn
) -> None:
    renewals, contracts = a_topic(cast, "Renewals"), a_topic(cast, "Contracts", n=25, **NUMBERS)
    talk.topic = "Renewals"
    talk.save()
    TopicLabel.objects.create(
        conversation=talk, team=cast.support, topic=renewals, proposed=renewals, by="copilot"
    )
    ines, url = sign_in(cast.ines), f"/inbox/{talk.pk}/topic/"

    page = ines.get(f"/inbox/{talk.pk}/").content.decode()
    assert 'data-key="t"' in page and "proposed</span>" in page
    assert "No draft on it was decided here in the last 90 days." in page
    form = ines.get(url, headers=htmx("dialog")).content.decode()
    assert f'value="{contracts.pk}" data-key="1"' in form and "None of these" in form

    answer = ines.post(url, {"topic": contracts.pk}, headers=htmx("draft")).content.decode()
    assert "Contracts</a>" in answer and "Topic: Contracts." in answer
    assert "25 drafts decided in the last 90 days" in answer
    assert "8 rewritten, 3 handed on, 2 discarded" in answer
    assert TopicLabel.objects.get().text.startswith("When does our contract end?")
    Draft.objects.update(abstained=True, engine="nobody", text="", missing=["Not trusted here.", "Write it."])
    page = ines.get(f"/inbox/{talk.pk}/").content.decode()
    assert "Not trusted here." in page and "What should Sigrid hear?" in page and "no model was asked" in page
    topics.set_drafting(contracts, Topic.Drafting.NEVER, cast.petra)
    assert "What should Sigrid hear?" not in ines.get(f"/inbox/{talk.pk}/").content.decode()
    assert ines.post(url, {"topic": "none"}).status_code == 303
    talk.refresh_from_db()
    assert talk.topic == "" and ines.post(url, {"topic": "999"}).status_code == 404


def test_a_lead_keeps_the_teams_topics(cast: Cast, sign_in: SignIn) -> None:
    petra, support = sign_in(cast.petra), cast.support.pk
    assert petra.post("/copilot/topics/", {"team": support, "name": "Refunds"}).status_code == 303
    again = petra.post("/copilot/topics/", {"team": support, "name": "refunds"})
    assert again.status_code == 422 and "There is a topic “refunds” already" in again.content.decode()
    boats = a_topic(cast, "Boats", n=25, **NUMBERS)
    refunds = Topic.objects.get(name="Refunds")

    page = petra.get("/copilot/topics/").content.decode()
    assert "Abstains, too many were of no use" in page and "No draft decided" in page
    told = {"team": support, "name": "Vessels", "drafting": "always", "do": "keep"}
    petra.post(f"/copilot/topics/{boats.pk}/", told)
    petra.post(f"/copilot/topics/{refunds.pk}/", {"team": support, "do": "merge", "into": boats.pk})
    assert [(one.name, one.drafting) for one in Topic.objects.filter(retired_at=None)] == [
        ("Vessels", "always")
    ]
    assert Topic.objects.get(name="Refunds").merged_into == boats
    bad = petra.post("/copilot/topics/trust/", {"team": support, "enough": "x", "most_wrong": "5"})
    assert bad.status_code == 422
    petra.post("/copilot/topics/trust/", {"team": support, "enough": "30", "most_wrong": "40"})
    assert DraftingLimits.objects.get().enough == 30

    page = sign_in(cast.ines).get("/copilot/topics/").content.decode()
    assert "Drafts, a lead said so" in page and "Make the topic" not in page
    assert sign_in(cast.lukas).post("/copilot/topics/", {"team": support, "name": "X"}).status_code == 404


def test_what_drafts_cost_and_a_budget(cast: Cast, sign_in: SignIn) -> None:
    petra, support = sign_in(cast.petra), cast.support.pk
    Spending.objects.create(
        team=cast.support, day=timezone.localdate(), drafts=3, input=2000, output=300, cost_micros=1_230_000
    )
    page = petra.get("/copilot/costs/").content.decode()
    assert "Support’s drafts of the last 30 days cost $1.23" in page and "<rect" in page
    table = petra.get("/copilot/costs.csv").content.decode().splitlines()
    assert table[0].startswith("day,drafts") and table[1].endswith(",3,2000,300,0,0,1230000")
    assert petra.post("/copilot/costs/", {"team": support, "day_micros": "much"}).status_code == 422
    petra.post("/copilot/costs/", {"team": support, "day_micros": "2.50", "sender_hour": "4"})
    limits = DraftingLimits.objects.get()
    told = (limits.day_micros, limits.month_micros, limits.sender_hour, limits.sender_day)
    assert told == (2_500_000, None, 4, None)
    assert AuditEntry.objects.filter(verb="set limits").exists()


def test_what_it_can_and_cannot_do_is_said_from_rows(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    a_topic(cast, "Boats", n=25, **NUMBERS)
    a_topic(cast, "Refunds")
    now = timezone.now()
    Article.objects.create(title="Delivery", body="By ship.", updated_at=now, review_by="2020-01-01")
    PastReply.objects.create(
        message=talk.messages.get(), conversation=talk, team=cast.support, customer="a", author="b",
        asked="When?", text="Soon.", language="en", sent_at=now,
    )  # fmt: skip
    ines = sign_in(cast.ines)
    with CaptureQueriesContext(database) as asked:
        page = ines.get("/copilot/").content.decode()
    assert len(asked) <= 15
    for words in (
        "No language model", "1 past reply in English", "1 article, 1 past the day of review",
        "Abstains, too many were of no use", "No draft was decided yet on Refunds", "No past reply in Danish",
        "Everywhere by itself", "None: it knows no orders",
    ):  # fmt: skip
        assert words in page, words
