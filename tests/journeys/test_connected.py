"""An admin connects a CRM by its page in docs/connectors alone, breaks it, and mends it from the console."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.db.models import F
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from copilot.drafting import work
from copilot.models import Draft, SavedReply
from interactions import asking, sync
from interactions.crm import post
from interactions.models import AgentLink, Connection, Conversation, InboxEvent, OutboxMessage, Refusal, Sync
from people.models import User
from tests.cast import Cast
from tests.vendors.server import Fault
from tests.vendors.windows import WINDOWS
from tests.work import end_undo_time, end_waits, run_tasks

DOCS = Path(__file__).parents[2] / "docs/connectors"
NEW = "/settings/connections/new/"
ASKED = "Can I return the blue lamp after three weeks?"
USUAL = "You can return the blue lamp within thirty days. Please use its own box."


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


class Console:
    """What the admin does on the connection's page, and reads there after it."""

    def __init__(self, client: Client, connection: Connection) -> None:
        self.client, self.own = client, f"/settings/connections/{connection.pk}/"

    def does(self, verb: str, **told: str) -> str:
        return self.client.post(f"{self.own}{verb}/", told, follow=True).content.decode()

    def tells(self, verb: str, **told: str) -> None:
        """The same, where what is said to it does not matter."""
        self.client.post(f"{self.own}{verb}/", told)

    def sees(self, path: str = "") -> str:
        return self.client.get(path or self.own).content.decode()


@pytest.fixture(params=WINDOWS)
def window(
    request: pytest.FixtureRequest, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Any]:
    settings.ALLOW_LOOPBACK_TARGETS = True
    monkeypatch.setattr(post, "TIMEOUT_SECONDS", 1.5)
    made: Any = WINDOWS[request.param]()
    with time_machine.travel(timezone.now(), tick=True) as made.clock:
        yield made
    made.vendor.close()


@pytest.mark.django_db
def test_the_page_leads_to_a_connection_that_is_mended_from_the_console(window: Any, cast: Cast) -> None:
    SavedReply.objects.create(
        team=cast.support, title="Return of a lamp", text=USUAL, updated_at=timezone.now()
    )
    ada, ines = connected(window, cast), signed_in(cast.ines)
    what_was_before(window, ada)
    asked_and_answered(window, ines)
    answered_over_there(window, ines)
    another_secret_over_there(window, ada)
    another_token_over_there(window, ada, ines)
    ill_or_silent(window, ada, ines)
    paused_for_a_while(window, ada)
    assert not OutboxMessage.objects.exclude(state__in=("sent", "cancelled")).exists()
    assert sorted(latest().messages.values_list("by", "text")) == sorted(window.said()), (
        "one truth on both sides"
    )


def latest() -> Conversation:
    return Conversation.objects.latest("pk")


def comes(window: Any) -> set[int]:
    """What happened over there is told, and what came is applied; the door's answers. It takes a while."""
    answers = {one.status_code for one in window.push(Client())}
    run_tasks()
    window.clock.shift(10)
    return answers


def connected(window: Any, cast: Cast) -> Console:
    """Every button that the page names stands where it says."""
    client, page = signed_in(cast.ada), (DOCS / f"{window.kind}.md").read_text()
    form = client.get(f"{NEW}?kind={window.kind}").content.decode()
    assert f"/settings/connections/guide/{window.kind}/" in form and "Connect and show the address" in form
    told = {"kind": window.kind, "name": "Over there", "team": str(cast.support.pk), **window.settings}
    client.post(NEW, {**told, "set-api_token": "mistyped"})
    window.connection = Connection.objects.get()
    ada = Console(client, window.connection)
    shown, common = ada.sees(), (DOCS / "README.md").read_text()
    for words in ("Check the credentials", "Keep this secret", "Fetch people", "Send test event"):
        assert words in " ".join(page.split()) and words in shown
    for words in ("Who is who", "Its own fields", "Past conversations", "Say where fields go"):
        assert words in common and words in shown
    assert "not an https address" in shown and f"/webhooks/{window.connection.pk}" in shown

    assert "does not accept the credentials" in ada.does("check")
    ada.tells("settings", **window.settings, **window.credentials())
    assert "The CRM shows us" in ada.does("check")
    refused = ada.does("test")
    assert "There is no signing secret yet" in refused and "Taken back again" not in refused
    window.customer("Too early")
    assert comes(window) == {401}
    assert "Not finished" in ada.sees() and "there is no signing secret yet" in ada.sees("/settings/events/")
    ada.tells("rotate", secret=window.vendor.secret)
    assert "Taken back again" in ada.does("test") and not Conversation.objects.exists()
    ada.tells("fetch-people")
    people = {one.external_id: one.user for one in AgentLink.objects.all()}
    assert people[str(window.agents["Ines Duarte"])] == cast.ines
    assert f"number {window.agents['Ines Duarte']}" in ada.sees()
    window.begins_anew()
    return ada


