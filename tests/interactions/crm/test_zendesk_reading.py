"""What Zendesk signs and tells is proven and read as it is meant, and nothing else is made of it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interactions.crm.base import Agent, Call, ConversationFact, MessageFact, RatingFact, Unreadable, Unverified
from interactions.crm.registry import crm_for
from tests.vendors.zendesk import raw, recorded

ZENDESK = crm_for("zendesk")

THEN = datetime(2021, 3, 25, 5, 9, 27, tzinfo=UTC)
VECTOR = "dGhpc19zZWNyZXRfaXNfZm9yX3Rlc3Rpbmdfb25seQ=="
STAMP, SIGNATURE = "2021-03-25T05:09:27Z", "IkcthJShdZknIDV6wPL4+yCTFHAW1Rz+IZFAtJG+lGg="
BODY = b'{"ticket":{"id":1}}'


def proven(secrets: list[str], now: datetime, body: bytes = BODY, **changes: str) -> str:
    headers = {"x-zendesk-webhook-signature-timestamp": STAMP, "x-zendesk-webhook-signature": SIGNATURE}
    return ZENDESK.verify(
        secrets, Call("", headers | {f"x-zendesk-webhook-{k}": v for k, v in changes.items()}, body), now
    )


def test_a_signature_is_proven_with_the_secret_as_it_is_shown() -> None:
    key = proven(["another", VECTOR], THEN + timedelta(minutes=5))
    assert key == proven([VECTOR], THEN - timedelta(minutes=5))
    for secrets, now, body, changes in (
        (["another"], THEN, BODY, {}),
        ([VECTOR], THEN + timedelta(minutes=5, seconds=1), BODY, {}),
        ([VECTOR], THEN, BODY + b" ", {}),
        ([VECTOR], THEN, BODY, {"signature": SIGNATURE[:-2]}),
        ([VECTOR], THEN, BODY, {"signature": ""}),
    ):
        with pytest.raises(Unverified):
            proven(secrets, now, body, **changes)
    for stamp in ("1616648967", "yesterday", "2021-03-25T05:09:27"):
        with pytest.raises((Unverified, ValueError, TypeError)):
            proven([VECTOR], THEN, **{"signature-timestamp": stamp})


def test_a_recorded_ticket_is_read_as_it_is_meant() -> None:
    body = raw(recorded("ticket_created"))
    [delivery] = ZENDESK.split("k", body)
    assert delivery.type == "ticket.created" and delivery.key.endswith("000000000001")
    told = recorded("ticket_told")
    facts = ZENDESK.parse(delivery.type, body, raw(told))
    messages = [fact for fact in facts if isinstance(fact, MessageFact)]
    assert [(one.author.name, one.by_us, one.private, one.text) for one in messages] == [
        ("", False, False, "When will our order 4711 arrive?"),
        ("Ines Duarte", True, False, "Yes, it is on its way."),
        ("Tomas Lind", True, True, "Ask the harbour first."),
        ("Tomas Lind", True, False, "It left the harbour today."),
        ("Zendesk", True, True, "This ticket was moved by a rule."),
        ("", False, False, "Lars here, thank you both."),
    ]
    assert [one.contact and one.contact.name for one in messages] == ["Sigrid Moe"] * 5 + ["Lars Berg"]
    assert (messages[0].cc, messages[0].attachments[0]["name"]) == (("lars@fjord.example",), "order.pdf")
    assert messages[1].echo_of == "0f0e0d0c-0b0a-4908-8706-050403020100"
    contact = messages[0].contact
    assert contact and contact.account and contact.account.fields == {"plan": "gold", "seats": 40}
    assert (contact.phone, contact.language, contact.account.domain) == (
        "+47 555 01 234",
        "nb",
        "fjord.example",
    )
    standing = [
        (one.changed_at.hour, one.changed_at.minute, one.status, one.assignee, one.labels)
        for one in facts
        if isinstance(one, ConversationFact)
    ]
    tomas = Agent("902", "Tomas Lind", "tomas@tern.example")
    assert standing == [(9, 20, None, tomas, ("vip",)), (9, 40, "resolved", None, None)]
    assert facts[-1] == RatingFact("1001", 5, "Quick and kind.", datetime(2026, 11, 21, 8, tzinfo=UTC))

    # An event tells of its own time; what we did ourselves tells nothing of how the ticket stands.
    later = ZENDESK.parse("ticket.comment_added", raw(recorded("comment_added")), raw(told))
    assert next(one.text for one in later if isinstance(one, MessageFact)) == "It left the harbour today."
    told["audits"][6]["metadata"]["custom"] = {"rapport": "x", "rapport_connection": told["connection"]}
    ours = ZENDESK.parse(delivery.type, body, raw(told))
    assert [one.status for one in ours if isinstance(one, ConversationFact)] == [None]


@pytest.mark.parametrize(
    ("name", "here"), [("pending", "open"), ("hold", "open"), ("closed", "resolved"), ("deleted", None)]
)
def test_every_status_there_is_one_here(name: str, here: str | None) -> None:
    told = recorded("ticket_told")
    told["ticket"]["status"] = name
    facts = ZENDESK.parse("ticket.created", raw(recorded("ticket_created")), raw(told))
    assert [one.status for one in facts if isinstance(one, ConversationFact)][-1] == here


EVENTS = [
    ("ticket_created", "ticket_told"), ("comment_added", "ticket_told"), ("status_changed", "ticket_told"),
    ("agent_assignment_changed", "ticket_told"), ("tags_changed", "ticket_told"),
    ("user_created", "user_shown"), ("organization_created", "organization_shown"),
]  # fmt: skip
JUNK = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        yield (*path, key)
        yield from places(inner, (*path, key))


@given(st.data())
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_wrong_with_it_only_unreadable_is_said(data: st.DataObject) -> None:
    event, told = (recorded(name) for name in data.draw(st.sampled_from(EVENTS)))
    type = event["type"].removeprefix("zen:event-type:")
    for whole in (event, told):
        changed = data.draw(st.lists(st.sampled_from(list(places(whole))), max_size=3))
        for path in changed:
            inner = whole
            for step in path[:-1]:
                inner = inner[step] if isinstance(inner, dict | list) and step_in(inner, step) else {}
            if isinstance(inner, dict | list) and step_in(inner, path[-1]):
                inner[path[-1]] = data.draw(JUNK)
    body, fetched = raw(event), raw(told)
    if data.draw(st.booleans()):
        fetched = fetched[: data.draw(st.integers(0, len(fetched)))]
    try:
        ZENDESK.split("key", body)
        ZENDESK.parse(type, body, fetched or None)
    except Unreadable:
        pass


def step_in(value: Any, step: Any) -> bool:
    return step in value if isinstance(value, dict) else isinstance(step, int) and step < len(value)
