"""What is written about the API is true, complete, and needs no script to be read."""

import json
import re
from http import HTTPStatus
from pathlib import Path

import jsonschema
import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import get_resolver

from copilot.api.documents import document
from copilot.api.problems import KINDS
from interactions.crm.events import EVENTS
from tests.copilot.api.calling import V1, is_problem
from tests.crm import received

CALL = re.compile(r"\b(GET|POST|PATCH|DELETE)\s+([a-z-]+/[\w/<>-]*)")


def test_the_openapi_document_is_made_without_a_warning(capsys: pytest.CaptureFixture[str]) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn")
    assert "openapi: 3.1" in capsys.readouterr().out


def test_every_address_of_the_api_is_in_it(client: Client) -> None:
    told = client.get(f"{V1}schema/")
    assert told.json()["openapi"].startswith("3.1") and told.json() == document()
    listed = {re.sub(r"\{\w+\}", "<>", path.removeprefix(V1)) for path in document()["paths"]}
    ours = get_resolver("copilot.api.urls").url_patterns
    routes = {re.sub(r"<\w+:\w+>", "<>", str(one.pattern)) for one in ours}
    assert routes - listed == {"schema/", "schemas/<>", "docs/", ""}
    assert listed <= routes


def test_the_page_for_people_tells_of_each_verb_and_of_no_other() -> None:
    told = (Path(__file__).parents[3] / "docs" / "api.md").read_text().replace(V1, "")
    written = {(verb, re.sub(r"<\w+>|\d+", "<>", path)) for verb, path in CALL.findall(told)}
    there = {
        (verb.upper(), re.sub(r"\{\w+\}", "<>", path.removeprefix(V1)))
        for path, verbs in document()["paths"].items()
        for verb in verbs
    }
    lists = {(verb, path) for verb, path in there if verb == "GET" and re.fullmatch(r"[a-z-]+/(<>/)?", path)}
    assert written <= there
    assert there - lists - written == set()
    assert [path for _, path in lists - written if f"`{path.partition('/')[0]}`" not in told] == []


def test_a_draft_lists_its_states() -> None:
    states = document()["components"]["schemas"]["Draft"]["properties"]["state"]["enum"]
    assert {"queued", "thinking", "streaming", "ready", "stale", "failed", "approved", "sent", "escalated",
            "answered_elsewhere", "discarded"} == set(states)  # fmt: skip


def test_the_page_explains_every_operation_and_problem(client: Client) -> None:
    page = client.get(f"{V1}docs/")
    assert page.status_code == HTTPStatus.OK and "script-src 'self'" in page["Content-Security-Policy"]
    text = page.content.decode()
    assert "<script" not in text and "style=" not in text
    for path in document()["paths"]:
        assert path in text
    for kind in KINDS:
        assert f'id="problem-{kind}"' in text


@pytest.mark.parametrize("event", sorted(EVENTS))
def test_the_schemas_of_events(client: Client, event: str) -> None:
    answer = client.get(f"{V1}schemas/{event}")
    assert answer["Content-Type"] == "application/schema+json"
    jsonschema.Draft202012Validator.check_schema(answer.json())


def test_what_a_crm_sends_fits_its_schema(client: Client) -> None:
    schema = client.get(f"{V1}schemas/message.received").json()
    jsonschema.validate(json.loads(json.dumps(received("When will it arrive?"))), schema)


@pytest.mark.parametrize("event", ["message.lost", "..", "%00"])
def test_events_that_nobody_sends(client: Client, event: str) -> None:
    assert is_problem(client.get(f"{V1}schemas/{event}"), 404)
