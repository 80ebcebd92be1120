"""The team's usual reply, in which what other customers' records said is told by this customer's own."""

import pytest
from django.utils import timezone

from copilot.drafting.work import due_drafts, work
from copilot.models import Draft, PastReply
from tests.crm import PushingCrm
from tests.work import run_tasks

pytestmark = pytest.mark.django_db
ASKED = "Where is my ride, and when will it be here?"


def looked_up(crm: PushingCrm, who: str, driver: str, minutes: int) -> None:
    fields = {"driver": driver, "wait": f"{minutes} minutes"}
    told = {"id": f"ride-{who}", "kind": "ride", "title": "Ride", "contact_id": who, "fields": fields}
    crm.tells("record.changed", {**told, "occurred_at": timezone.now().isoformat()})


def asks(crm: PushingCrm, who: str) -> None:
    crm.says(ASKED, contact={"id": who, "name": who.title()}, account=None, conversation=f"c-{who}")


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
    assert not [one for one in told.checks if one["kind"] in ("unsupported", "leak")], told.checks

    asks(crm, "emil")
    nothing_known = drafted("emil").text
    assert not {"Dave", "Alex", "Mark", "7", "12", "5"} & set(nothing_known.replace(".", "").split())
