"""POST notes/<id>/acceptance/ and promises/: what is said of a relationship goes back to the CRM."""

import json
from typing import Any

import pytest
from django.utils import timezone

from customers.models import Identity, Note, Promise
from interactions.models import Connection, OutboxMessage
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.api.calling import is_problem, program_of
from tests.crm import PushingCrm
from tests.factories import a_connection, a_person
from tests.interactions.test_events_page import LEAVING, shape
from tests.receiver import Receiver
from tests.work import run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def known(crm: PushingCrm, listening: Connection) -> PushingCrm:
    """The CRM has told of Fjord and Sigrid."""
    crm.says("Hello")
    run_tasks()
    account = crm.conversation().account
    assert account is not None
    account.teams.add(listening.team)
    return crm


def a_note(crm: PushingCrm, **fields: Any) -> Note:
    talk = crm.conversation()
    told = {"kind": "preference", "text": "Prefers deliveries before noon.", "created_at": timezone.now()}
    return Note.objects.create(account=talk.account, contact=talk.contact, **(told | fields))


def told(receiver: Receiver, type: str) -> list[dict[str, Any]]:
    return [one for one in (json.loads(d.body) for d in receiver.deliveries) if one["type"] == type]


def test_an_accepted_note_goes_to_the_accounts_crm_and_comes_back_as_itself(
    cast: Cast, known: PushingCrm, receiver: Receiver
) -> None:
    a_connection(team=cast.sales, name="Knows nothing of Fjord", deliver_to=receiver.url)
    note = a_note(known)
    ines = program_of(cast.ines)
    answer = ines.post(f"notes/{note.pk}/acceptance/")
    assert (answer.status_code, answer.json()["state"], answer.json()["decided_by"]) == (
        200,
        "accepted",
        cast.ines.pk,
    )
    assert AuditEntry.objects.get(verb="accepted note").key is not None
    assert is_problem(ines.post(f"notes/{note.pk}/acceptance/"), 409, "refused")

    run_tasks()
    (event,) = told(receiver, "note.accepted")
    assert shape(event) == shape(LEAVING["note.accepted"])
    data = event["data"]
    assert (data["account"]["id"], data["contact"]["id"], data["conversation"]["id"]) == ("a-1", "p-1", "c-1")
    assert (data["note"]["text"], data["by"]) == (note.text, cast.ines.email)

    known.tells("note.changed", {"id": "n-1", "account_id": "a-1", "text": note.text})
    run_tasks()
    back = Note.objects.get()
    assert (back.pk, back.external_id, back.decided_by) == (note.pk, "n-1", cast.ines)


def test_a_promise_goes_to_the_accounts_crm(cast: Cast, known: PushingCrm, receiver: Receiver) -> None:
    talk = known.conversation()
    body = {"account": talk.account_id, "contact": talk.contact_id, "text": "A call about the new terms.",
            "due_at": "2026-11-24T09:00:00Z", "owner": cast.karim.pk}  # fmt: skip
    answer = program_of(cast.ines).post("promises/", body)
    assert (answer.status_code, answer.json()["owner"]) == (201, cast.karim.pk), answer.json()
    assert AuditEntry.objects.get(verb="made promise").person == cast.ines
    run_tasks()
    (event,) = told(receiver, "promise.made")
    assert shape(event) == shape(LEAVING["promise.made"])
    assert event["data"]["promise"]["owner"] == cast.karim.email


def test_an_account_that_no_crm_knows_is_told_to_nobody(cast: Cast, listening: Connection) -> None:
    assert (
        program_of(cast.karim).post("promises/", {"account": cast.fjord.pk, "text": "A call"}).status_code
        == 201
    )
    assert not OutboxMessage.objects.exists() and not Identity.objects.exists()


def test_what_makes_no_sense(cast: Cast) -> None:
    ines = program_of(cast.ines)
    for more in (
        {"text": " "},
        {"account": cast.bright.pk},
        {"contact": cast.owen.pk},
        {"owner": 99},
        {"due_at": "soon"},
    ):
        assert is_problem(
            ines.post("promises/", {"account": cast.fjord.pk, "text": "A call", **more}), 400, "invalid"
        )
    reader = a_person(name="Rut Granted", is_admin=True, may_read_conversations=True)
    assert is_problem(program_of(reader).post("promises/", {"account": cast.fjord.pk, "text": "A call"}), 403)
    assert not Promise.objects.exists()