def what_was_before(window: Any, ada: Console) -> None:
    """The past is fetched without drafts, and its fields go where the admin says, and no further."""
    ada.tells("fetch", kind="backfill")
    past = Sync.objects.get(kind="backfill")
    assert 'hx-trigger="every 4s"' in ada.sees()
    while not past.ended_at:
        Sync.objects.filter(pk=past.pk).update(due_at=Now())
        sync.fetch(past.pk)
        past.refresh_from_db()
    run_tasks()
    assert latest().messages.get().text == "Too early" and "1 event, 1 conversation over there" in ada.sees()
    field = {"zendesk": "shoe_size", "chatwoot": "plan"}[window.kind]
    fields = ada.sees(f"{ada.own}fields/")
    assert field in fields and "never in a prompt" in fields
    told = {"kind-0": "contact", "source-0": field, "target-0": "fields.", "own-0": "size", "model-0": "on"}
    kept = ada.client.post(f"{ada.own}fields/", told, follow=True).content.decode()
    assert "contact size, the model may read it" in kept and f"contact {field}" in ada.sees()


def asked_and_answered(window: Any, ines: Client) -> None:
    """A draft, approved here, arrives as the agent of who approved it; its echo is nothing."""
    window.customer(ASKED)
    assert comes(window) == {202}
    talk = latest()
    assert talk.contact and "size" in talk.contact.fields
    draft = talk.drafts.get()
    Draft.objects.filter(pk=draft.pk).update(due_at=Now() - timedelta(seconds=1))
    work.work(draft.pk)
    draft.refresh_from_db()
    assert draft.state == "ready" and "thirty days" in ines.get(f"/inbox/{talk.pk}/").content.decode()
    ines.post(f"/inbox/{talk.pk}/drafts/{draft.n}/approve/", {"version": draft.version})
    end_undo_time()
    run_tasks()
    assert window.answered_by() == window.agents["Ines Duarte"] and "thirty days" in window.said()[-1][1]
    comes(window)
    assert talk.messages.count() == 2


def answered_over_there(window: Any, ines: Client) -> None:
    window.customer("And the red one?")
    comes(window)
    assert latest().drafts.filter(state__in=Draft.OPEN).exists()
    window.colleague("The red one as well.")
    comes(window)
    assert not latest().drafts.filter(state__in=Draft.OPEN).exists()
    assert "The red one as well." in ines.get(f"/inbox/{latest().pk}/").content.decode()


def another_secret_over_there(window: Any, ada: Console) -> None:
    """Somebody makes a new one and tells nobody; the old one goes on until a day later, or its end."""
    assert "Listening" in ada.sees()
    old, window.vendor.secret = window.vendor.secret, "bmV3X3NlY3JldF9vZl90aGVfd2ViaG9vaw"
    window.customer("Are you there?")
    waiting = list(window.waiting)
    assert comes(window) == {401}
    Refusal.objects.update(last_at=timezone.now())  # within a test the database's clock stands still
    assert "Turned one away" in ada.sees() and "no signature matches" in ada.sees("/settings/events/")
    ada.tells("rotate", secret=window.vendor.secret)
    assert "Turned one away" not in ada.sees() and "Two signing secrets are valid" in ada.sees()
    window.waiting.extend(waiting)
    assert comes(window) == {202} and latest().messages.latest("pk").text == "Are you there?"
    Connection.objects.update(overlap_ends_at=F("overlap_ends_at") - timedelta(hours=24))
    assert "One signing secret is valid" in ada.sees()
    window.vendor.secret, good = old, window.vendor.secret
    assert window.babbles(ada.client).status_code == 401
    window.vendor.secret = good


