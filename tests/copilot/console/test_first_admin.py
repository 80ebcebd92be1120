"""The first admin of an empty install, and being a customer from the command line."""

import io
import json
from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from interactions.models import Connection, InboxEvent
from people.models import User
from tests.cast import Cast

TOLD = {"name": "Ada Quist", "email": "ada@tern.example", "password": "a-long-walk-home"}


def invited() -> str:
    out = io.StringIO()
    call_command("first_admin", stdout=out)
    return out.getvalue().rpartition("?token=")[2].strip()


def test_the_first_admin_begins_with_the_link(client: Client, db: None) -> None:
    token = invited()

    assert "The first admin" in client.get("/me/first-admin/", {"token": token}).content.decode()
    answer = client.post("/me/first-admin/", {**TOLD, "token": token}, follow=True)

    assert answer.redirect_chain == [("/settings/people/", 302)]
    assert User.objects.get().is_admin


def test_the_link_works_once(client: Client, db: None) -> None:
    token = invited()
    client.post("/me/first-admin/", {**TOLD, "token": token})

    again = Client().post("/me/first-admin/", {**TOLD, "email": "eve@tern.example", "token": token})

    assert again.status_code == 404
    assert User.objects.count() == 1
    assert invited() == ""


def test_the_link_is_good_for_a_day(client: Client, db: None) -> None:
    token = invited()

    with time_machine.travel(timezone.now() + timedelta(hours=25)):
        assert client.get("/me/first-admin/", {"token": token}).status_code == 404
    assert client.get("/me/first-admin/", {"token": token + "x"}).status_code == 404
    assert client.get("/me/first-admin/").status_code == 404


def test_a_weak_password_is_refused(client: Client, db: None) -> None:
    answer = client.post("/me/first-admin/", {**TOLD, "password": "password", "token": invited()})

    assert answer.status_code == 422
    assert not User.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_saying_something_is_a_signed_message(website: str, cast: Cast, connection: Connection) -> None:
    url = f"{website}/webhooks/{connection.pk}"
    told = {"id": str(connection.pk), "url": url, "secret": connection.secrets[0]}
    file = settings.VAR_DIR / "access.json"
    file.write_text(json.dumps({"connection": told}))
    try:
        call_command("say", "When does our plan renew?", stdout=io.StringIO())
        assert InboxEvent.objects.get().type == "message.received"
        file.write_text(json.dumps({"connection": told | {"secret": "whsec_AAAA"}}))
        with pytest.raises(CommandError, match="401"):
            call_command("say", "Hello", stdout=io.StringIO())
    finally:
        file.unlink()


def test_without_an_install_that_listens_it_says_so(db: None) -> None:
    with pytest.raises(CommandError, match="only the sample install has one"):
        call_command("say", "Hello")