def test_notes_are_decided_on(cast: Cast) -> None:
    def note(text: str) -> Note:
        return Note.objects.create(
            account=cast.fjord, kind="preference", text=text, created_at=timezone.now(), key=text
        )

    one, two, three = note("Mornings"), note("Calls"), note("Mails")
    karim = program_of(cast.karim)

    def decide(row: Note, kind: str, **more: Any) -> Any:
        return karim.post(f"notes/{row.pk}/decision/", {"kind": kind, **more})

    assert is_problem(decide(one, "correct"), 400, "invalid") and is_problem(
        decide(one, "burn"), 400, "invalid"
    )
    told = decide(one, "correct", text="Before noon", internal=False, note_kind="way_of_working").json()
    assert (told["text"], told["first_text"], told["kind"]) == ("Before noon", "Mornings", "way_of_working")
    assert told["review_by"] and not told["internal"]
    assert is_problem(decide(two, "merge", other=three.pk), 400, "invalid"), "it is not accepted"
    assert decide(two, "merge", other=one.pk).json()["superseded_by"] == one.pk
    assert decide(two, "take_back").json()["state"] == "proposed"
    assert decide(three, "over", other=one.pk).json()["state"] == "accepted"
    assert decide(two, "reject").json()["state"] == "rejected"
    assert is_problem(decide(two, "accept"), 409, "refused") and is_problem(
        decide(two, "renew"), 409, "refused"
    )
    assert AuditEntry.objects.exclude(key=None).count() == 5


def test_promises_are_settled_and_calls_written_down(cast: Cast) -> None:
    promise = Promise.objects.create(account=cast.fjord, text="A call", made_at=timezone.now())
    ines, url = program_of(cast.ines), f"promises/{promise.pk}/decision/"
    assert is_problem(ines.post(url, {"kind": "moved"}), 400, "invalid")
    assert is_problem(ines.post(url, {"kind": "moved", "due_at": "2020-01-01T09:00:00Z"}), 400, "invalid")
    assert ines.post(url, {"kind": "moved", "due_at": "2090-01-01T09:00:00Z"}).json()["state"] == "open"
    assert ines.post(url, {"kind": "kept"}).json()["closed_at"]
    assert is_problem(ines.post(url, {"kind": "cancelled"}), 409, "refused")
    assert ines.post(url, {"kind": "open"}).json()["state"] == "open"

    calls, said = (
        f"accounts/{cast.fjord.pk}/calls/",
        {"kind": "call", "text": "I'll send her the plan by Friday."},
    )
    assert is_problem(ines.post(calls, said | {"contact": cast.owen.pk}), 400, "invalid")
    assert is_problem(ines.post(calls, said | {"at": "2090-01-01T09:00:00Z"}), 400, "invalid")
    told = ines.post(calls, said | {"contact": cast.sigrid.pk})
    assert (told.status_code, told.json()["channel"], told.json()["status"]) == (201, "call", "resolved")
    run_tasks()
    assert Promise.objects.filter(owner=cast.ines, text=said["text"]).exists()


def test_goals_are_set_and_ended_by_who_manages_the_account(cast: Cast) -> None:
    karim, url = program_of(cast.karim), f"accounts/{cast.fjord.pk}/goals/"
    assert is_problem(karim.post(url, {"text": " "}), 400, "invalid")
    made = karim.post(url, {"text": "Renewal in March", "dont": "Offer a discount", "by": "2027-03-01"})
    goal = made.json()
    assert (made.status_code, goal["set_by"], goal["not_on_complaints"]) == (201, cast.karim.pk, True)
    assert karim.get("goals/").json()["results"] == [goal]
    assert karim.post(f"goals/{goal['id']}/end/").json()["is_active"] is False
    assert is_problem(karim.post(f"goals/{goal['id']}/end/"), 409, "refused")
