"""What was published of events stays true for who relies on it."""

from typing import Any

import pytest

from interactions.crm.events import schema
from tests import schemas


def test_version_1_is_kept() -> None:
    assert schemas.broken() == [], (
        "Bring it back, or publish it as a new version of the event beside the old one."
    )


def test_what_was_added_is_written_down() -> None:
    assert schemas.unaccepted() == [], schemas.ACCEPT


TEXT: dict[str, Any] = {"type": "string", "maxLength": 300}
OLD: dict[str, Any] = {
    "type": "object",
    "properties": {"id": {"type": "string"}, "text": TEXT},
    "required": ["id"],
}


def with_text(**changes: Any) -> dict[str, Any]:
    return {**OLD, "properties": {**OLD["properties"], "text": {**TEXT, **changes}}}


@pytest.mark.parametrize(
    "new",
    [
        {**OLD, "properties": {"id": {"type": "string"}}},
        {**OLD, "required": ["id", "text"]},
        {**OLD, "additionalProperties": False},
        with_text(maxLength=200), with_text(minLength=1), with_text(type="integer"), with_text(enum=["a"]),
        with_text(format="email"), with_text(pattern="^a"),
    ],
)  # fmt: skip
def test_what_breaks_a_sender(new: dict[str, Any]) -> None:
    assert schemas.narrowed(OLD, new)


def test_what_breaks_nobody() -> None:
    wider = with_text(maxLength=500)
    wider["properties"]["more"] = {"type": "string"}
    either = {**OLD, "properties": {**OLD["properties"], "text": {"anyOf": [TEXT, {"type": "null"}]}}}
    assert schemas.narrowed(OLD, wider) == schemas.narrowed(OLD, either) == []
    assert schemas.narrowed(either, OLD), "null was allowed"
    whole = schema("conversation.changed")
    assert schemas.narrowed(whole, whole) == []


def test_what_breaks_a_receiver() -> None:
    old = schemas.shape({"type": "reply.sent", "data": {"at": "now", "to": ["a"]}})
    assert schemas.lost(old, schemas.shape({"type": "x", "data": {"at": "now", "to": ["a"], "more": 1}})) == []
    assert schemas.lost(old, schemas.shape({"type": "x", "data": {"at": 5, "to": ["a"]}}))
    assert schemas.lost(old, schemas.shape({"type": "x", "data": {"to": ["a"]}}))
