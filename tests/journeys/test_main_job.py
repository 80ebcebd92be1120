"""The main job as an agent lives it, in a real browser and with every program real: a customer writes in the
CRM, a draft appears, a person changes and approves it, the CRM gets exactly that, and the change is kept."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import httpx
import pytest
from standardwebhooks import Webhook

from config.children import Process
from interactions.models import Connection, Conversation, InboxEvent, OutboxMessage
from people.models import ApiKey, User
from tests.cast import Cast
from tests.copilot.api.calling import ALL
from tests.crm import PushingCrm, minutes_ago, over_http
from tests.factories import PASSWORD
from tests.fakes import FakeModel, says
from tests.receiver import Delivery, Receiver
from tests.work import Programs, eventually, start_sweep, start_website, start_worker

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

QUESTION = "Hello, can I still change the delivery address of the order I placed this morning?"
USUAL = "You can change the delivery address under Orders until the parcel leaves our warehouse."
# Two customers asked this and two agents answered alike, so it is what the team usually says.
PAST = (
    (
        "Mara Lund",
        "Lund Mill",
        "How can I change the delivery address of my order?",
        USUAL,
        "ines@tern.example",
    ),
    ("Peter Aas", "Aas Boats", "I must change the delivery address of an order.", USUAL, "tomas@tern.example"),
)
PATIENCE = 30_000  # milliseconds; two processors serve the browser and six programs

type SignIn = Callable[["Page", User], None]


@pytest.fixture(scope="module")
def house(programs: Programs) -> str:
    """The address of an install that lacks a drafting worker only, so that a story can watch one begin."""
    url, _ = start_website(programs, UNDO_SECONDS="1")
    start_worker(programs, "worker", "inbox,sending,learning")
    start_sweep(programs)
    return url


@contextmanager
def drafting(programs: Programs, **env: str) -> Iterator[Process]:
    worker = start_worker(programs, f"drafting-{len(list(programs.logs.iterdir()))}", "drafting", **env)
    yield worker
    programs.stop(worker)


@pytest.fixture
def crm(house: str, listening: Connection) -> PushingCrm:
    return PushingCrm(listening, over_http(house))


@pytest.fixture
def experience(crm: PushingCrm, cast: Cast) -> None:
    """What the team has answered before, told by the CRM itself."""
    for number, (name, account, asked, answer, author) in enumerate(PAST):
        who: dict[str, Any] = {
            "conversation": f"past-{number}",
            "contact": {"id": f"past-{number}", "name": name, "email": f"{name[:4].lower()}@past.example"},
            "account": {"id": f"past-{number}", "name": account},
        }
        crm.says(asked, at=minutes_ago(120), **who)
        assert eventually(Conversation.objects.filter(external_id=f"past-{number}").exists)
        crm.answers(answer, at=minutes_ago(90), author_email=author, **who)
        assert eventually(lambda: not InboxEvent.objects.exclude(state="applied").exists())


@dataclass
class Api:
    """REST as a program of `person` calls it."""

    url: str
    key: str

    def get(self, path: str, **query: Any) -> Any:
        headers = {"Authorization": f"Bearer {self.key}"}
        answer = httpx.get(f"{self.url}/api/v1/{path}/", params=query, headers=headers, trust_env=False)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def only(self, path: str, **query: Any) -> Any:
        """The one row that the list has."""
        (row,) = self.get(path, **query)["results"]
        return row


@pytest.fixture
def api(house: str, cast: Cast) -> Api:
    return Api(house, ApiKey.make("A journey's program", list(ALL), cast.ines)[1])


@pytest.fixture
def sign_in(house: str) -> "SignIn":
    def by_form(page: "Page", person: User) -> None:
        page.goto(f"{house}/me/login/")
        page.fill("[name=login]", person.email)
        page.fill("[name=password]", PASSWORD)
        page.click("button.primary")
        page.wait_for_url(lambda url: "/me/login" not in url)

    return by_form


def card(page: "Page", state: str) -> "Locator":
    from playwright.sync_api import expect

    found = page.locator(f"#draft[data-state={state}]")
    expect(found).to_be_visible(timeout=PATIENCE)
    return found


def the_reply(receiver: Receiver, secret: str) -> tuple[Delivery, dict[str, Any]]:
    """The one request to deliver a reply, its signature checked by the library that others use."""

    def replies() -> list[Delivery]:
        return [one for one in receiver.deliveries if json.loads(one.body)["type"] == "reply.approved"]

    assert eventually(lambda: bool(replies()))
    (only,) = replies()
    Webhook(secret).verify(only.body, dict(only.headers))
    return only, json.loads(only.body)


def payload_of(delivery: Delivery) -> bytes:
    """The approved bytes as they stand in the envelope."""
    return delivery.body.partition(b'"data": ')[2].removesuffix(b"}")


def check_the_rest(api: Api, crm: PushingCrm, delivery: Delivery, drafted: str, sent: str) -> None:
    """What a program sees afterwards; and the echo of the reply creates nothing."""
    conversation = api.only("conversations", external_id="c-1")["id"]
    draft = api.only("drafts", conversation=conversation)
    assert eventually(lambda: api.only("signals", draft=draft["id"])["state"] == "settled")
    row = api.only("deliveries", draft=draft["id"])
    assert (row["id"], row["state"]) == (delivery.headers["webhook-id"], "sent")
    approval = OutboxMessage.objects.select_related("approval").get(pk=row["id"]).approval
    assert approval is not None and bytes(approval.digest) == sha256(payload_of(delivery)).digest()
    assert api.get(f"drafts/{draft['id']}")["state"] == "sent"
    signal = api.only("signals", draft=draft["id"])
    assert (signal["drafted"], signal["sent"]) == (drafted, sent)
    before = len(api.get("messages", conversation=conversation)["results"])
    crm.answers(sent, delivery_id=row["id"], author_email="ines@tern.example")
    echo = crm.last_event()
    assert eventually(lambda: InboxEvent.objects.get(pk=echo.pk).state == "ignored")
    assert len(api.get("messages", conversation=conversation)["results"]) == before == 2
    assert len(api.get("drafts", conversation=conversation)["results"]) == 1
    assert len(api.get("signals", conversation=conversation)["results"]) == 1


def added_words(api: Api) -> str:
    """What the signal says a person put in, word by word."""
    conversation = api.only("conversations", external_id="c-1")["id"]
    signal = api.only("signals", conversation=conversation)
    assert 0 < signal["distance"] < 1
    return " ".join(
        " ".join(sent) if isinstance(sent, list) else sent for _, _, sent in signal["script"] if sent
    )


@pytest.mark.usefixtures("experience")
def test_a_customer_writes_and_gets_what_a_person_approved(
    page: "Page", house: str, programs: Programs, crm: PushingCrm, cast: Cast, api: Api,
    receiver: Receiver, sign_in: SignIn,
) -> None:  # fmt: skip
    from playwright.sync_api import expect

    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    sign_in(page, cast.ines)
    page.goto(f"{house}/inbox/?view=team")
    page.evaluate("window.stayed = true")
    crm.says(QUESTION)
    expect(page.locator("#fresh")).to_be_visible(timeout=PATIENCE)
    page.click("#fresh")
    page.locator(".row", has_text="Sigrid Moe").locator("a[data-row]").click()
    card(page, "queued")
    with drafting(programs):
        card(page, "ready")
    expect(page.locator("#draft .words")).to_contain_text(USUAL)
    expect(page.locator("#draft")).to_contain_text("No language model wrote this")
    drafted = api.only("drafts", state="ready")["text"]

    page.click("#draft button:has-text('Edit')")
    own = f"I have noted {uuid4().hex[:8]} for you."
    wording = drafted.replace(USUAL, f"{USUAL} {own}")
    page.fill("#editor textarea", wording)
    page.click("#editor button.approve")
    card(page, "sent")
    assert page.evaluate("window.stayed") is True

    delivery, body = the_reply(receiver, crm.secret)
    assert body["data"]["text"] == wording
    assert body["data"]["to"] == ["sigrid@fjord.example"]
    check_the_rest(api, crm, delivery, drafted, wording)
    assert own.split()[3] in added_words(api)
    assert not wrong


@pytest.mark.usefixtures("experience")
def test_the_same_without_javascript(
    browser: "Browser", house: str, programs: Programs, crm: PushingCrm, cast: Cast, api: Api,
    receiver: Receiver, sign_in: SignIn,
) -> None:  # fmt: skip
    with browser.new_context(java_script_enabled=False) as context, drafting(programs):
        page = context.new_page()
        sign_in(page, cast.ines)
        crm.says(QUESTION)
        assert eventually(lambda: bool(api.get("drafts", state="ready")["results"]))
        drafted = api.only("drafts", state="ready")["text"]
        page.goto(f"{house}/inbox/?view=team")
        page.locator(".row", has_text="Sigrid Moe").locator("a[data-row]").click()
        card(page, "ready")
        page.click("#draft button:has-text('Edit')")
        own = f"Ask for {uuid4().hex[:8]} at the door."
        wording = drafted.replace(USUAL, f"{USUAL} {own}")
        page.fill("#editor textarea", wording)
        page.click("#editor button.approve")
        delivery, body = the_reply(receiver, crm.secret)
        assert body["data"]["text"] == wording
        check_the_rest(api, crm, delivery, drafted, wording)
        assert own.split()[2] in added_words(api)
        page.reload()
        card(page, "sent")


def test_a_model_streams_and_the_keyboard_is_enough(
    page: "Page", house: str, programs: Programs, crm: PushingCrm, cast: Cast, api: Api,
    receiver: Receiver, sign_in: SignIn,
) -> None:  # fmt: skip
    from playwright.sync_api import expect

    text = "Hello Sigrid,\n\n" + "Thank you for writing to us today. " * 7 + "\n\nKind regards\nInes"
    sign_in(page, cast.ines)
    crm.says(QUESTION)
    assert eventually(lambda: bool(api.get("drafts", state="queued")["results"]))
    page.goto(f"{house}/inbox/?view=team")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    card(page, "queued")
    with FakeModel(otherwise=says(text, pause=0.12)) as model, drafting(programs, ANTHROPIC_BASE_URL=model.url):
        words = card(page, "streaming").locator(".words")
        expect(words).to_contain_text("Hello Sigrid", timeout=PATIENCE)
        expect(words).not_to_contain_text("Kind regards")
        card(page, "ready")
    expect(page.locator("#draft .words")).to_contain_text("Kind regards")
    page.keyboard.press("Control+Enter")
    card(page, "sent")
    delivery, body = the_reply(receiver, crm.secret)
    assert body["data"]["text"] == text
    check_the_rest(api, crm, delivery, text, text)
