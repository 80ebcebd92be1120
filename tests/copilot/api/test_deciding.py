"""POST drafts/<id>/decisions/: each kind, who may, and what a second person meets."""

from typing import Any

import pytest
from django.test import Client
from django.utils.dateparse import parse_datetime

from copilot.models import Decision, Draft, Signal
from interactions.letter import Letter
from interactions.models import Conversation, Escalation, OutboxMessage
from people.models import AuditEntry, Scope
from tests.cast import Cast
from tests.copilot.api.calling import CHECK, TEXT, V1, Program, a_draft, is_problem, program_of
from tests.work import end_undo_time, run_tasks

pytestmark = pytest.mark.django_db


def decide(program: Program, draft: Draft, kind: str, **more: Any) -> Any:
    return program.post(f"drafts/{draft.pk}/decisions/", {"kind": kind, "version": draft.version, **more})


def test_approving_queues_exactly_the_draft(ines: Program, draft: Draft, cast: Cast) -> None:
    answer = decide(ines, draft, "approve")
    assert answer.status_code == 201, answer.json()
    told = answer.json()
    row = OutboxMessage.objects.get(pk=told["delivery"])
    assert Letter.read(bytes(row.payload)).text == TEXT
    assert (told["kind"], told["draft"], told["person"]) == ("approve", draft.pk, cast.ines.pk)
    assert (told["state"], told["version"]) == ("approved", draft.version + 1)
    assert parse_datetime(told["undo_until"]) == row.due_at
    assert told["at"] and told["by_key"]


def test_a_decision_by_key_is_audited(ines: Program, draft: Draft, cast: Cast) -> None:
    decide(ines, draft, "approve")
    entry = AuditEntry.objects.get(verb="decided: approve")
    assert entry.person == cast.ines and entry.key is not None and entry.key.person == cast.ines


def test_once_delivered_the_draft_is_sent(
    ines: Program, cast: Cast, conversation: Conversation, draft: Draft
) -> None:
    Conversation.objects.filter(pk=conversation.pk).update(connection=None)  # so that it leaves by mail
    decision = decide(ines, draft, "approve").json()
    assert ines.get(f"drafts/{draft.pk}/").json()["state"] == "approved"
    end_undo_time()
    run_tasks()
    assert ines.get(f"drafts/{draft.pk}/").json()["state"] == "sent"
    assert ines.get(f"decisions/{decision['id']}/").json()["state"] == "sent"
    assert [one["id"] for one in ines.get("drafts/", state="sent").json()["results"]] == [draft.pk]
    assert ines.get("drafts/", state="approved").json()["results"] == []


def test_editing_sends_the_persons_words_and_keeps_the_difference(ines: Program, draft: Draft) -> None:
    text = TEXT.replace("Monday", "Tuesday")
    told = decide(ines, draft, "edit", text=text, cc=["boss@fjord.example"], subject="Order 4411").json()
    letter = Letter.read(bytes(OutboxMessage.objects.get(pk=told["delivery"]).payload))
    assert (letter.text, letter.cc, letter.subject) == (text, ("boss@fjord.example",), "Order 4411")
    assert Signal.objects.get(decision=told["id"]).distance > 0


def test_one_address_needs_no_list(ines: Program, draft: Draft) -> None:
    told = decide(ines, draft, "edit", text="Hello", cc="boss@fjord.example").json()
    letter = Letter.read(bytes(OutboxMessage.objects.get(pk=told["delivery"]).payload))
    assert letter.cc == ("boss@fjord.example",)


def test_approving_other_words_is_refused_and_not_passed_over(ines: Program, draft: Draft) -> None:
    assert is_problem(decide(ines, draft, "approve", text="Something else"), 422, "refused")
    assert not OutboxMessage.objects.exists()


def test_unticked_checks_are_listed(ines: Program, conversation: Conversation) -> None:
    draft = a_draft(conversation=conversation, checks=[CHECK])
    answer = decide(ines, draft, "approve")
    assert is_problem(answer, 422, "unticked") and answer.json()["missing"] == ["c1"]
    assert decide(ines, draft, "approve", ticks=["c1"]).status_code == 201


def test_words_of_ones_own_need_no_ticks(ines: Program, conversation: Conversation) -> None:
    draft = a_draft(conversation=conversation, checks=[CHECK])
    assert decide(ines, draft, "edit", text="I do not know yet.").status_code == 201


@pytest.mark.parametrize(
    ("reason", "code", "question"),
    [("needs_expert", "needs_expert", ""), ("She asks for a lawyer", "other", "She asks for a lawyer")],
)
def test_escalating_to_a_person(
    ines: Program, draft: Draft, cast: Cast, reason: str, code: str, question: str
) -> None:
    answer = decide(ines, draft, "escalate", to=f"user:{cast.petra.pk}", reason=reason)
    assert answer.status_code == 201 and answer.json()["state"] == "escalated"
    escalation = Escalation.objects.get()
    assert (escalation.to_person, escalation.reason, escalation.question) == (cast.petra, code, question)


def test_escalating_to_a_team(ines: Program, draft: Draft, cast: Cast) -> None:
    assert decide(ines, draft, "escalate", to=f"team:{cast.sales.pk}").status_code == 201
    assert Escalation.objects.get().to_team == cast.sales


