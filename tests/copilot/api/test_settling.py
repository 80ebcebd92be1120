"""POST deliveries/<id>/settlement/: whether a reply arrived of which nobody knew."""

from typing import Any

import pytest

from copilot.models import Draft, Signal
from interactions.models import Connection, OutboxMessage
from people.models import AuditEntry, Scope
from tests.cast import Cast
from tests.copilot.api.calling import Program, is_problem, program_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def lost(ines: Program, draft: Draft) -> OutboxMessage:
    made = ines.post(f"drafts/{draft.pk}/decisions/", {"kind": "approve", "version": draft.version}).json()
    OutboxMessage.objects.update(state="unknown", attempts=2, reason="TimeoutError")
    return OutboxMessage.objects.get(pk=made["delivery"])


def path(row: OutboxMessage) -> str:
    return f"deliveries/{row.pk}/settlement/"


def test_it_arrived(ines: Program, cast: Cast, draft: Draft, lost: OutboxMessage) -> None:
    answer = ines.post(path(lost), {"arrived": True})

    assert (answer.status_code, answer.json()["state"]) == (200, "sent"), answer.json()
    assert ines.get(f"drafts/{draft.pk}/").json()["state"] == "sent"
    assert Signal.objects.get().state == Signal.State.SETTLED
    entry = AuditEntry.objects.get(verb="settled delivery")
    assert entry.person == cast.ines and entry.key is not None and entry.detail == {"arrived": True}


def test_it_did_not_arrive(ines: Program, lost: OutboxMessage) -> None:
    answer = ines.post(path(lost), {"arrived": False})

    assert (answer.json()["state"], answer.json()["attempts"]) == ("retry", 2)
    assert answer.json()["id"] == str(lost.pk) and OutboxMessage.objects.count() == 1
    assert Signal.objects.get().state == Signal.State.PENDING


def test_only_once(ines: Program, petra: Program, lost: OutboxMessage) -> None:
    assert ines.post(path(lost), {"arrived": True}).status_code == 200
    answer = petra.post(path(lost), {"arrived": False})
    assert is_problem(answer, 409, "refused") and "this one is sent" in answer.json()["detail"]
    assert AuditEntry.objects.filter(verb="settled delivery").count() == 1


@pytest.mark.parametrize("body", [{}, {"arrived": None}, {"arrived": "perhaps"}, {"arrived": [True]}])
def test_without_an_answer(ines: Program, lost: OutboxMessage, body: dict[str, Any]) -> None:
    assert is_problem(ines.post(path(lost), body), 400, "invalid")
    lost.refresh_from_db()
    assert lost.state == "unknown"


def test_who_may_settle(
    lukas: Program, ada: Program, crm_program: Program, cast: Cast, lost: OutboxMessage
) -> None:
    assert is_problem(lukas.post(path(lost), {"arrived": True}), 404)
    for program in (ada, crm_program, program_of(cast.ines, [Scope.READ, Scope.WRITE])):
        assert is_problem(program.post(path(lost), {"arrived": True}), 403)
    assert is_problem(program_of(cast.ines).get(path(lost)), 405)
    lost.refresh_from_db()
    assert lost.state == "unknown"


def test_an_event_is_no_reply(petra: Program, connection: Connection, lost: OutboxMessage) -> None:
    event = OutboxMessage.objects.create(
        kind="event", type="draft.ready", connection=connection, state="unknown", payload=b"{}",
        due_at=lost.due_at,
    )  # fmt: skip
    assert is_problem(petra.post(path(event), {"arrived": True}), 404)
