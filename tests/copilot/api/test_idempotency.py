"""The same POST twice acts once, also when both come at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connections
from django.utils import timezone

from copilot.management.commands import sweep
from copilot.models import Decision, Draft, IdempotentAnswer
from interactions.models import Conversation, OutboxMessage
from tests.copilot.api.calling import Program, is_problem


def reply(program: Program, conversation: Conversation, once: str, text: str = "On Monday.") -> Any:
    return program.post(f"conversations/{conversation.pk}/replies/", {"text": text}, once=once)


@pytest.mark.django_db
def test_the_first_answer_again(ines: Program, conversation: Conversation) -> None:
    first, second = (reply(ines, conversation, "k1") for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert "Idempotent-Replayed" not in first and second["Idempotent-Replayed"] == "true"
    assert first["Content-Type"] == second["Content-Type"]
    assert Decision.objects.count() == 1


@pytest.mark.django_db
def test_another_request_with_the_same_key(ines: Program, conversation: Conversation) -> None:
    reply(ines, conversation, "k1")
    assert is_problem(reply(ines, conversation, "k1", "On Tuesday."), 422, "key-reused")
    assert OutboxMessage.objects.count() == 1


@pytest.mark.django_db
def test_keys_belong_to_who_uses_them(ines: Program, petra: Program, conversation: Conversation) -> None:
    assert reply(ines, conversation, "k1").json()["id"] != reply(petra, conversation, "k1").json()["id"]


@pytest.mark.django_db
def test_a_refusal_is_an_answer_too(ines: Program, draft: Draft) -> None:
    body = {"kind": "approve", "version": draft.version + 1}
    first, second = (ines.post(f"drafts/{draft.pk}/decisions/", body, once="k1") for _ in range(2))
    assert is_problem(first, 409, "changed") and is_problem(second, 409, "changed")
    assert second["Idempotent-Replayed"] == "true"
    assert (
        ines.post(f"drafts/{draft.pk}/decisions/", {**body, "version": draft.version}, once="k2").status_code
        == 201
    )


@pytest.mark.django_db
def test_after_a_day_it_is_a_new_request(ines: Program, conversation: Conversation) -> None:
    reply(ines, conversation, "k1")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert "Idempotent-Replayed" not in reply(ines, conversation, "k1")
    assert Decision.objects.count() == 2


@pytest.mark.django_db
def test_old_answers_are_forgotten(ines: Program, conversation: Conversation) -> None:
    reply(ines, conversation, "k1")
    IdempotentAnswer.objects.update(created_at=timezone.now() - timedelta(hours=25))
    reply(ines, conversation, "k2")
    assert sweep.tidy_up() is False
    assert [row.key for row in IdempotentAnswer.objects.all()] == ["k2"]


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["x" * 201, "ä", "a\x00b", "a\tb"])
def test_keys_that_are_none(ines: Program, conversation: Conversation, key: str) -> None:
    assert is_problem(reply(ines, conversation, key), 400)


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_moment_act_once(ines: Program, conversation: Conversation) -> None:
    def call(number: int) -> int:
        try:
            return int(reply(ines, conversation, "k1").status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        statuses = list(pool.map(call, range(4)))
    assert set(statuses) <= {201, 409} and 201 in statuses
    assert Decision.objects.count() == OutboxMessage.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_who_decide_at_the_same_moment(ines: Program, petra: Program, draft: Draft) -> None:
    def call(program: Program) -> int:
        try:
            body = {"kind": "approve", "version": draft.version}
            return int(program.post(f"drafts/{draft.pk}/decisions/", body).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(call, [ines, petra])) == [201, 409]
    assert OutboxMessage.objects.count() == 1
