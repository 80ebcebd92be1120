"""HubSpot's deliveries and answers: who signed them, how they are split and read, good and bad ones."""

import hashlib
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import settings as how
from hypothesis import strategies as st

from customers.facts import AccountFact, ContactErasedFact, ContactFact, RecordFact
from customers.models import Account
from interactions.crm.base import Call, ConversationFact, MessageFact, Unreadable, Unverified
from interactions.crm.hubspot import HubSpot, signature
from interactions.models import Conversation, InboxEvent, Refusal
from tests.cast import Cast
from tests.vendors.hubspot import (
    SECRET,
    FakeHubSpot,
    PushingHubSpot,
    ago,
    recorded,
    recorded_event,
)
from tests.vendors.hubspot import signature as signed_by_rule
from tests.work import run_tasks

CRM = HubSpot()
URI = "https://www.example.com/webhook_uri"
# HubSpot publishes this vector with its Python client: tests/spec/utils/test_signature.py.
VECTOR = Call(
    URI,
    {
        "x-hubspot-signature-v3": "HPW73RUtKmcYoEDADG0s6MmGFWUzWJKAW07r8RDgcQw=",
        "x-hubspot-request-timestamp": "15000000",
    },
    b"{'example_field':'example_value'}",
)
THEN = datetime.fromtimestamp(15000, UTC)


def test_the_published_vector_verifies_and_nothing_else_does() -> None:
    assert CRM.verify(["other", SECRET], VECTOR, THEN) == CRM.verify(
        [SECRET], VECTOR, THEN + timedelta(minutes=4)
    )
    changed = [
        Call(URI + "/", VECTOR.headers, VECTOR.body),
        Call(URI, VECTOR.headers, VECTOR.body + b" "),
        Call(URI, {**VECTOR.headers, "x-hubspot-request-timestamp": "15000001"}, VECTOR.body),
    ]
    for call in changed:
        with pytest.raises(Unverified, match="no signature matches"):
            CRM.verify([SECRET], call, THEN)
    for late in (-6, 6):
        with pytest.raises(Unverified, match="more than 5 minutes"):
            CRM.verify([SECRET], VECTOR, THEN + timedelta(minutes=late))
    with pytest.raises(Unverified):
        CRM.verify([], VECTOR, THEN)


def test_the_address_is_signed_with_the_characters_that_hubspot_writes_plainly() -> None:
    plain = "https://www.example.com/hook?to=a@b.example&at=10:30,11:00&who=%C3%A9%20x"
    coded = "https://www.example.com/hook?to=a%40b.example&at=10%3a30%2C11%3A00&who=%C3%A9%20x"
    assert signature.sign(SECRET, "POST", coded, b"[]", "1") == signature.sign(
        SECRET, "POST", plain, b"[]", "1"
    )
    assert signature.sign(SECRET, "POST", plain, b"[]", "1") == signed_by_rule(plain, b"[]", "1")


def test_the_older_signatures_are_refused_even_when_they_are_right(from_hubspot: PushingHubSpot) -> None:
    """They carry no time, so whoever once saw a delivery could repeat it for ever."""
    body = b"[]"
    first = hashlib.sha256(SECRET.encode() + body).hexdigest()
    answer = from_hubspot.push_raw(
        body, X_HubSpot_Signature=first, X_HubSpot_Signature_Version="v1", X_HubSpot_Signature_v3=""
    )
    assert answer.status_code == 401
    assert from_hubspot.push(from_hubspot.wrote("m-1"), at=ago(6)).status_code == 401
    assert from_hubspot.push(from_hubspot.wrote("m-1"), X_HubSpot_Request_Timestamp="soon").status_code == 401
    assert set(Refusal.objects.values_list("reason", flat=True)) == {
        "only HubSpot's v3 signature is accepted", "the timestamp is more than 5 minutes away",
        "the signature is garbage",
    }  # fmt: skip


def test_of_a_hundred_events_one_is_bad_and_the_others_are_applied(
    from_hubspot: PushingHubSpot, hubspot: FakeHubSpot
) -> None:
    for number in range(1, 100):
        hubspot.objects["companies"][str(number)] = {
            "id": str(number),
            "properties": {"name": f"Firm {number}"},
        }
    batch: list[Any] = [from_hubspot.event("company.creation", number) for number in range(1, 100)]
    batch.insert(50, {**batch[0], "eventId": 7, "occurredAt": "yesterday"})
    first = from_hubspot.push(*batch).json()
    again = from_hubspot.push(
        *reversed([{**one, "attemptNumber": 1} for one in batch[:50] + batch[51:]])
    ).json()
    assert (first["duplicate"], again["duplicate"]) == (False, True)
    run_tasks()
    states = from_hubspot.states()
    assert len(states) == 100
    assert states.count(("company.creation", "applied")) == 99
    dead = InboxEvent.objects.get(state="dead")
    assert "occurredAt" in dead.reason and json.loads(bytes(dead.body))["eventId"] == 7
    assert Account.objects.filter(name__startswith="Firm ").count() == 99


@pytest.mark.parametrize("body", [b"", b"{", b"{}", b"[]", b"\xff", b"1", b"null"])
def test_a_delivery_that_is_no_list_of_events_is_kept_and_refused(
    from_hubspot: PushingHubSpot, body: bytes
) -> None:
    assert from_hubspot.push_raw(body).status_code == 400
    assert from_hubspot.push_raw(body).status_code == 400
    assert InboxEvent.objects.get().state == "dead"


