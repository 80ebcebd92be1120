"""Bodies that are wrong in every way, and what their sender is told: never an error of ours."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some

from copilot.models import Draft
from interactions.models import OutboxMessage
from tests.copilot.api.calling import V1, Program, is_problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"\xff\xfe{}", b"[" * 100_000, b'{"version": NaN}', b'{"version": 1' + b"0" * 5000 + b"}",
        b"[]", b"null", b'"approve"', b"17",
    ],
    ids=["nothing", "cut off", "not UTF-8", "deep", "NaN", "huge number", "list", "null", "string", "number"],
)  # fmt: skip
def test_bodies_that_cannot_be_read(ines: Program, draft: Draft, body: bytes) -> None:
    answer = ines.raw(f"drafts/{draft.pk}/decisions/", body)
    assert answer.status_code == 400 and answer["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"], ids=["NUL", "half a character"])
def test_what_cannot_be_stored(ines: Program, draft: Draft, text: str) -> None:
    body = {"kind": "edit", "version": draft.version, "text": text}
    answer = ines.raw(f"drafts/{draft.pk}/decisions/", json.dumps(body).encode())
    assert is_problem(answer, 400, "invalid") and "text" in answer.json()["errors"]


@pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data", "application/json; charset=hex"])
def test_other_kinds_of_body(ines: Program, draft: Draft, kind: str) -> None:
    assert is_problem(ines.raw(f"drafts/{draft.pk}/decisions/", b"{}", kind), 415)


def test_a_body_that_is_too_large(ines: Program, draft: Draft) -> None:
    assert is_problem(ines.raw(f"drafts/{draft.pk}/decisions/", b" " * (1024 * 1024 + 1)), 413)


def test_an_answer_nobody_can_give(ines: Program) -> None:
    headers = {"Authorization": f"Bearer {ines.key}", "Accept": "text/html"}
    assert is_problem(ines.client.get(f"{V1}drafts/", headers=headers), 406)


@pytest.mark.parametrize("path", ["", "nowhere/", "drafts", "drafts/1/decisions"])
def test_no_such_address(ines: Program, path: str) -> None:
    assert is_problem(ines.get(path), 404)
    assert is_problem(Client().get(V1 + path), 401)


WORDS = some.text(max_size=40)
ANYTHING = some.recursive(
    some.none() | some.booleans() | some.integers() | some.floats() | WORDS,
    lambda inner: some.lists(inner, max_size=3) | some.dictionaries(WORDS, inner, max_size=3),
    max_leaves=5,
)
KINDS = some.sampled_from(["approve", "edit", "escalate", "discard", "redraft"])
FIELDS = "text to cc bcc subject reason question instruction alternative ticks".split()
BODIES = some.fixed_dictionaries(
    {"kind": KINDS | ANYTHING, "version": some.just(1) | some.integers() | ANYTHING},
    optional={name: WORDS | some.lists(WORDS, max_size=3) | ANYTHING for name in FIELDS},
)


@given(body=BODIES | ANYTHING)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_body_is_an_error_of_ours(ines: Program, draft: Draft, body: Any) -> None:
    raw = json.dumps(body, allow_nan=True).encode()
    answer = ines.raw(f"drafts/{draft.pk}/decisions/", raw)
    assert answer.status_code in (201, 400, 409, 422), answer.content
    assert answer.status_code == 201 or answer["Content-Type"] == "application/problem+json"
    assert OutboxMessage.objects.filter(kind="reply").count() == draft.decisions.exclude(outbox=None).count()
