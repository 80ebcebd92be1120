"""The strategy room: a worksheet that invents nothing, rounds whose evidence is there, doubts, a decision."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings

from copilot.context.build import build_context
from copilot.daily import compose
from copilot.models import DraftingLimits, Spending, Strategy, StrategyDecision, StrategyRound
from customers.models import Note, Promise, Record
from interactions.models import Conversation, Escalation
from tests.cast import Cast
from tests.copilot.console.made import SignIn, a_draft
from tests.factories import a_conversation, a_message, a_team
from tests.fakes import FakeModel, fails, writes
from tests.work import run_tasks

pytestmark = pytest.mark.django_db
AIM = "Renew the Fjord contract before March"
SECRET = "sk-live-" + "a1B2c3D4e5" * 3
SAID = "We would rather renew the contract before the summer."


@pytest.fixture
def model(settings: Settings) -> Iterator[FakeModel]:
    with FakeModel() as fake:
        settings.ANTHROPIC_BASE_URL = fake.url
        yield fake


@pytest.fixture
def talk(cast: Cast) -> Conversation:
    """What is on record of Fjord; Billing's talk with it only its manager sees."""
    now = timezone.now()
    made = a_conversation(team=cast.support, contact=cast.sigrid, subject="Contract")
    a_message(conversation=made, text=f"Thank you. {SAID} Our key is {SECRET}.")
    Record.objects.create(account=cast.fjord, external_id="F-031", kind="contract", title="Contract F-031",
                          source_updated_at=now, fields={"notice_period": "3 months"})  # fmt: skip
    Note.objects.create(account=cast.fjord, kind="risk", state="accepted", created_at=now,
                        text="Sigrid compares prices this winter.")  # fmt: skip
    Note.objects.create(account=cast.fjord, kind="risk", text="Nobody said yes to this.", created_at=now)
    Promise.objects.create(account=cast.fjord, text="I'll send the quote", owner=cast.karim, made_at=now)
    Escalation.objects.create(conversation=made, by=cast.ines, to_person=cast.petra, reason="unhappy",
                              question="May we lower the price?")  # fmt: skip
    bank = a_conversation(team=a_team(name="Billing"), contact=cast.sigrid)
    a_message(conversation=bank, text="We cannot pay the contract before March.")
    return made


def begun(karim: Client, cast: Cast, **more: str) -> Strategy:
    told = {"aim": AIM, "constraints": "No discount", "people": f"Sigrid decides. Login {SECRET}", **more}
    assert karim.post(f"/accounts/{cast.fjord.pk}/strategies/", told).status_code == 303
    return Strategy.objects.latest("pk")


def sent(client: Client, row: Strategy, path: str, **told: Any) -> Any:
    row.refresh_from_db()
    return client.post(f"/strategies/{row.pk}/{path}", {"version": row.version, **told})


def seen(client: Client, row: Strategy, path: str, **told: Any) -> str:
    """The page that it leads to."""
    done = sent(client, row, path, **told)
    assert done.status_code == 303
    return client.get(done.url).text


def board(row: Strategy) -> dict[str, Any]:
    found = row.rounds.last()
    assert found
    return dict(found.board)


def way(title: str, rests_on: list[str], *evidence: tuple[str, str]) -> dict[str, Any]:
    cited = [{"id": one, "quote": quote} for one, quote in evidence]
    return {"title": title, "steps": ["Call Sigrid"], "risks": ["She is away"], "rests_on": rests_on,
            "evidence": cited}  # fmt: skip


def explored(*ways: dict[str, Any], held: tuple[tuple[str, str], ...] = ()) -> Any:
    assumptions = [{"key": key, "text": text} for key, text in held]
    return writes(json.dumps({"assumptions": assumptions, "scenarios": ways}))


