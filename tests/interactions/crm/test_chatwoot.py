"""What Chatwoot sends: its signatures, and its words as ours."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st

from interactions.crm.base import (
    Agent,
    Call,
    ConversationFact,
    MessageFact,
    RatingFact,
    Unreadable,
    Unverified,
)
from interactions.crm.chatwoot import Chatwoot
from interactions.models import Connection
from tests.vendors.chatwoot import SECRET, signed

CRM = Chatwoot()
RECORDED = {
    path.stem: json.loads(path.read_text())
    for path in (Path(__file__).parents[2] / "fixtures/crm/chatwoot").glob("*.json")
}


def call(body: bytes, headers: dict[str, str], query: str = "") -> Call:
    return Call(f"https://rapport.example/webhooks/1{query}", headers, body)


def test_the_signature_of_the_vector_is_accepted_and_nothing_else() -> None:
    body, at = b'{"event":"message_created","id":1}', datetime.fromtimestamp(1614265330, UTC)
    sent = {
        "x-chatwoot-signature": "sha256=ab0be17c0a7913b968a885091748bcf234cbd7ae0b9efcbe57a6a73c3735e2ed",
        "x-chatwoot-timestamp": "1614265330",
        "x-chatwoot-delivery": "d-1",
    }
    assert CRM.verify(["new", "cw_secret"], call(body, sent), at) == "d-1"
    assert CRM.verify(["cw_secret"], call(body, sent), at + timedelta(minutes=5)) == "d-1"
    without = {name: value for name, value in sent.items() if name != "x-chatwoot-delivery"}
    assert CRM.verify(["cw_secret"], call(body, without), at).startswith("body:")
    for secrets, other, headers, now in [
        (["cw_secret"], body + b" ", sent, at),
        (["other"], body, sent, at),
        ([""], *signed(body, at=1614265330, secret=""), at),
        (["cw_secret"], body, sent, at + timedelta(minutes=6)),
        (["cw_secret"], body, {**sent, "x-chatwoot-timestamp": "1614265331"}, at),
        (["cw_secret"], body, {**sent, "x-chatwoot-timestamp": "soon"}, at),
        (["cw_secret"], body, {**sent, "x-chatwoot-delivery": "d" * 181}, at),
        (["cw_secret"], body, {}, at),
    ]:
        with pytest.raises((Unverified, ValueError)):
            CRM.verify(secrets, call(other, headers), now)


def test_an_older_version_proves_itself_by_the_secret_in_the_address() -> None:
    key = CRM.verify(["old", SECRET], call(b"{}", {}, f"?token={SECRET}"), timezone.now())
    assert key.startswith("body:")
    for query in (f"?token={SECRET}x", "?token=", "?token=short"):
        with pytest.raises(Unverified):
            CRM.verify([SECRET, "short", ""], call(b"{}", {}, query), timezone.now())


def test_it_makes_a_webhook_of_its_own_to_try_a_connection_out() -> None:
    there, now = Connection(kind="chatwoot"), timezone.now()
    there.set_secrets([SECRET])
    trial = CRM.sample(there, "https://rapport.example/webhooks/1", now)
    assert CRM.verify([SECRET], trial, now).startswith("test-")
    (heard,) = CRM.parse("message_created", trial.body, None)
    assert isinstance(heard, MessageFact)
    assert (heard.text, heard.channel) == ("Hello, this is a test.", "chat")


def test_an_event_is_one_delivery_and_a_pressed_key_is_none() -> None:
    (one,) = CRM.split("d-1", json.dumps(RECORDED["message_created_mail"]).encode())
    assert (one.key, one.type) == ("d-1", "message_created")
    assert CRM.split("d-2", json.dumps(RECORDED["conversation_typing_on"]).encode()) == []
    for body in (b"", b"[]", b'{"event": 3}', b"{}", b'{"event": "%s"}' % (b"e" * 61), b"\xff"):
        with pytest.raises(Unreadable):
            CRM.split("d-3", body)


def read(name: str, **changes: Any) -> Any:
    data = {**RECORDED[name], **changes}
    facts = CRM.parse(data.get("event", "conversation_read"), json.dumps(data).encode(), None)
    return facts[0] if len(facts) == 1 else facts


def test_a_customers_mail_is_read_whole() -> None:
    mail = read("message_created_mail")
    assert isinstance(mail, MessageFact)
    assert (mail.by_us, mail.private, mail.conversation, mail.external_id) == (False, False, "312", "9001")
    assert (mail.subject, mail.channel, mail.cc) == ("Crates in Bergen", "email", ("Owen@fjord.example",))
    assert (mail.text, mail.html) == ("Where are the crates?", "<p>Where are the <b>crates</b>?</p>")
    assert mail.sent_at == datetime(2026, 3, 5, 8, 40, 12, 482000, UTC)
    assert mail.contact is not None
    who = mail.contact
    assert (who.external_id, who.name, who.email) == ("41", "Sigrid Moe", "sigrid@fjord.example")
    assert who.phone == "+4755501234"
    assert who.account is None  # a company's name alone proves nothing
    told = {"plan": "Team", "seats": 12, "identifier": "crm-7", "company_name": "Fjord Shipping"}
    assert who.fields == told
    url = "https://chat.harbour.example/rails/active_storage/blobs/redirect/x/packing%20list.pdf"
    file = {"name": "packing list.pdf", "type": "file", "url": url, "size": 20480}
    assert mail.attachments == (file,)


def test_who_wrote_decides_what_it_is() -> None:
    answer, note = read("message_created_agent"), read("message_created_note")
    assert (answer.by_us, answer.private, answer.cc) == (True, False, ("owen@fjord.example",))
    assert answer.author == Agent("7", "Ines Duarte", "ines@tern.example")
    assert answer.contact.external_id == "41"
    assert (note.by_us, note.private) == (True, True)
    assert read("message_created_bot") == read("message_created_template") == []
    phone = {"sender": None, "message_type": "outgoing", "content_attributes": {"external_echo": True}}
    assert read("message_created_agent", **phone).by_us
    assert read("message_created_mail", content_attributes={"deleted": True}) == []
    away = {"email": {"auto_reply": True}}
    assert read("message_created_mail", content_attributes=away).headers == {"auto-submitted": "auto-replied"}


def test_an_event_is_believed_on_what_it_is_news_of_alone() -> None:
    new, snoozed, labelled = (
        read(f"conversation_{name}") for name in ("created", "status_changed", "updated")
    )  # fmt: skip
    assert isinstance(new, ConversationFact)
    assert (new.status, new.labels, new.channel) == ("open", ("billing",), "email")
    assert new.assignee == Agent("9", "Tomas Lind", "")
    assert (snoozed.status, snoozed.assignee, snoozed.labels) == ("snoozed", None, None)
    assert snoozed.snoozed_until == datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
    assert snoozed.changed_at == datetime(2026, 3, 5, 9, 0, 0, 250000, UTC)
    assert (labelled.status, labelled.assignee, labelled.labels) == (None, None, ("billing", "vip"))
    assert read("conversation_created", status="pending").status == "open"
    assert read("conversation_created", meta={"assignee": None}).assignee == Agent()
    assert read("conversation_created", meta={}).assignee is None


def test_surveys_contacts_and_what_the_api_says() -> None:
    at = datetime.fromtimestamp(1772703600.5, UTC)
    assert read("message_updated_survey") == RatingFact("312", 4, "Quick, thanks", at)
    assert read("message_updated_survey", content_attributes={}) == []
    contact = read("contact_updated")
    assert (contact.account.external_id, contact.account.name) == ("6", "Fjord Shipping")
    assert contact.changed_at == datetime(2026, 3, 5, 9, 10, tzinfo=UTC)
    question, ours, state = read("api_conversation")
    assert (question.by_us, ours.by_us) == (False, True)
    assert ours.echo_of == "6f1f2f1e-0000-4000-8000-000000000001"
    assert (state.channel, state.assignee.email) == ("email", "tomas@tern.example")
    assert CRM.parse("webwidget_triggered", b"{}", None) == []


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Any]:
    """A recorded payload in which a few values, however deep, are something else or gone."""
    data = json.loads(json.dumps(RECORDED[draw(st.sampled_from(sorted(RECORDED)))]))
    kind = data.get("event", "conversation_read")
    for _ in range(draw(st.integers(1, 3))):
        inner = data
        while True:
            names = list(inner) if isinstance(inner, dict) else list(range(len(inner)))
            if not names:
                break
            name = draw(st.sampled_from(names))
            if not isinstance(inner[name], dict | list) or draw(st.booleans()):
                inner[name] = draw(JSONS)
                break
            inner = inner[name]
    return kind, data


@settings(max_examples=150, deadline=None)
@given(mutated())
def test_a_payload_gone_wrong_is_read_or_refused(told: tuple[str, Any]) -> None:
    kind, data = told
    try:
        facts = CRM.parse(kind, json.dumps(data).encode(), None)
    except Unreadable:
        return
    assert all(len(getattr(fact, "conversation", "")) <= 200 for fact in facts)