@pytest.mark.parametrize(
    "to", [None, "", [], "user:", "user:999999", "team:x", "cat:1", "user:" + "9" * 40, "user:²"]
)
def test_escalating_to_nobody(ines: Program, draft: Draft, to: Any) -> None:
    assert is_problem(decide(ines, draft, "escalate", to=to), 422, "refused")


def test_discarding_and_redrafting(ines: Program, draft: Draft) -> None:
    told = decide(ines, draft, "redraft", instruction="Shorter").json()
    assert told["state"] == "queued"
    draft.refresh_from_db()
    assert draft.instructions == ["Shorter"]
    assert decide(ines, draft, "discard", reason="spam").json()["state"] == "discarded"


def test_the_second_person_learns_who_was_first(ines: Program, petra: Program, draft: Draft) -> None:
    assert decide(ines, draft, "approve").status_code == 201
    answer = decide(petra, draft, "approve")
    assert is_problem(answer, 409, "changed")
    told = answer.json()
    assert (told["state"], told["version"]) == ("approved", draft.version + 1)
    assert "Ines Duarte has approved" in told["detail"]
    assert OutboxMessage.objects.count() == 1


@pytest.mark.parametrize("version", [0, 99, -1, 10**30])
def test_an_old_version_is_refused_with_the_present_one(ines: Program, draft: Draft, version: int) -> None:
    answer = ines.post(f"drafts/{draft.pk}/decisions/", {"kind": "discard", "version": version})
    assert is_problem(answer, 409, "changed")
    assert (answer.json()["state"], answer.json()["version"]) == ("ready", draft.version)


@pytest.mark.parametrize(
    "body",
    [{"kind": "approve"}, {"kind": "approve", "version": None}, {"version": 1}, {"kind": "sing", "version": 1}],
)
def test_without_version_or_kind(ines: Program, draft: Draft, body: dict[str, Any]) -> None:
    answer = ines.post(f"drafts/{draft.pk}/decisions/", body)
    assert is_problem(answer, 400, "invalid") and answer.json()["errors"]


def test_a_strangers_draft_is_not_there(lukas: Program, draft: Draft) -> None:
    assert is_problem(decide(lukas, draft, "approve"), 404)


def test_a_key_without_the_scope(cast: Cast, draft: Draft) -> None:
    reader = program_of(cast.ines, [Scope.READ, Scope.WRITE])
    assert is_problem(decide(reader, draft, "approve"), 403)


def test_a_connection_never_decides(crm_program: Program, draft: Draft) -> None:
    assert is_problem(decide(crm_program, draft, "approve"), 403)


def test_permission_comes_before_state_and_body(cast: Cast, draft: Draft, crm_program: Program) -> None:
    reader = program_of(cast.ines, [Scope.READ])
    assert is_problem(reader.post(f"drafts/{draft.pk}/decisions/", {"kind": "approve", "version": 0}), 403)
    assert is_problem(crm_program.post(f"drafts/{draft.pk}/decisions/", {}), 403)


def test_an_admin_who_may_read_does_not_answer(cast: Cast, draft: Draft) -> None:
    cast.ada.may_read_conversations = True
    cast.ada.save()
    ada = program_of(cast.ada)
    assert ada.get(f"drafts/{draft.pk}/").status_code == 200
    assert is_problem(decide(ada, draft, "approve"), 403)


def test_nobody(draft: Draft) -> None:
    answer = Client().post(f"{V1}drafts/{draft.pk}/decisions/", {}, content_type="application/json")
    assert is_problem(answer, 401) and answer["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_only_post(ines: Program, draft: Draft, method: str) -> None:
    assert is_problem(ines.send(method, f"drafts/{draft.pk}/decisions/"), 405)


def test_undoing_a_reply_opens_the_draft_again(ines: Program, draft: Draft) -> None:
    made = decide(ines, draft, "approve").json()
    answer = ines.post(f"decisions/{made['id']}/undo/")
    assert answer.status_code == 200, answer.json()
    assert answer.json()["undone_at"] and answer.json()["state"] == "ready"
    assert OutboxMessage.objects.get().state == OutboxMessage.State.CANCELLED
    assert Signal.objects.get().state == Signal.State.VOID


def test_undoing_too_late(ines: Program, draft: Draft) -> None:
    made = decide(ines, draft, "approve").json()
    OutboxMessage.objects.update(state=OutboxMessage.State.SENDING)
    assert is_problem(ines.post(f"decisions/{made['id']}/undo/"), 409, "changed")


def test_only_who_may_answer_undoes(
    ines: Program, lukas: Program, crm_program: Program, cast: Cast, draft: Draft
) -> None:
    path = f"decisions/{decide(ines, draft, 'discard').json()['id']}/undo/"
    assert is_problem(lukas.post(path), 404)
    assert is_problem(crm_program.post(path), 403)
    assert is_problem(program_of(cast.ines, [Scope.READ, Scope.WRITE]).post(path), 403)
    assert is_problem(ines.get(path), 405)
    assert Decision.objects.get().undone_at is None
