"""Which keys open the door, and how fast they may knock."""

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from interactions.models import Connection
from people.models import ApiKey, Scope
from tests.cast import Cast
from tests.copilot.api.calling import V1, Program, is_problem

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer rap_unknown", "Bearer a b", "Basic aW5lczpwYXNz", "Bearer \xff\xfe", "rap_x"],
)
def test_what_is_no_key(client: Client, header: str) -> None:
    headers = {"Authorization": header} if header else {}
    answer = client.get(f"{V1}drafts/", headers=headers)
    assert is_problem(answer, 401) and answer["WWW-Authenticate"] == "Bearer"


def test_a_cookie_is_no_key(client: Client, cast: Cast) -> None:
    client.force_login(cast.ines, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert is_problem(client.get(f"{V1}drafts/"), 401)


def test_a_revoked_key(ines: Program) -> None:
    ApiKey.objects.update(revoked_at=timezone.now())
    assert is_problem(ines.get("drafts/"), 401)


def test_the_key_of_somebody_who_left(ines: Program, cast: Cast) -> None:
    cast.ines.is_active = False
    cast.ines.save()
    assert is_problem(ines.get("drafts/"), 401)


def test_the_key_of_a_revoked_connection(crm_program: Program, connection: Connection) -> None:
    connection.revoked_at = timezone.now()
    connection.save()
    assert is_problem(crm_program.get("drafts/"), 401)


def test_a_connections_key_with_a_scope_it_can_never_have(crm_program: Program, connection: Connection) -> None:
    ApiKey.objects.update(scopes=[Scope.READ, Scope.WRITE, Scope.DECIDE])
    assert is_problem(crm_program.post("drafts/1/decisions/", {"kind": "approve", "version": 1}), 403)


def test_each_key_is_counted_by_itself(ines: Program, petra: Program, settings: Settings) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "DEFAULT_THROTTLE_RATES": {"key": "3/min"}}
    assert [ines.get("teams/").status_code for _ in range(3)] == [200] * 3
    answer = ines.get("teams/")
    assert is_problem(answer, 429) and 0 < int(answer["Retry-After"]) <= 60
    assert petra.get("teams/").status_code == 200


def test_at_least_twenty_a_second(ines: Program) -> None:
    assert {ines.get("teams/").status_code for _ in range(60)} == {200}
