"""The team's usual reply, in which what other customers' records said is told by this customer's own."""

import pytest
from django.utils import timezone

from copilot.drafting.work import due_drafts, work
from copilot.models import Draft, PastReply
from tests.crm import PushingCrm
from tests.work import run_tasks

pytestmark = pytest.mark.django_db
ASKED = "Where is my ride, and how long do I wait for the driver?"


def looked_up(crm: PushingCrm, who: str, driver: str, minutes: int) -> None:
    fields = {"driver": driver, "wait": f"{minutes} minutes"}
    told = {"id": f"ride-{who}", "kind": "ride", "title": "Ride", "contact_id": who, "fields": fields}
    crm.tells("record.changed", {**told, "occurred_at": timezone.now().isoformat()})


def asks(crm: PushingCrm, who: str, text: str = ASKED) -> None:
    crm.says(text, contact={"id": who, "name": who.title()}, account=None, conversation=f"c-{who}")


def drafted(who: str) -> Draft:
    run_tasks()
    for number in due_drafts(10):
        work(number)
    return Draft.objects.filter(conversation__external_id=f"c-{who}").latest("pk")


def test_a_draft_tells_this_customers_record_in_the_usual_words(
    crm: PushingCrm, settings: pytest.MonkeyPatch
) -> None:
    for who, author, driver, minutes in (
        ("anna", "Ines", "Dave", 7), ("ben", "Karim", "Alex", 12), ("cleo", "Tess", "Mark", 5),
    ):  # fmt: skip
        asks(crm, who)
        looked_up(crm, who, driver, minutes)
        crm.answers(
            f"Your ride is on its way: {driver} will be with you in {minutes} minutes.",
            conversation=f"c-{who}", contact=None, author=author,
        )  # fmt: skip
        run_tasks()
    assert "Looked up: Ride: driver Dave, wait 7 minutes" in PastReply.objects.earliest("pk").asked

    asks(crm, "dora")
    looked_up(crm, "dora", "Bruno", 31)
    told = drafted("dora")
    assert "Your ride is on its way: Bruno will be with you in 31 minutes." in told.text
    assert "On record here" not in told.text  # colleagues with the record at hand said this and no more
    assert not [one for one in told.checks if one["kind"] in ("unsupported", "leak")], told.checks

    asks(crm, "emil")
    nothing_known = drafted("emil").text
    assert not {"Dave", "Alex", "Mark", "7", "12", "5"} & set(nothing_known.replace(".", "").split())


def test_beside_a_question_back_stands_only_the_record_that_was_named(crm: PushingCrm) -> None:
    for who, author in (("anna", "Ines"), ("ben", "Karim"), ("cleo", "Tess")):
        asks(crm, who)
        crm.answers("Where shall the driver meet you?", conversation=f"c-{who}", contact=None, author=author)
        run_tasks()
    for who in ("dora", "emil"):
        looked_up(crm, who, "Bruno in RD-8810", 31)
    run_tasks()

    asks(crm, "dora")
    asks(crm, "emil", "Where is RD-8810, and how long do I wait for the driver?")
    unnamed, named = drafted("dora").text, drafted("emil").text
    assert "meet you?" in unnamed and "On record" not in unnamed
    assert "meet you?" in named and "On record here: Ride: driver Bruno in RD-8810, wait 31 minutes." in named


def test_the_usual_reply_is_the_one_that_followed_the_same_answer_of_ours(crm: PushingCrm) -> None:
    """The words are the same both times; what "the first one" means, the question before it says."""
    replace, refund = "Shall we replace the lamp or refund it?", "Shall we refund the lamp or replace it?"
    for who, author, offered, meant in (
        ("anna", "Ines", replace, "Another lamp leaves today."),
        ("ben", "Karim", replace, "Another lamp leaves today."),
        ("cleo", "Tess", replace, "Another lamp leaves today."),
        ("dan", "Noor", refund, "Your money is on its way."),
        ("emil", "Ines", refund, "Your money is on its way."),
        ("finn", "Karim", refund, "Your money is on its way."),
        ("gina", "Tess", refund, "Your money is on its way."),
    ):
        offers(crm, who, author, offered)
        crm.answers(meant, conversation=f"c-{who}", contact=None, author=author)
        run_tasks()

    offers(crm, "hugo", "Ines", replace)
    offers(crm, "iris", "Ines", refund)
    assert "Another lamp leaves today." in drafted("hugo").text
    assert "Your money is on its way." in drafted("iris").text


def offers(crm: PushingCrm, who: str, author: str, offered: str) -> None:
    asks(crm, who, "The lamp arrived broken.")
    crm.answers(offered, conversation=f"c-{who}", contact=None, author=author)
    asks(crm, who, "The first one, please.")
    run_tasks()


def test_what_was_said_with_a_record_at_hand_is_said_with_one(crm: PushingCrm) -> None:
    """Both wordings answered the same words; which of them belongs here, the situation says."""
    for who, author in (("anna", "Ines"), ("ben", "Karim"), ("cleo", "Tess"), ("dan", "Noor")):
        asks(crm, who)
        crm.answers("Please tell me your booking number.", conversation=f"c-{who}", contact=None, author=author)
    run_tasks()
    for who, author in (("finn", "Ines"), ("gina", "Karim"), ("hal", "Tess")):
        asks(crm, who)
        looked_up(crm, who, "on the way", 9)
        crm.answers("It is on its way to you.", conversation=f"c-{who}", contact=None, author=author)
        run_tasks()

    asks(crm, "hugo")
    looked_up(crm, "hugo", "on the way", 9)
    asks(crm, "iris")
    with_record, without = drafted("hugo").text, drafted("iris").text
    assert "It is on its way to you." in with_record and "booking number" not in with_record
    assert "booking number" in without
