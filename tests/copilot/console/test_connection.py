"""An admin who has never seen Rapport connects a CRM from the console alone, tries it, and mends it."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings

from copilot.models import Draft
from customers.models import Contact
from interactions import outbox
from interactions.crm import api
from interactions.crm.base import About, Agent, Setting
from interactions.crm.generic import Generic
from interactions.crm.registry import CRMS
from interactions.crm.signing import new_secret
from interactions.models import AgentLink, Connection, Conversation, InboxEvent, OutboxMessage, Sync
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.crm import PushingCrm, received, through
from tests.factories import a_connection, a_person
from tests.receiver import Receiver
from tests.vendors.server import FakeVendor, Fault
from tests.work import deliver_rows, run_tasks

NEW = "/settings/connections/new/"
TOKEN = "tok-4711"


class Desk(Generic):
    """A vendor that makes the signing secret itself and has an API for its people."""

    kind = "desk"
    about = About(
        label="The Desk",
        settings=(
            Setting("base_url", "Address of the desk", example="https://desk.example"),
            Setting("token", "API token", help="Under Profile, API.", secret=True),
        ),
        makes_secret=False,
        polls=True,
    )

    def agents(self, connection: Connection) -> list[Agent]:
        token = {"Authorization": f"Bearer {connection.credentials['token']}"}
        found = api.ask("GET", f"{connection.config['base_url']}/agents", token)
        return [Agent(str(one["id"]), one["name"], one["email"]) for one in found]


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch, settings: Settings) -> Iterator[FakeVendor]:
    settings.ALLOW_LOOPBACK_TARGETS = True
    monkeypatch.setitem(CRMS, "desk", Desk)
    vendor = FakeVendor()
    people = [
        {"id": 7, "name": "Ines D.", "email": "ines@tern.example"},
        {"id": 8, "name": "Night Shift", "email": "night@tern.example"},
    ]
    vendor.on("GET", "/agents", lambda asked: people)
    yield vendor
    vendor.close()


def page_of(connection: Connection, verb: str = "") -> str:
    return f"/settings/connections/{connection.pk}/{f'{verb}/' if verb else ''}"


def test_a_vendor_is_connected_from_its_form_to_its_first_event(
    cast: Cast, desk: FakeVendor, sign_in: SignIn
) -> None:
    client = sign_in(cast.ada)
    form = client.get(f"{NEW}?kind=desk").content.decode()
    assert "Address of the desk" in form and "/settings/connections/guide/desk/" in form

    told = {"kind": "desk", "name": "Helpdesk", "team": cast.support.pk, "set-base_url": desk.url}
    refused = client.post(NEW, told)
    assert refused.status_code == 422 and "Still missing: API token" in refused.content.decode()
    made = client.post(NEW, {**told, "set-token": TOKEN}, follow=True)
    connection = Connection.objects.get()
    assert f"/webhooks/{connection.pk}" in made.content.decode() and not made.context["once"]
    assert connection.api_key is None

    page = client.get(page_of(connection)).content.decode()
    assert "Set just now, and never shown again" in page and "Not finished" in page
    assert TOKEN not in made.content.decode() + page
    assert "no signing secret yet" in client.post(page_of(connection, "test")).content.decode()

    secret = new_secret()
    assert client.post(page_of(connection, "rotate")).status_code == 422
    assert client.post(page_of(connection, "rotate"), {"secret": secret}).status_code == 303
    connection.refresh_from_db()
    crm = PushingCrm(connection, through(client))
    crm.says("Hello")
    run_tasks()
    page = client.get(page_of(connection)).content.decode()
    assert "A customer&#x27;s message of 1 word" in page and secret not in page


def test_credentials_are_checked_and_what_is_wrong_is_said_in_plain_words(
    cast: Cast, desk: FakeVendor, sign_in: SignIn
) -> None:
    connection = a_desk(cast, desk)
    client, check = sign_in(cast.ada), page_of(connection, "check")

    assert "The CRM shows us 2 people" in client.post(check, follow=True).content.decode()
    desk.will(Fault(401), Fault(404), Fault(429), Fault(ending="close"))
    for words in ["does not accept the credentials", "leads to nothing", "too often", "server is up"]:
        answer = client.post(check)
        assert answer.status_code == 422
        assert words in answer.content.decode()

    client.post(page_of(connection, "settings"), {"set-base_url": desk.url, "set-token": ""})
    connection.refresh_from_db()
    assert connection.credentials == {"token": TOKEN}  # left empty, it stays
    assert client.post(page_of(connection, "settings"), {"set-base_url": ""}).status_code == 422
    poll = Sync.objects.create(connection=connection, kind="poll", state="failed", due_at=timezone.now())
    client.post(page_of(connection, "settings"), {"set-base_url": desk.url, "set-token": "tok-2"})
    client.post(check)
    assert desk.calls[-1].headers["authorization"] == "Bearer tok-2"
    poll.refresh_from_db()
    assert poll.state == "due", "what the old credentials were refused is asked again"


def test_the_vendors_people_become_people_here(cast: Cast, desk: FakeVendor, sign_in: SignIn) -> None:
    connection = a_desk(cast, desk)
    client = sign_in(cast.ada)

    client.post(page_of(connection, "fetch-people"))
    ines, night = AgentLink.objects.order_by("external_id")
    assert (ines.user, night.user) == (cast.ines, None)

    client.post(page_of(connection, "people"), {f"agent-{ines.pk}": "", f"agent-{night.pk}": cast.tomas.pk})
    client.post(page_of(connection, "fetch-people"))  # what an admin chose stays
    ines.refresh_from_db()
    night.refresh_from_db()
    assert (ines.user, night.user) == (None, cast.tomas)
    verbs = set(AuditEntry.objects.values_list("verb", flat=True))
    assert verbs == {"fetched people", "mapped agents"}
    assert "Mapped agents" in client.get(page_of(connection)).content.decode()


def test_a_test_event_goes_through_the_door_and_nothing_of_it_stays(
    cast: Cast, connection: Connection, sign_in: SignIn
) -> None:
    client = sign_in(cast.ada)

    page = client.post(page_of(connection, "test")).content.decode()

    assert "A customer&#x27;s message of 5 words" in page and "Test Customer" in page and "Applied" in page
    assert not InboxEvent.objects.exists() and not Conversation.objects.exists()
    assert not Draft.objects.exists() and not Contact.objects.filter(name="Test Customer").exists()
    assert AuditEntry.objects.get().verb == "sent test event"

    client.post(page_of(connection, "pause"))
    assert "It was taken at the door." in client.post(page_of(connection, "test")).content.decode()


def test_who_may_not_read_customers_sees_how_an_event_was_read_and_not_its_words(
    cast: Cast, crm: PushingCrm, sign_in: SignIn
) -> None:
    crm.says("Where is the piano?", account=None)
    run_tasks()
    ada = sign_in(cast.ada).get(page_of(crm.connection)).content.decode()
    reader = a_person(name="Rut Granted", is_admin=True, may_read_conversations=True)
    rut = sign_in(reader).get(page_of(crm.connection)).content.decode()

    assert "message of 4 words" in ada and "Sigrid" not in ada
    assert "Sigrid" in rut and "piano" not in ada + rut

    crm.push(b"{}")
    assert "is not a short text" in sign_in(cast.ada).get(page_of(crm.connection)).content.decode()


def test_an_overlap_ends_when_the_admin_says_so(cast: Cast, connection: Connection, sign_in: SignIn) -> None:
    client, old = sign_in(cast.ada), connection.secrets[0]
    crm = PushingCrm(connection, through(client))
    client.post(page_of(connection, "rotate"))
    assert crm.push(received("Hello"), secret=old).status_code == 202

    client.post(page_of(connection, "end-overlap"))

    connection.refresh_from_db()
    assert crm.push(received("Hello", message="m-2"), secret=old).status_code == 401
    assert crm.push(received("Hello", message="m-2"), secret=connection.secrets[0]).status_code == 202


def test_what_a_gone_receiver_missed_is_delivered_once_it_is_enabled_again(
    cast: Cast, listening: Connection, receiver: Receiver, sign_in: SignIn
) -> None:
    Connection.objects.filter(pk=listening.pk).update(disabled_reason="The receiver answered 410 Gone.")
    client = sign_in(cast.ada)
    outbox.queue_event(listening, "lesson.activated", {"lesson": "Dates, not days"})
    deliver_rows()
    row = OutboxMessage.objects.get()
    assert row.state == OutboxMessage.State.RETRY and not receiver.deliveries
    assert "Takes no deliveries" in client.get("/settings/connections/").content.decode()

    client.post(page_of(listening, "enable"))
    OutboxMessage.objects.update(due_at=row.created_at)
    deliver_rows()

    assert len(receiver.deliveries) == 1
    assert AuditEntry.objects.get().verb == "enabled connection"


def test_a_revoked_connection_keeps_its_history_and_its_page(
    cast: Cast, crm: PushingCrm, sign_in: SignIn
) -> None:
    crm.says("Hello")
    client = sign_in(cast.ada)
    assert "It cannot be taken back." in client.get(page_of(crm.connection)).content.decode()

    client.post(page_of(crm.connection, "revoke"))

    page = client.get(page_of(crm.connection)).content.decode()
    assert "Revoked" in page and "Revoked connection" in page and "Send test event" not in page
    assert crm.push(received("Hello", message="m-2")).status_code == 410
    assert InboxEvent.objects.count() == 1
    assert client.get(page_of(crm.connection, "fields")).status_code == 404


def test_only_admins_open_a_connection(cast: Cast, connection: Connection, sign_in: SignIn) -> None:
    for person in (cast.petra, cast.ines, cast.wanda):
        assert sign_in(person).get(page_of(connection)).status_code == 404
        assert sign_in(person).post(page_of(connection, "rotate")).status_code == 404
    client = sign_in(cast.ada)
    assert client.post(page_of(connection, "rename"), {"name": "", "team": "x"}).status_code == 422
    client.post(page_of(connection, "rename"), {"name": "Desk of sales", "team": cast.sales.pk})
    connection.refresh_from_db()
    assert (connection.name, connection.team) == ("Desk of sales", cast.sales)


def a_desk(cast: Cast, desk: FakeVendor) -> Connection:
    config: dict[str, Any] = {"base_url": desk.url}
    connection = a_connection(team=cast.support, kind="desk", config=config)
    connection.set_credentials({"token": TOKEN})
    connection.save()
    return connection


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("chatwoot", "message of 5 words"),
        ("hubspot", "It was taken at the door."),
        ("zendesk", "It was taken at the door."),
    ],
)
def test_each_vendors_test_event_is_signed_as_the_vendor_does(
    cast: Cast, sign_in: SignIn, kind: str, said: str
) -> None:
    config = {"account_id": "1", "portal": "62515"}
    connection = a_connection(team=cast.support, kind=kind, config=config, secrets=("s" * 24,))

    page = sign_in(cast.ada).post(page_of(connection, "test"))

    assert said in page.content.decode() and page.context["tested"].state != "Given up"
    assert not InboxEvent.objects.exists()


def test_past_conversations_are_fetched_and_stopped_from_the_page(cast: Cast, sign_in: SignIn) -> None:
    connection = a_connection(team=cast.support, kind="chatwoot")
    client = sign_in(cast.ada)
    start, backfill = page_of(connection, "fetch"), {"kind": "backfill"}
    answer = client.post(start, backfill)
    assert answer.status_code == 422 and "has its credentials" in answer.content.decode()

    connection.set_credentials({"api_token": TOKEN})
    connection.save()
    client.post(start, backfill)
    row = connection.syncs.get()
    assert (row.kind, row.state, row.started_by) == ("backfill", "due", cast.ada)
    connection.syncs.update(seen=40, total=120)
    assert "40 events so far, 120 conversations over there." in client.get(page_of(connection)).content.decode()

    client.post(page_of(connection, "stop"), backfill)
    assert client.post(page_of(connection, "stop"), backfill).status_code == 422
    page = client.get(page_of(connection)).content.decode()
    assert "Ada Quist stopped it." in page and "Go on" in page