def another_token_over_there(window: Any, ada: Console, ines: Client) -> None:
    """Ours are revoked: what comes and goes is given up with the reason, and all of it is had again."""
    window.revokes()
    window.customer("My parrot is still missing.")
    assert comes(window) == {202}, "the webhook itself is good"
    replies(ines, "It is on its way.")
    polled()
    assert "Cannot be asked" in ada.sees("/settings/connections/")
    dead = OutboxMessage.objects.filter(state="dead").count()
    out = ada.sees("/settings/deliveries/")
    assert f"{dead} deliver" in ada.sees() and "answered 401" in out and "Send all again" in out
    assert "on its way" not in out, "no customer's words for an admin"

    assert "Paste fresh ones" in ada.does("check")
    fresh = {"set-api_token": window.credentials()["set-api_token"]}
    if "set-agent_tokens" in window.credentials():
        fresh["set-agent_tokens"] = "9: nobody's"  # an agent without a token of their own answers as Rapport
    ada.tells("settings", **window.settings, **fresh)
    assert "The CRM shows us" in ada.does("check") and "Cannot be asked" not in ada.sees()
    assert window.babbles(ada.client).status_code in (202, 400)
    run_tasks()
    assert "given up" in ada.sees("/settings/events/")
    ada.client.post(f"/settings/events/replay/{window.connection.pk}/")
    ada.client.post(f"/settings/deliveries/replay/{window.connection.pk}/")
    run_tasks()
    polled()
    dead_events = InboxEvent.objects.filter(state="dead")
    assert dead_events.count() == 1, "what makes no sense stays, with its reason"
    ada.client.post(f"/settings/events/{dead_events.get().pk}/replay/")
    run_tasks()
    assert dead_events.get().reason
    comes(window)
    assert [words for _, words in window.said()].count("It is on its way.") == 1


def replies(ines: Client, text: str) -> None:
    ines.post(f"/inbox/{latest().pk}/reply/", {"text": text})
    end_undo_time()
    run_tasks()


def polled() -> None:
    sync.keep_standing()
    poll = Sync.objects.filter(kind="poll")
    poll.update(due_at=Now())
    sync.fetch(poll.get().pk)
    run_tasks()


def ill_or_silent(window: Any, ada: Console, ines: Client) -> None:
    """One answers 500 and did nothing, the other does as told and says nothing: the reply arrives once."""
    faults = {
        "zendesk": Fault(500, on="PUT /api/v2/tickets"),
        "chatwoot": Fault(ending="hang", on="POST /api/v1/accounts/1/conversations", done=True),
    }
    text = "It is on the quay."
    window.vendor.will(faults[window.kind])
    replies(ines, text)
    assert "Nobody knows" in ada.sees("/settings/deliveries/")
    OutboxMessage.objects.filter(state="unknown").update(lease_until=Now())
    for row in asking.due_questions(10):
        asking.ask_arrived(row)
    end_waits()
    run_tasks()
    comes(window)
    assert [words for _, words in window.said()].count(text) == 1


def paused_for_a_while(window: Any, ada: Console) -> None:
    ada.tells("pause")
    window.customer("Said while you were away.")
    assert comes(window) == {202} and "Paused" in ada.sees()
    assert latest().messages.latest("pk").text != "Said while you were away."
    ada.tells("resume")
    run_tasks()
    assert latest().messages.latest("pk").text == "Said while you were away."
