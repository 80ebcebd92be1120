"""The pages of rehearsals, and asking for drafts where they are switched off."""

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from copilot.insight import topics
from copilot.models import (
    DraftingLimits,
    DraftingRequest,
    DraftingSwitch,
    Rehearsal,
    RehearsedReply,
    TopicLabel,
    TopicRecord,
)
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.copilot.rehearsed import ANSWER, answered
from tests.factories import a_message
from tests.work import rehearse_replies

pytestmark = pytest.mark.django_db
HERE = "/learning/rehearsals/"


def closed(cast: Cast, many: int) -> None:
    invoices = topics.make_topic(cast.support, "Invoices", cast.petra)
    for number in range(many):
        contact, person = ((cast.sigrid, cast.ines), (cast.owen, cast.tomas))[number % 2]
        talk = answered(cast.support, contact, person, 40 - number).conversation
        TopicLabel.objects.create(conversation=talk, team=cast.support, topic=invoices, by="person")


def more(rehearsal: Rehearsal, many: int) -> None:
    """As many drafts again, three words in ten off what was sent."""
    talk = rehearsal.replies.select_related("conversation").latest("pk").conversation
    for _ in range(many):
        message = a_message(conversation=talk, by="colleague")
        rehearsal.replies.create(
            message=message, conversation=talk, state="done", text="Hi", distance=0.3, due_at=message.sent_at
        )


def test_a_lead_rehearses_and_sees_what_drafts_would_have_been(cast: Cast, sign_in: SignIn) -> None:
    petra, ines = sign_in(cast.petra), sign_in(cast.ines)
    told = {"team": cast.support.pk, "size": "50", "seed": "11"}
    empty = petra.post(HERE, told)
    assert empty.status_code == 422 and "No closed conversation" in empty.content.decode()
    closed(cast, 5)
    wrong = petra.post(HERE, told | {"size": "many"})
    assert wrong.status_code == 422 and "Choose 1 to 200 replies" in wrong.content.decode()
    assert ines.post(HERE, told).status_code == 404
    assert "Rehearsals" in petra.get("/learning/").content.decode()
    assert f"{HERE}?team={cast.support.pk}" in petra.get("/copilot/").content.decode()

    url = petra.post(HERE, told)["Location"]
    rehearse_replies()
    page = petra.get(url).content.decode()
    assert "1 of 5 replies, drawn from 5 with the seed 11" in page and "<progress" in page
    assert 'value="stop"' in page and 'value="stop"' not in ines.get(url).content.decode()
    limits = DraftingLimits.objects.create(team=cast.support, month_micros=0)
    rehearse_replies()
    assert "budget is used up" in petra.get(url).content.decode()
    limits.delete()
    assert petra.post(url, {"do": "stop"}).status_code == 303
    assert "Stopped" in petra.get(url).content.decode() and not rehearse_replies()
    petra.post(url, {"do": "go-on"})
    while rehearse_replies():
        pass

    assert "Too few to say, 3 of 20" in petra.get(url).content.decode()
    more(Rehearsal.objects.get(), 20)
    with CaptureQueriesContext(database) as asked:
        page = petra.get(url).content.decode()
    assert len(asked) <= 15
    assert "Done" in page and "Of 100 words 26 would have been changed" in page, page
    assert (
        "Interval 22 to 31, over 23 drafts" in page
        and "It cost $0.00" in page
        and "<strong>Invoices</strong>" in page
    )
    row = RehearsedReply.objects.filter(distance__isnull=False).first()
    assert row
    case = f"{HERE}replies/{row.pk}/"
    assert case in page
    page = petra.get(case).content.decode()
    assert page.count(ANSWER) >= 2 and "The customer wrote" in page and "What was sent" in page

    assert "It cost" not in ines.get(url).content.decode() and ines.get(case).status_code == 200
    ada, lukas = sign_in(cast.ada), sign_in(cast.lukas)
    assert case not in ada.get(url).content.decode() and ada.get(case).status_code == 404
    assert lukas.get(url).status_code == lukas.get(case).status_code == 404
    with CaptureQueriesContext(database) as asked:
        page = ines.get(HERE).content.decode()
    assert len(asked) <= 15 and "5 of 5 replies" in page and "Start a rehearsal" not in page
    assert "Ask a lead" not in page, "drafts are written everywhere here"
    assert Rehearsal.objects.get().started_by == cast.petra


def test_a_team_without_drafts_sees_how_others_fare_and_asks(cast: Cast, sign_in: SignIn) -> None:
    ines, petra, lukas = sign_in(cast.ines), sign_in(cast.petra), sign_in(cast.lukas)
    renewals = topics.make_topic(cast.sales, "Renewals", cast.wanda)
    numbers = {"unchanged": 19, "edited": 9, "rewritten": 1, "escalated": 1, "discarded": 0, "unsupported": 3}
    TopicRecord.objects.create(topic=renewals, n=30, reopened=0, **numbers)
    mine = topics.make_topic(cast.support, "Invoices", cast.petra)
    like = topics.make_topic(cast.sales, "invoices", cast.wanda)
    TopicRecord.objects.create(topic=like, n=2, reopened=0, **dict.fromkeys(numbers, 0))
    team = {"team": cast.support.pk}
    assert "Renewals" not in ines.get(HERE).content.decode()
    DraftingSwitch.objects.create(team=cast.support, mode="off")
    page = ines.get(HERE).content.decode()
    assert "<strong>Renewals</strong>" in page and "Sales" in page and ">30<" in page and ">19<" in page
    assert page.index("<strong>invoices</strong>") < page.index("<strong>Renewals</strong>"), "like its own"

    asks = f"{HERE}requests/"
    assert lukas.post(asks, team).status_code == 404
    assert ines.post(asks, team | {"topic": renewals.pk}).status_code == 404
    assert ines.post(asks, team | {"topic": mine.pk, "why": "It takes us hours"}).status_code == 303
    asked = DraftingRequest.objects.get()
    page = ines.get(HERE).content.decode()
    assert "Drafts on “Invoices”" in page and "It takes us hours" in page and ">Approve<" not in page
    url = f"{asks}{asked.pk}/"
    assert (
        ines.post(url, {"do": "approve"}).status_code == lukas.post(url, {"do": "approve"}).status_code == 404
    )
    assert ">Approve<" in petra.get(HERE).content.decode()
    petra.post(url, {"do": "decline"})
    assert "Say why" in petra.get(HERE).content.decode()
    petra.post(url, {"do": "decline", "reason": "After the summer"})
    assert "After the summer" in ines.get(HERE).content.decode()
    ines.post(asks, team | {"topic": mine.pk})
    petra.post(f"{asks}{DraftingRequest.objects.get(state='open').pk}/", {"do": "approve"})
    assert DraftingSwitch.objects.get(topic="Invoices").mode == "always"
    page = ines.get(HERE).content.decode()
    assert "Approved by Petra Novak" in page and "All of the team" in page
