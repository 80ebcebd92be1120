"""An admin connects a CRM, turns its secret over, pauses and ends it."""

import re

import pytest

from interactions.crm.registry import CRMS
from interactions.crm.signing import new_secret
from interactions.models import Connection, InboxEvent
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.crm import PushingCrm, received, sign, through
from tests.work import run_tasks

NEW = "/settings/connections/new/"


def test_a_new_connection_takes_messages_at_once(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ada)

    page = client.post(NEW, {"name": "HubSpot", "team": cast.support.pk, "deliver_to": ""})

    once = {pair.name: pair.value for pair in page.context["once"]}
    connection = Connection.objects.get()
    assert once["Address"].endswith(f"/webhooks/{connection.pk}")
    assert once["Secret"] not in client.get("/settings/connections/").content.decode()
    crm = PushingCrm(connection, through(client))
    crm.secret = once["Secret"]
    assert crm.says("Hello").status_code == 202


@pytest.mark.parametrize("wrong", [{"name": ""}, {"team": ""}, {"deliver_to": "ftp://crm.example"}])
def test_a_connection_that_makes_no_sense_is_not_made(
    cast: Cast, sign_in: SignIn, wrong: dict[str, str]
) -> None:
    told = {"name": "HubSpot", "team": str(cast.support.pk), "deliver_to": ""} | wrong

    assert sign_in(cast.ada).post(NEW, told).status_code == 422
    assert not Connection.objects.exists()


def test_a_new_secret_leaves_the_last_one_valid(cast: Cast, connection: Connection, sign_in: SignIn) -> None:
    client, old = sign_in(cast.ada), connection.secrets[0]

    page = client.post(f"/settings/connections/{connection.pk}/rotate/")

    fresh = page.context["once"][0].value
    connection.refresh_from_db()
    assert connection.secrets == [fresh, old]
    crm = PushingCrm(connection, through(client))
    assert crm.push(received("Hello"), secret=old).status_code == 202
    assert crm.push(received("Hello again", message="m-2"), secret=fresh).status_code == 202
    assert crm.push(received("Hello"), secret=new_secret()).status_code == 401


def test_while_paused_what_comes_in_waits(cast: Cast, connection: Connection, sign_in: SignIn) -> None:
    client, crm = sign_in(cast.ada), PushingCrm(connection, through(sign_in(cast.ada)))
    client.post(f"/settings/connections/{connection.pk}/pause/")

    crm.says("Hello")
    run_tasks()
    assert crm.last_event().state == InboxEvent.State.RECORDED
    assert "Paused" in client.get("/settings/connections/").content.decode()

    client.post(f"/settings/connections/{connection.pk}/resume/")
    run_tasks()
    assert crm.last_event().state == InboxEvent.State.APPLIED


def test_a_revoked_connection_is_told_so(cast: Cast, connection: Connection, sign_in: SignIn) -> None:
    client = sign_in(cast.ada)
    client.post(f"/settings/connections/{connection.pk}/revoke/")

    answer = client.post(
        f"/webhooks/{connection.pk}", b"{}", content_type="application/json",
        headers=sign(connection.secrets[0], "evt-1", b"{}"),
    )  # fmt: skip

    assert answer.status_code == 410
    assert client.post(f"/settings/connections/{connection.pk}/rotate/").status_code == 404


def test_replies_get_another_address(cast: Cast, connection: Connection, sign_in: SignIn) -> None:
    client, url = sign_in(cast.ada), f"/settings/connections/{connection.pk}/target/"

    client.post(url, {"deliver_to": "https://crm.example/hook"})
    assert client.post(url, {"deliver_to": "not an address"}).status_code == 422

    connection.refresh_from_db()
    assert connection.deliver_to == "https://crm.example/hook"
    assert client.post(f"/settings/connections/{connection.pk}/explode/").status_code == 404


def test_the_guide_to_each_kind_is_read_in_the_console(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ada)
    for kind in CRMS:
        assert f"/settings/connections/guide/{kind}/" in client.get(f"{NEW}?kind={kind}").text

    for word in (*CRMS, "start", "events"):
        page = client.get(f"/settings/connections/guide/{word}/").text
        told = set(re.findall(r'href="(/settings/connections/guide/[^"]*)"', page))
        for place in told:
            address, _, heading = place.partition("#")
            there = client.get(address)
            assert there.status_code == 200 and (not heading or f'id="{heading}"' in there.text), place
        assert not re.findall(r'href="[^"#]*\.md', page)
    assert client.get("/settings/connections/guide/settings/").status_code == 404
