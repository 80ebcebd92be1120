"""docs/events.md is true: its examples fit the published schemas and pass the real door."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]
import pytest
from django.utils import timezone
from pytest_django import Settings

from copilot.drafting.work import work
from copilot.models import Draft
from interactions import outbox
from interactions.crm.events import EVENTS, schema
from interactions.models import Connection
from tests.cast import Cast
from tests.copilot.api.calling import program_of
from tests.crm import PushingCrm, iso
from tests.factories import a_conversation, a_reply
from tests.receiver import Receiver
from tests.work import run_tasks

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "events.md").read_text()
IN, OUT = PAGE.split("## Receiving events from Rapport")


def examples(part: str) -> dict[str, Any]:
    found = [json.loads(one) for one in re.findall(r"```json\n(.+?)```", part, re.S)]
    return {one["type"]: one for one in found}


EXAMPLES, LEAVING = examples(IN), examples(OUT)


def test_every_type_that_comes_in_has_an_example() -> None:
    assert set(EVENTS) <= set(EXAMPLES)


@pytest.mark.parametrize("type", list(EVENTS))
def test_an_example_fits_its_schema_and_is_applied(crm: PushingCrm, type: str) -> None:
    if type != "message.received":  # the others tell of what is known already
        crm.push(EXAMPLES["message.received"])
        run_tasks()
    example = EXAMPLES[type]
    published = schema(type)
    jsonschema.Draft202012Validator.check_schema(published)
    jsonschema.validate(example, published, format_checker=jsonschema.FormatChecker())
    assert crm.push(example).status_code == 202
    run_tasks()
    assert (crm.last_event().state, crm.last_event().reason) == ("applied", "")


@pytest.mark.parametrize("type", list(EVENTS))
def test_a_schema_refuses_what_the_reader_refuses(type: str) -> None:
    for broken in ({}, {**EXAMPLES[type], "data": {}}, {**EXAMPLES[type], "type": "other"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema(type))


def shape(value: Any) -> Any:
    return {name: shape(one) for name, one in sorted(value.items())} if isinstance(value, dict) else type(value)


def test_what_leaves_has_the_shape_that_the_page_shows(
    cast: Cast, listening: Connection, receiver: Receiver
) -> None:
    asked = a_conversation(team=cast.support, contact=cast.sigrid, connection=listening)
    a_reply(conversation=asked, person=cast.ines)
    run_tasks()
    told = [json.loads(one.body) for one in receiver.deliveries]
    assert [one["type"] for one in told] == ["reply.approved", "reply.sent"]
    for one in told:
        assert shape(one) == shape(LEAVING[one["type"]])


def test_what_the_copilot_tells_has_the_shape_that_the_page_shows(
    cast: Cast, crm: PushingCrm, listening: Connection, receiver: Receiver, settings: Settings
) -> None:
    """A customer writes, a draft is made, and Ines hands it to Petra."""
    settings.DRAFT_DEBOUNCE_SECONDS = 0
    crm.says("Where is my order?")
    run_tasks()
    draft = Draft.objects.get()
    work(draft.pk)
    draft.refresh_from_db()
    body = {"kind": "escalate", "version": draft.version, "to": f"user:{cast.petra.pk}",
            "reason": "above_limit", "question": "May we?"}  # fmt: skip
    assert program_of(cast.ines).post(f"drafts/{draft.pk}/decisions/", body).status_code == 201
    run_tasks()

    told = {one["type"]: one for one in (json.loads(one.body) for one in receiver.deliveries)}
    assert set(told) == {"draft.ready", "conversation.escalated"}
    for type, one in told.items():
        assert shape(one) == shape(LEAVING[type])
    assert told["draft.ready"]["data"]["draft"]["state"] == LEAVING["draft.ready"]["data"]["draft"]["state"]
    data, example = told["conversation.escalated"]["data"], LEAVING["conversation.escalated"]["data"]
    for name in ("to", "by", "reason"):
        assert data[name] == example[name]
    assert data["question"] == "May we?"


def test_every_type_that_leaves_has_an_example() -> None:
    """Every event that the code queues, by its literal name."""
    code = "".join(
        file.read_text() for room in ("interactions", "copilot") for file in (ROOT / room).rglob("*.py")
    )
    queued = set(re.findall(r'announce(?:_about)?\([^"]+, "([a-z.]+)"', code))
    assert {"reply.sent", "draft.ready", "conversation.escalated"} <= queued <= set(LEAVING)


def test_the_page_names_the_schedule_and_every_answer() -> None:
    for status in (202, 400, 401, 404, 405, 410, 413, 503):
        assert f"| {status} |" in PAGE
    words = re.sub(r"\s+", " ", PAGE)
    hours = [5, 300, 1800, *(hour * 3600 for hour in (2, 5, 10, 14, 20, 24))]
    assert list(outbox.SCHEDULE) == hours
    assert "5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h and 24 h" in words


def test_the_pages_own_python_signs_what_we_accept(crm: PushingCrm) -> None:
    (code,) = re.findall(r"```python\n(.+?)```", PAGE, re.S)
    here: dict[str, Any] = {}
    exec(code, here)
    body = json.dumps({"type": "x", "timestamp": iso(timezone.now()), "data": {}}).encode()
    assert crm.push(body, headers=here["sign"](crm.secret, "evt-page", body)).status_code == 202