def test_events_of_one_instant_are_told_apart_by_what_they_are_about(from_hubspot: PushingHubSpot) -> None:
    one = {**recorded_event("contact.associationChange"), "eventId": 1}
    others = [{**one, "toObjectId": 9002}, {**one, "subscriptionId": 99}, {**one, "eventId": 2}]
    from_hubspot.accepted(one, *others, one)
    assert InboxEvent.objects.count() == 4


@pytest.mark.parametrize("order", [1, -1])
def test_late_and_repeated_events_settle_to_the_same_end(
    from_hubspot: PushingHubSpot, hubspot: FakeHubSpot, cast: Cast, order: int
) -> None:
    answer = hubspot.answers("4711", "It is on its way.", ago(8))
    again = hubspot.says("4711", "It never came!", ago(6))
    changes = [
        ("status", "CLOSED", 7),
        ("assignedTo", "A-302", 7),
        ("assignedTo", "A-301", 5),
        ("status", "CLOSED", 4),
    ]
    told = [
        from_hubspot.event("conversation.propertyChange", at=ago(when), propertyName=name, propertyValue=value)
        for name, value, when in changes
    ]
    told += [from_hubspot.wrote(id, at=ago(when)) for id, when in (("m-1", 9), (answer, 8), (again, 6))]
    told.append(from_hubspot.event("conversation.creation", at=ago(9)))
    for one in told[::order]:
        from_hubspot.accepted(one, one)
        run_tasks()
    thread = Conversation.objects.get(external_id="4711")
    assert (thread.status, thread.assignee, thread.contact.name) == ("resolved", cast.tomas, "Sigrid Moe")  # type: ignore[union-attr]
    assert [one.external_id for one in thread.messages.order_by("sent_at")] == ["m-1", answer, again]
    assert not thread.deliveries.exists()


def test_events_of_another_account_are_dead_and_of_unknown_kinds_are_shown(
    from_hubspot: PushingHubSpot,
) -> None:
    from_hubspot.accepted(
        {**recorded_event("contact.creation"), "portalId": 1}, recorded_event("product.creation")
    )
    run_tasks()
    assert from_hubspot.states() == [("contact.creation", "dead"), ("product.creation", "ignored")]
    assert "another HubSpot account" in InboxEvent.objects.earliest("pk").reason


KINDS = {
    "contact": ContactFact, "company": AccountFact, "deal": RecordFact, "object": RecordFact,
    "conversation": ConversationFact,
}  # fmt: skip


def pointed_at(event: dict[str, Any]) -> bytes:
    family = event["subscriptionType"].partition(".")[0]
    name = {"object": "ticket", "conversation": "contact", "product": "deal"}.get(family, family)
    told: dict[str, Any] = {"object": recorded(name), "company": recorded("company")}
    if family == "conversation":
        told |= {"thread": recorded("thread"), "messages": [recorded("message")], "actors": []}
    return json.dumps(told).encode()


@pytest.mark.parametrize(
    "event", recorded("events"), ids=lambda one: f"{one['eventId']} {one['subscriptionType']}"
)
def test_every_recorded_event_tells_what_it_should(event: dict[str, Any]) -> None:
    [delivery] = CRM.split("key", json.dumps([event]).encode())
    told = CRM.parse(delivery.type, delivery.body, pointed_at(event))
    if event["subscriptionType"] == "product.creation":
        assert told == []
    elif event["subscriptionType"] == "contact.privacyDeletion":
        at = datetime.fromtimestamp(event["occurredAt"] / 1000, UTC)
        assert told == [ContactErasedFact("512", at)]
    elif event["subscriptionType"] == "conversation.newMessage":
        assert isinstance(told[-1], MessageFact)
    else:
        assert isinstance(told[-1], KINDS[event["subscriptionType"].partition(".")[0]])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def bent(draw: st.DrawFn, whole: Any) -> Any:
    """A recorded payload with something else in one of its places, however deep."""
    if isinstance(whole, dict) and whole and draw(st.booleans()):
        name = draw(st.sampled_from(sorted(whole)))
        return {**whole, name: draw(bent(whole[name]))}
    if isinstance(whole, list) and whole and draw(st.booleans()):
        place = draw(st.integers(0, len(whole) - 1))
        return [*whole[:place], draw(bent(whole[place])), *whole[place + 1 :]]
    return draw(JSON)


@how(max_examples=100, deadline=None)
@given(body=st.binary(max_size=60) | bent(recorded("events")).map(lambda told: json.dumps(told).encode()))
def test_splitting_raises_nothing_but_unreadable(body: bytes) -> None:
    try:
        found = CRM.split("key", body)
    except Unreadable:
        return
    assert all(0 < len(one.key) <= 200 and len(one.type) <= 60 for one in found)


@how(max_examples=150, deadline=None)
@given(data=st.data())
def test_parsing_raises_nothing_but_unreadable(data: st.DataObject) -> None:
    event = data.draw(st.sampled_from(recorded("events")))
    body = json.dumps(data.draw(st.just(event) | bent(event))).encode()
    found = data.draw(bent(json.loads(pointed_at(event))))
    fetched = data.draw(st.sampled_from([json.dumps(found).encode(), b"{", None]))
    for type in (event["subscriptionType"], "thread.read"):
        with suppress(Unreadable):
            CRM.parse(type, body, fetched)
