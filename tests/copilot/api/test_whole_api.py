"""Whatever the OpenAPI document allows, and much that it forbids, is answered: never with an error of ours.

Its library takes most of a second to load, so only who runs this loads it.
"""

import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import pytest
from django.core.cache import cache
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable

from copilot.api.documents import document
from people.models import ApiKey
from tests.cast import Cast
from tests.copilot.api.calling import ALL, V1
from tests.test_matrix import world  # noqa: F401

if TYPE_CHECKING:
    from schemathesis import Case

HOST = "http://testserver"
EXAMPLES = int(os.environ.get("API_EXAMPLES", "2"))  # of each operation, in each mode


def answer(client: Client, key: str, case: "Case") -> int:
    """What the case is answered; whatever it did is taken back."""
    cache.clear()  # or its key would have asked too often
    sent = case.as_transport_kwargs(base_url=HOST)
    headers = {name: value for name, value in (case.headers or {}).items() if value.isprintable()}
    body = json.dumps(sent["json"]) if "json" in sent else sent.get("data") or b""
    query = urlencode(sent.get("params") or {}, doseq=True)
    with transaction.atomic():
        told = client.generic(
            sent["method"], f"{sent['url'].removeprefix(HOST)}?{query}", body, "application/json",
            headers={**headers, "Authorization": f"Bearer {key}"},
        )  # fmt: skip
        transaction.set_rollback(True)
    return told.status_code


@pytest.mark.django_db
@pytest.mark.parametrize("mode", ["positive", "negative"])
def test_no_request_is_too_much(cast: Cast, world: dict[str, Any], mode: str) -> None:  # noqa: F811
    """Half of the requests are about a row that is there; one by a lead, one by an admin who reads nothing."""
    import schemathesis

    kind = schemathesis.GenerationMode(mode)
    client = Client(raise_request_exception=False)
    keys = [ApiKey.make("A program", list(ALL), person)[1] for person in (cast.petra, cast.ada)]
    broken: list[str] = []
    for found in schemathesis.openapi.from_dict(document()).get_all_operations():
        operation = found.ok()
        there = world[operation.path.removeprefix(V1).split("/")[0]]

        @settings(
            max_examples=EXAMPLES, deadline=None, database=None, derandomize=True,
            phases=[Phase.generate], suppress_health_check=list(HealthCheck),
        )  # fmt: skip
        @given(operation.as_strategy(generation_mode=kind), st.booleans(), st.sampled_from(keys))
        def ask(case: "Case", is_there: bool, key: str) -> None:
            if is_there:
                case.path_parameters = dict.fromkeys(case.path_parameters, str(there))  # noqa: B023
            status = answer(client, key, case)
            if status >= 500:
                broken.append(f"{status} {case.as_curl_command()}")

        try:
            ask()
        except Unsatisfiable:
            assert mode == "negative", operation.label  # there is nothing that could be wrong
    assert broken == []
