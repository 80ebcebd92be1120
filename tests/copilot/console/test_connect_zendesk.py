"""An admin connects a Zendesk by the steps of docs/connectors/zendesk.md, breaks it, and mends it again."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from pytest_django import Settings

from interactions import sync
from interactions.models import AgentLink, Connection, Conversation, InboxEvent, OutboxMessage, Sync
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.vendors.zendesk import EMAIL, SECRET, TOKEN, FakeZendesk
from tests.work import end_undo_time, run_tasks

PAGE = Path(__file__).parents[3] / "docs/connectors/zendesk.md"
NEW = "/settings/connections/new/"


@pytest.fixture
def zendesk(settings: Settings) -> Iterator[FakeZendesk]:
    settings.ALLOW_LOOPBACK_TARGETS = True
    vendor = FakeZendesk()
    yield vendor
    vendor.close()


class Console:
    """What the admin does on the connection's page, and reads there after it."""

    def __init__(self, client: Client, connection: Connection) -> None:
        self.client, self.own = client, f"/settings/connections/{connection.pk}/"

    def does(self, verb: str, **told: str) -> str:
        return self.client.post(f"{self.own}{verb}/", told, follow=True).content.decode()

    def sees(self, path: str = "") -> str:
        return self.client.get(path or self.own).content.decode()


def test_the_page_leads_to_a_connection_that_is_mended_from_the_console(
    cast: Cast, zendesk: FakeZendesk, sign_in: SignIn
) -> None:
    there, ada = connected_by_the_page(cast, zendesk, sign_in(cast.ada))
    wrong_secret_and_the_new_one(zendesk, there, ada)
    revoked_token_and_a_fresh_one(zendesk, there, ada, sign_in(cast.ines))


def connected_by_the_page(cast: Cast, zendesk: FakeZendesk, client: Client) -> tuple[Connection, Console]:
    page = " ".join(PAGE.read_text().split())
    form = client.get(f"{NEW}?kind=zendesk").content.decode()
    for words in ("Subdomain", "Email", "API token"):
        assert f"| {words} |" in page and words in form
    told = {"kind": "zendesk", "name": "Zendesk", "team": str(cast.support.pk), "set-email": EMAIL}
    told |= {"set-subdomain": zendesk.url, "set-api_token": "mistyped"}
    client.post(NEW, told)
    there = Connection.objects.get()
    ada = Console(client, there)
    for words in ("Check the credentials", "Keep this secret", "Fetch people", "Send test event"):
        assert f"**{words}**" in page and words in ada.sees()

    assert "does not accept the credentials" in ada.does("check")
    ada.does("settings", **{**told, "set-api_token": TOKEN})
    assert "The CRM shows us 2 people" in ada.does("check")
    zendesk.asks("Too early")
    assert [one.status_code for one in zendesk.push(client, there)] == [401]
    assert "every delivery is turned away" in ada.sees()
    ada.does("rotate", secret=SECRET)
    assert "Taken back again" in ada.does("test") and not Conversation.objects.exists()
    zendesk.asks("Where are the crates?")
    assert [one.status_code for one in zendesk.push(client, there)] == [202]
    run_tasks()
    assert Conversation.objects.get().contact.email == "sigrid@fjord.example"  # type: ignore[union-attr]
    assert "ticket.created" in ada.sees() and "Applied" in ada.sees()
    ada.does("fetch-people")
    people = dict(AgentLink.objects.values_list("name", "user__name"))
    assert people == {"Ines Duarte": "Ines Duarte", "Tomas Lind": "Tomas Lind"}
    return there, ada


def wrong_secret_and_the_new_one(zendesk: FakeZendesk, there: Connection, ada: Console) -> None:
    """Somebody makes a new secret over there and tells nobody."""
    zendesk.secret = "bmV3X3NlY3JldF9vZl90aGVfd2ViaG9vaw"
    number = int(Conversation.objects.get().external_id)
    zendesk.says(number, "Are you there?")
    waiting = list(zendesk.events)
    assert [one.status_code for one in zendesk.push(ada.client, there)] == [401]
    assert "no signature matches" in ada.sees("/settings/events/")
    ada.does("rotate", secret=zendesk.secret)
    zendesk.events = waiting
    assert [one.status_code for one in zendesk.push(ada.client, there)] == [202]
    run_tasks()
    assert Conversation.objects.get().messages.count() == 2
    assert "Two signing secrets are valid" in ada.sees()
    Connection.objects.update(overlap_ends_at=F("overlap_ends_at") - timedelta(hours=24))
    assert "One signing secret is valid" in ada.sees(), "a day later, by itself"
    zendesk.says(number, "Signed with the old one.")
    zendesk.secret, good = SECRET, zendesk.secret
    assert [one.status_code for one in zendesk.push(ada.client, there)] == [401]
    zendesk.secret = good


def revoked_token_and_a_fresh_one(zendesk: FakeZendesk, there: Connection, ada: Console, ines: Client) -> None:
    """The token is revoked: what comes and goes is given up, with the reason, and nothing is lost."""
    talk = Conversation.objects.get()
    number = int(talk.external_id)
    sync.keep_standing()
    poll = Sync.objects.get(kind="poll")
    zendesk.token = "zd-fresh-token"
    zendesk.says(number, "My parrot is still missing.")
    assert [one.status_code for one in zendesk.push(ada.client, there)] == [202], "the webhook itself is good"
    ines.post(f"/inbox/{talk.pk}/reply/", {"text": "It is on its way."})
    end_undo_time()
    run_tasks()
    sync.fetch(poll.pk)
    for path, given_up in (("events", "1 event given up"), ("deliveries", "2 deliveries given up")):
        shown = ada.sees(f"/settings/{path}/")
        assert given_up in shown and "answered 401" in shown
        assert "parrot" not in shown and "on its way" not in shown, "no customer's words for an admin"
    assert "the CRM answered 401" in ada.sees(), "the poll stands still, and says why"
    assert "Paste fresh ones" in ada.does("check")

    ada.does("settings", **{"set-subdomain": zendesk.url, "set-email": EMAIL, "set-api_token": zendesk.token})
    assert "The CRM shows us 2 people" in ada.does("check")
    ada.client.post(f"/settings/events/replay/{there.pk}/")
    ada.client.post(f"/settings/deliveries/replay/{there.pk}/")
    run_tasks()
    Sync.objects.filter(kind="poll").update(due_at=Now())
    sync.fetch(poll.pk)
    run_tasks()
    poll.refresh_from_db()
    assert (poll.state, poll.reason) == ("due", "")
    assert not InboxEvent.objects.filter(state="dead").exists()
    assert not OutboxMessage.objects.filter(state="dead").exists()
    ours = list(talk.messages.order_by("sent_at", "pk").values_list("text", flat=True))
    assert ours[-2:] == ["My parrot is still missing.", "It is on its way."]
    assert [words for _, words, _ in zendesk.comments(number)].count("It is on its way.") == 1
