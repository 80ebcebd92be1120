"""Replies without a draft, drafts on request, and dead events once more."""

from typing import Any

import pytest

from copilot.models import Draft, DraftingSwitch
from interactions.letter import Letter
from interactions.models import Connection, Conversation, InboxEvent, OutboxMessage
from people.models import AuditEntry, Scope, User
from tests.cast import Cast
from tests.copilot.api.calling import Program, an_event, is_problem, program_of
from tests.factories import a_connection, a_message

pytestmark = pytest.mark.django_db


def test_a_reply_without_a_draft(ines: Program, conversation: Conversation, cast: Cast) -> None:
    answer = ines.post(
        f"conversations/{conversation.pk}/replies/", {"text": "On Monday.", "cc": ["a@fjord.example"]}
    )
    told = answer.json()
    assert answer.status_code == 201, told
    assert (told["kind"], told["draft"], told["state"], told["person"]) == (
        "write",
        None,
        "approved",
        cast.ines.pk,
    )
    letter = Letter.read(bytes(OutboxMessage.objects.get(pk=told["delivery"]).payload))
    assert (letter.text, letter.to, letter.cc) == ("On Monday.", (cast.sigrid.email,), ("a@fjord.example",))


def test_a_reply_sets_the_open_draft_aside(ines: Program, conversation: Conversation, draft: Draft) -> None:
    assert ines.post(f"conversations/{conversation.pk}/replies/", {"text": "On Monday."}).status_code == 201
    assert ines.get(f"drafts/{draft.pk}/").json()["state"] == "discarded"


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ({}, 400, "invalid"),
        ({"text": None}, 400, "invalid"),
        ({"text": "x" * 100_001}, 400, "invalid"),
        ({"text": "   "}, 422, "refused"),
        ({"text": "Hello", "to": ["nobody"]}, 422, "refused"),
        ({"text": "Hello", "to": ["a@b.example"] * 51}, 400, "invalid"),
        ({"text": "Hello", "to": {"a": 1}}, 400, "invalid"),
    ],
)
def test_replies_that_make_no_sense(
    ines: Program, conversation: Conversation, body: dict[str, Any], status: int, kind: str
) -> None:
    assert is_problem(ines.post(f"conversations/{conversation.pk}/replies/", body), status, kind)
    assert not OutboxMessage.objects.exists()


@pytest.mark.parametrize("verb", ["replies", "drafts"])
def test_who_may_write(
    ines: Program, lukas: Program, crm_program: Program, cast: Cast, conversation: Conversation, verb: str
) -> None:
    path = f"conversations/{conversation.pk}/{verb}/"
    assert is_problem(lukas.post(path, {"text": "Hello"}), 404)
    assert is_problem(crm_program.post(path, {"text": "Hello"}), 403)
    assert is_problem(program_of(cast.ines, [Scope.READ]).post(path, {"text": "Hello"}), 403)
    assert is_problem(ines.get(path), 405)


def test_writing_a_reply_takes_the_scope_to_decide(cast: Cast, conversation: Conversation) -> None:
    writer = program_of(cast.ines, [Scope.READ, Scope.WRITE])
    assert is_problem(writer.post(f"conversations/{conversation.pk}/replies/", {"text": "Hello"}), 403)
    assert writer.post(f"conversations/{conversation.pk}/drafts/").status_code == 201


def test_asking_for_a_draft(ines: Program, conversation: Conversation) -> None:
    a_message(conversation=conversation)
    first = ines.post(f"conversations/{conversation.pk}/drafts/", {"instruction": "In two lines"})
    assert first.status_code == 201, first.json()
    told = first.json()
    assert (told["state"], told["n"], told["instructions"]) == ("queued", 1, ["In two lines"])
    again = ines.post(f"conversations/{conversation.pk}/drafts/")
    assert (again.status_code, again.json()["id"]) == (200, told["id"])


@pytest.mark.parametrize("asked", ["switched off", "people only"])
def test_where_no_draft_may_be_written(
    ines: Program, cast: Cast, conversation: Conversation, asked: str
) -> None:
    if asked == "switched off":
        DraftingSwitch.objects.create(team=cast.support, mode=DraftingSwitch.Mode.OFF)
    else:
        cast.sigrid.people_only = True
        cast.sigrid.save()
    answer = ines.post(f"conversations/{conversation.pk}/drafts/")
    assert is_problem(answer, 422, "refused")
    assert asked in answer.json()["detail"] and not Draft.objects.exists()


def test_a_dead_event_is_replayed(petra: Program, cast: Cast, connection: Connection) -> None:
    event = an_event(connection=connection)
    answer = petra.post(f"events/{event.pk}/replay/")
    assert (answer.status_code, answer.json()["state"]) == (202, "recorded")
    assert _audited(cast.petra, f"inboxevent:{event.pk}")


def test_only_dead_events(ada: Program, connection: Connection) -> None:
    event = an_event(connection=connection, state=InboxEvent.State.APPLIED)
    answer = ada.post(f"events/{event.pk}/replay/")
    assert is_problem(answer, 409, "refused") and "applied" in answer.json()["detail"]


def test_who_may_replay(ines: Program, ada: Program, crm_program: Program, connection: Connection) -> None:
    path = f"events/{an_event(connection=connection).pk}/replay/"
    assert is_problem(ines.post(path), 404)
    assert is_problem(crm_program.post(path), 403)
    assert is_problem(ada.get(path), 405)
    assert ada.post(path).status_code == 202


def _audited(person: User, target: str) -> bool:
    entry = AuditEntry.objects.get(verb="replayed")
    return (entry.person, entry.target, entry.key is not None) == (person, target, True)


def test_all_dead_events_of_a_connection(petra: Program, cast: Cast, connection: Connection) -> None:
    events = [an_event(connection=connection) for _ in range(3)]
    an_event(connection=connection, state=InboxEvent.State.APPLIED)
    elsewhere = an_event(connection=a_connection(team=cast.support))

    answer = petra.post(f"connections/{connection.pk}/replay/")

    assert (answer.status_code, answer.json()) == (202, {"replayed": 3, "kept_back": 0})
    due = InboxEvent.objects.filter(state=InboxEvent.State.RECORDED)
    assert set(due.values_list("pk", "attempts", "reason")) == {(one.pk, 0, "") for one in events}
    elsewhere.refresh_from_db()
    assert elsewhere.state == InboxEvent.State.DEAD
    assert _audited(cast.petra, f"connection:{connection.pk}")
    assert petra.post(f"connections/{connection.pk}/replay/").json() == {"replayed": 0, "kept_back": 0}
    assert AuditEntry.objects.filter(verb="replayed").count() == 1


def test_who_may_replay_them_all(
    ines: Program, lukas: Program, ada: Program, crm_program: Program, cast: Cast, connection: Connection
) -> None:
    an_event(connection=connection)
    path = f"connections/{connection.pk}/replay/"
    assert is_problem(ines.post(path), 404) and is_problem(lukas.post(path), 404)
    assert is_problem(crm_program.post(path), 403)
    assert is_problem(program_of(cast.petra, [Scope.READ]).post(path), 403)
    assert is_problem(ada.get(path), 405)
    assert ada.post(path).json() == {"replayed": 1, "kept_back": 0}