def test_without_a_model_it_is_a_worksheet_with_evidence_and_nothing_invented(
    cast: Cast, talk: Conversation, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    karim, ines = sign_in(cast.karim), sign_in(cast.ines)
    listed = f"/accounts/{cast.fjord.pk}/strategies/"
    assert listed in karim.get(f"/accounts/{cast.fjord.pk}/").text and "Begin one" not in ines.get(listed).text
    assert "Nothing was begun" in karim.post(listed, {"aim": " "}).text
    row = begun(karim, cast)
    with django_assert_max_num_queries(15):
        page = karim.get(f"/strategies/{row.pk}/").text
    assert "No language model is set up here." in page and page.count("Not written yet") == 3
    for told in ("I&#x27;ll send the quote", "May we lower the price?", "compares prices", SAID, "cannot pay"):
        assert told in page, told
    assert "Nobody said yes" not in page and "F-031" in page and SECRET not in json.dumps(board(row))
    assert all(not one["title"] and not one["steps"] for one in board(row)["scenarios"])
    assert "cannot pay" not in ines.get(f"/strategies/{row.pk}/").text, "Billing's talk is not hers to read"
    assert "more that you may not see" in ines.get(f"/strategies/{row.pk}/").text

    sent(karim, row, "assumptions/", do="add", text="They keep the fleet")
    sent(
        karim,
        row,
        "scenarios/",
        key="S1",
        title="Ask early",
        steps="Call\n\nWrite",
        risks="Late",
        rests_on="A1",
    )
    sent(karim, row, "scenarios/", title="Wait", steps="Do nothing")
    assert [one["key"] for one in board(row)["scenarios"]] == ["S1", "S2", "S3", "S4"]
    assert board(row)["scenarios"][0]["steps"] == ["Call", "Write"] and board(row)["scenarios"][0]["evidence"]
    page = seen(karim, row, "assumptions/", key="A1", do="change", text="They sell half the fleet")
    assert "Out of date. It rests on A1, which was changed from “They keep the fleet” to “They sell" in page
    assert "Out of date" not in seen(karim, row, "assumptions/", key="A1", do="hold")
    page = seen(karim, row, "assumptions/", key="A1", do="refute")
    assert "Out of date. It rests on A1, which was refuted: “They sell half the fleet”" in page
    lines = {"key": "S1", "title": "Ask early", "steps": "Call"}
    assert "Out of date" in seen(karim, row, "scenarios/", **lines, rests_on="A1"), "it is refuted still"
    assert "Out of date" not in seen(karim, row, "scenarios/", **lines)
    assert row.rounds.count() == 2, "a person's changes in a row are one round"
    late = karim.post(f"/strategies/{row.pk}/scenarios/", {"version": 1, "key": "S1", "title": "Mine alone"})
    assert late.status_code == 409 and "Mine alone" in late.text and "Mine" not in json.dumps(board(row))
    assert sent(sign_in(cast.petra), row, "", aim="Renew by May").status_code == 303
    sent(karim, row, "rounds/")
    run_tasks()
    kept = row.rounds.last()
    assert kept and kept.engine == "offline" and board(row)["scenarios"][0]["title"] == "Ask early"
    assert (
        "rather renew" in json.dumps(board(row)) and "Renew by May" in karim.get(f"/strategies/{row.pk}/").text
    )
    assert "Not written yet" in karim.get(f"/strategies/{row.pk}/?round=1").text
    assert ines.post(f"/strategies/{row.pk}/scenarios/", {"title": "Mine"}).status_code == 404
    context = str(build_context(a_draft(conversation=talk)))
    assert not [one for one in ("Renew by May", "Sigrid decides", "Ask early", "sell half") if one in context]


def test_the_copilot_explores_with_evidence_that_is_there_and_a_person_comes_first(
    cast: Cast, talk: Conversation, sign_in: SignIn, model: FakeModel
) -> None:
    karim, message = sign_in(cast.karim), f"m{talk.messages.get().pk}"
    good, bad = (message, "rather renew the contract"), (message, "will never renew the contract")
    model.will(explored(way("Now", ["A1", "A9"], good, bad, ("m999999", "cannot pay the contract")),
                        way("Later", ["A2"]), way("Never", []),
                        held=(("A1", "Prices hold"), ("A2", "Sigrid stays"))))  # fmt: skip
    row = begun(karim, cast)
    assert "The copilot is at the next round" in karim.get(f"/strategies/{row.pk}/").text
    run_tasks()
    asked = model.asked[0].said
    assert AIM in asked and "Sigrid decides" in asked and "No discount" in asked and SECRET not in asked
    page = karim.get(f"/strategies/{row.pk}/").text
    assert "2 pieces of evidence were left out" in page and "will never renew" not in page
    assert [one["rests_on"] for one in board(row)["scenarios"]] == [["A1"], ["A2"], []]
    assert [one["quote"] for one in board(row)["scenarios"][0]["evidence"]] == ["rather renew the contract"]
    row.refresh_from_db()
    assert row.cost_micros and Spending.objects.get(team=cast.support).cost_micros == row.cost_micros

    sent(karim, row, "assumptions/", key="A1", do="refute")
    model.will(explored(way("Now again", ["A1"]), way("Later", ["A2"]), way("Both", ["A2"]),
                        held=(("A1", "Prices hold after all"), ("A2", "Sigrid stays on"))))  # fmt: skip
    sent(karim, row, "rounds/", instruction="Think of her boss")
    run_tasks()
    assert "Think of her boss" in model.asked[1].said and '"state":"refuted"' in model.asked[1].said
    page = karim.get(f"/strategies/{row.pk}/").text
    assert "Out of date. It rests on A1, which was refuted: “Prices hold”" in page, (
        "no model makes it true again"
    )
    assert "Think of her boss" in page and row.rounds.count() == 4 and "Round 2, by the copilot" in page

    model.will(explored(way("Only one", [])), *[fails(500)] * 2)
    sent(karim, row, "rounds/")
    for _ in range(3):
        Strategy.objects.filter(due_at__isnull=False).update(due_at=timezone.now())
        run_tasks()
    page = karim.get(f"/strategies/{row.pk}/").text
    assert "There is no next round" in page and row.rounds.count() == 4 and len(model.asked) == 5
    sent(karim, row, "rounds/")
    sent(karim, row, "scenarios/", key="S1", title="My own words", steps="Mine")
    run_tasks()
    assert len(model.asked) == 5 and board(row)["scenarios"][0]["title"] == "My own words"

    DraftingLimits.objects.create(team=cast.support, day_micros=1)
    page = seen(karim, row, "rounds/")
    run_tasks()
    page = karim.get(f"/strategies/{row.pk}/").text
    assert "Paused: the team’s budget for today is used up" in page and len(model.asked) == 5
    assert "Stopped" in seen(karim, row, "rounds/", do="stop")
    cast.fjord.people_only = True
    cast.fjord.save()
    sent(karim, row, "rounds/")
    run_tasks()
    assert len(model.asked) == 5 and "answered by people only" in karim.get(f"/strategies/{row.pk}/").text


def test_what_is_decided_is_looked_back_on(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    karim = sign_in(cast.karim)
    row = begun(karim, cast)
    for key, title in (("S1", "Ask early"), ("S2", "Wait")):
        sent(karim, row, "scenarios/", key=key, title=title, steps="Call")
    day = timezone.localdate() + timedelta(days=30)
    told = {"chosen": "S1", "why-S1": "She asked", "expected": "Signed in April", "revisit_on": str(day)}
    lacking = sent(karim, row, "decision/", **told)
    assert (
        lacking.status_code == 422
        and "why it was chosen or not" in lacking.text
        and "She asked" in lacking.text
    )
    page = seen(karim, row, "decision/", **told, **{"why-S2": "Too slow"})
    for words in ("Chosen: She asked", "Rejected: Too slow", "Signed in April", "Nobody has said it yet"):
        assert words in page, words
    assert sent(karim, row, "scenarios/", key="S1", title="Another").status_code == 409
    assert StrategyRound.objects.filter(strategy=row).count() == 2
    StrategyDecision.objects.update(revisit_on=timezone.localdate())
    assert "Today is the day to look back" in karim.get(f"/strategies/{row.pk}/").text
    assert f"/strategies/{row.pk}/" in karim.get("/accounts/").text and AIM in karim.get("/accounts/").text
    assert AIM not in sign_in(cast.petra).get("/accounts/").text, "it is on its owner's list"
    letter = compose(cast.karim, timezone.localdate())
    assert letter and "1 decision to look back on" in letter.subject and f"/strategies/{row.pk}/" in letter.body
    page = seen(karim, row, "outcome/", actual="Signed in May")
    assert "Signed in April" in page and "Signed in May" in page and "Karim Haddad" in page
    later = compose(cast.karim, timezone.localdate())
    assert AIM not in karim.get("/accounts/").text and (later is None or "look back" not in later.subject)
