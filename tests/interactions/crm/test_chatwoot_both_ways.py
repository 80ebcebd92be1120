"""Chatwoot and its API: a conversation worked half here and half there, and what no webhook told."""

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone

from interactions import asking as question
from interactions import delivering, handling, outbox
from interactions.crm.base import Agent, ConversationFact, CrmError, MessageFact
from interactions.crm.chatwoot import Chatwoot, asking
from interactions.models import AgentLink, Connection, Conversation, InboxEvent, OutboxMessage
from tests.cast import Cast
from tests.crm import Send, through
from tests.factories import a_connection, a_conversation, a_letter, a_reply
from tests.vendors.chatwoot import FakeChatwoot, chatwoot_connection, signed
from tests.vendors.server import Fault
from tests.work import end_waits, run_tasks

CRM = Chatwoot()


@pytest.fixture
def chatwoot() -> Iterator[FakeChatwoot]:
    vendor = FakeChatwoot()
    yield vendor
    vendor.close()


@pytest.fixture
def there(cast: Cast, chatwoot: FakeChatwoot) -> Connection:
    """The support team's Chatwoot; Ines has a token of her own, Tomas has none."""
    made = chatwoot_connection(cast.support, chatwoot, agent_tokens="7: cw-token-of-ines, 8: ")
    for number, person in (("7", cast.ines), ("9", cast.tomas)):
        AgentLink.objects.create(
            connection=made, external_id=number, user=person, name=person.name, email=person.email
        )
    return made


@pytest.fixture
def door(client: Client) -> Send:
    return through(client)


def hear(chatwoot: FakeChatwoot, there: Connection, door: Send) -> None:
    """Their webhooks come through the door, and are applied."""
    answers = chatwoot.push(door, there)
    assert {answer.status_code for answer in answers} <= {202}
    run_tasks()


def ours(number: str = "1") -> Conversation:
    return Conversation.objects.get(external_id=number)


def said(conversation: Conversation) -> list[tuple[str, str]]:
    return list(conversation.messages.order_by("sent_at", "id").values_list("by", "text"))


def posted(chatwoot: FakeChatwoot) -> list[Any]:
    return chatwoot.asked("POST", "/messages")


def test_a_conversation_worked_half_here_and_half_there_is_one(
    chatwoot: FakeChatwoot, there: Connection, door: Send, cast: Cast
) -> None:
    mail = {"channel": "Channel::Email", "subject": "Crates"}
    talk = chatwoot.customer_writes("Where are the crates?", **mail)
    hear(chatwoot, there, door)
    assert (ours().status, ours().channel, ours().subject) == ("open", "email", "Crates")
    assert ours().contact.email == "sigrid@fjord.example"  # type: ignore[union-attr]

    row = a_reply(conversation=ours(), person=cast.ines, text="On the quay.", cc=("owen@fjord.example",))
    run_tasks()
    row.refresh_from_db()
    assert (row.state, row.external_id) == ("sent", str(talk.messages[-1]["id"]))
    (call,) = posted(chatwoot)
    assert call.headers["api-access-token"] == "cw-token-of-ines"
    assert call.body["content"] == "On the quay."
    assert (call.body["to_emails"], call.body["cc_emails"]) == ("sigrid@fjord.example", "owen@fjord.example")
    hear(chatwoot, there, door)
    assert said(ours()) == [("customer", "Where are the crates?"), ("colleague", "On the quay.")]

    waiting = a_reply(conversation=ours(), person=cast.ines, text="One more thing.", undo_seconds=30)
    chatwoot.agent_writes(talk, "I am on the phone with her.", 9)
    chatwoot.agent_writes(talk, "She is angry.", 9, private=True)
    chatwoot.bot_writes(talk, "Anything else?")
    chatwoot.agent_sets(talk, status="resolved")
    hear(chatwoot, there, door)
    waiting.refresh_from_db()
    assert (waiting.state, ours().status) == ("cancelled", "resolved")
    assert said(ours())[2:] == [("colleague", "I am on the phone with her."), ("note", "She is angry.")]
    assert ours().messages.filter(person=cast.tomas).count() == 2

    chatwoot.customer_rates(talk, 2)
    chatwoot.customer_rates(talk, 4, "Quick in the end")
    chatwoot.customer_writes("And the pallets?", talk.id)
    hear(chatwoot, there, door)
    assert (ours().rating, ours().rating_comment, ours().status) == (4, "Quick in the end", "open")
    assert len(posted(chatwoot)) == 1


def test_what_is_set_and_noted_here_stands_there_and_is_read_back(
    chatwoot: FakeChatwoot, there: Connection, door: Send, cast: Cast
) -> None:
    talk = chatwoot.customer_writes("Hello?")
    hear(chatwoot, there, door)
    until = timezone.now() + timedelta(days=1)
    handling.assign(ours(), cast.tomas, cast.ines)
    handling.label(ours(), ["vip", "billing"], cast.ines)
    handling.snooze(ours(), until, cast.ines)
    handling.add_note(ours(), cast.ines, "Mine.")
    handling.add_note(ours(), cast.tomas, "Ask Owen first.")
    run_tasks()
    assert (talk.assignee, talk.labels, talk.status) == (9, ["billing", "vip"], "snoozed")
    assert talk.snoozed_until == int(until.timestamp())
    notes = [(one["content"], one["private"]) for one in talk.messages if one["message_type"] == 1]
    assert notes == [("Mine.", True), ("Tomas Lind: Ask Owen first.", True)]
    before = ours()
    hear(chatwoot, there, door)
    assert said(ours())[1:] == [("note", "Mine."), ("note", "Ask Owen first.")]
    after = ours()
    for name in ("status", "assignee", "labels"):
        assert getattr(after, name) == getattr(before, name)

    facts = CRM.read(there, "1")
    state = facts[-1]
    assert isinstance(state, ConversationFact)
    assert (state.status, state.labels, state.assignee.external_id) == ("snoozed", ("billing", "vip"), "9")  # type: ignore[union-attr]
    handling.assign(ours(), None, cast.ines)
    handling.reopen(ours(), cast.ines)
    run_tasks()
    assert (talk.assignee, talk.status) == (0, "open")
    promise = {"text": "A call.", "due_at": "2026-11-24T09:00:00+00:00"}
    outbox.announce(ours(), "promise.made", {"promise": promise}, cast.ines)
    outbox.announce(ours(), "note.accepted", {"note": {"text": "Before noon."}}, cast.ines)
    asked = {"to": "Petra Novak", "reason": "above_limit", "question": "May we?"}
    outbox.announce(ours(), "conversation.escalated", asked, cast.ines)
    run_tasks()
    told = [one["content"] for one in talk.messages if one["private"]][-3:]
    assert sorted(told) == [
        "Handed to Petra Novak (above limit). “May we?”",
        "Note on the customer: Before noon.",
        "We promised: A call. (by 2026-11-24)",
    ]
    handling.assign(ours(), cast.petra, cast.ines)
    run_tasks()
    dead = OutboxMessage.objects.get(state="dead")
    assert dead.reason == "Petra Novak is mapped to no agent of Chatwoot."


def ask_now(*rows: OutboxMessage) -> None:
    """Chatwoot is asked whether they arrived, and what did not is sent again."""
    OutboxMessage.objects.filter(state="unknown").update(lease_until=Now())
    for pk in question.due_questions(10):
        question.ask_arrived(pk)
    end_waits()
    run_tasks()
    for row in rows:
        row.refresh_from_db()


@pytest.mark.parametrize("keeps_attributes", [True, False])
def test_a_reply_that_may_have_left_is_looked_for_and_sent_once(
    chatwoot: FakeChatwoot, there: Connection, door: Send, cast: Cast, keeps_attributes: bool
) -> None:
    chatwoot.keeps_attributes = keeps_attributes
    talk = chatwoot.customer_writes("Hello?")
    for number in range(30):  # more than a page of messages
        chatwoot.agent_writes(talk, f"Earlier {number}", 9, created_at=chatwoot.now() - 3600)
    hear(chatwoot, there, door)
    chatwoot.will(Fault(ending="close", on="POST", done=True), Fault(ending="close", on="POST"))
    lost, never = (a_reply(conversation=ours(), person=cast.ines, text=words) for words in ("Lost", "Never"))
    run_tasks()
    for row in (lost, never):
        row.refresh_from_db()
        assert row.state == "unknown"
    chatwoot.will(Fault(503, on="GET"))
    assert CRM.arrived(there, never).result == "unknown"
    assert CRM.arrived(there, never).result == "retry"
    ask_now(lost, never)
    theirs = [one["content"] for one in talk.messages if one["message_type"] == 1]
    assert (theirs.count("Lost"), theirs.count("Never")) == (1, 1)
    there_as = {one["content"]: str(one["id"]) for one in talk.messages}
    assert (lost.state, lost.external_id) == ("sent", there_as["Lost"])
    assert (never.state, never.external_id) == ("sent", there_as["Never"])
    hear(chatwoot, there, door)
    assert [words for _, words in said(ours())][-2:] == ["Lost", "Never"]


def test_a_worker_killed_after_chatwoot_took_it_sends_it_once(
    chatwoot: FakeChatwoot, there: Connection, door: Send, cast: Cast
) -> None:
    talk = chatwoot.customer_writes("Hello?")
    hear(chatwoot, there, door)
    row = a_reply(conversation=ours(), person=cast.ines, text="On its way.")
    handling.add_note(ours(), cast.tomas, "Ask Owen first.")
    note = OutboxMessage.objects.get(type="conversation.changed")
    for one in (row, note):  # it was sent, and the worker died before it could write that down
        CRM.send(there, one, None)
    OutboxMessage.objects.update(state="sending", attempts=1, lease_until=timezone.now() - timedelta(seconds=1))
    assert delivering.release_expired() == []
    hear(chatwoot, there, door)  # the echo of the reply settles it; of the note Chatwoot is asked
    row.refresh_from_db()
    assert row.state == "sent"
    ask_now(row, note)
    assert note.state == "sent"
    assert [one["content"] for one in talk.messages[1:]] == ["On its way.", "Tomas Lind: Ask Owen first."]
    assert sorted(said(ours())[1:]) == [("colleague", "On its way."), ("note", "Ask Owen first.")]


def test_the_same_words_of_somebody_else_are_not_taken_for_ours(
    chatwoot: FakeChatwoot, there: Connection, door: Send, cast: Cast
) -> None:
    chatwoot.keeps_attributes = False
    talk = chatwoot.customer_writes("Hello?")
    chatwoot.agent_writes(talk, "On its way.", 9)
    hear(chatwoot, there, door)
    row = a_reply(conversation=ours(), person=cast.ines, text="On its way.")
    chatwoot.will(Fault(ending="close", on="POST"))
    run_tasks()
    assert CRM.arrived(there, row).result == "retry"


@pytest.mark.parametrize(
    ("fault", "state", "wait"),
    [
        (Fault(401), "dead", 0), (Fault(404), "dead", 0), (Fault(422), "dead", 0),
        (Fault(429, retry_after="900"), "retry", 899), (Fault(500), "unknown", 0),
        (Fault(ending="close"), "unknown", 0),
    ],
)  # fmt: skip
def test_each_way_to_fail_means_one_thing(
    chatwoot: FakeChatwoot, there: Connection, cast: Cast, fault: Fault, state: str, wait: float
) -> None:
    chatwoot.customer_writes("Hello?")
    made = a_conversation(team=cast.support, contact=cast.sigrid, connection=there, external_id="1")
    row = a_reply(conversation=made, person=cast.ines, channel="chat")
    handling.resolve(made, cast.ines)
    chatwoot.will(fault, fault)
    run_tasks()
    row.refresh_from_db()
    assert row.state == state
    assert (row.due_at - timezone.now()).total_seconds() > wait or not wait
    change = OutboxMessage.objects.get(type="conversation.changed")
    assert change.state == ("retry" if state == "unknown" else state)  # it may be set again
    end_waits()
    run_tasks()
    chatwoot.will(fault)
    with pytest.raises(CrmError) as caught:
        CRM.agents(there)
    assert caught.value.permanent == (state == "dead")
    assert (caught.value.retry_after or 0) >= wait


def test_what_chatwoot_cannot_carry_is_not_sent_in_part(
    chatwoot: FakeChatwoot, there: Connection, cast: Cast
) -> None:
    made = a_conversation(team=cast.support, contact=cast.sigrid, connection=there, external_id="1")
    other = a_conversation(
        team=cast.support, contact=cast.sigrid, connection=a_connection(team=cast.support), external_id="2"
    )
    chat = a_reply(conversation=made, person=cast.ines, channel="chat", cc=("owen@fjord.example",))
    run_tasks()
    chat.refresh_from_db()
    assert (chat.state, chat.reason) == ("dead", "This channel has no copies, and they were approved.")
    there.hears_team = True
    there.save()
    outbox.announce(other, "conversation.escalated", {"to": "Petra", "by": "x", "reason": "policy"})
    outbox.queue_event(there, "note.accepted", {"conversation": None, "note": {"text": "Before noon."}})
    run_tasks()
    events = list(OutboxMessage.objects.filter(kind="event").values_list("state", flat=True))
    assert events == ["sent", "sent"]  # nowhere to say it, and nothing is wrong
    there.config = {}
    letter = a_letter(conversation=made, person=cast.ines)
    unset = OutboxMessage(type="reply.approved", payload=letter.canonical(), conversation=made)
    assert CRM.send(there, unset, None).result == "dead"
    assert chatwoot.calls == []


@pytest.mark.parametrize("skew", [-240, 240])
def test_the_last_word_counts_wherever_chatwoots_clock_stands(
    skew: int, chatwoot: FakeChatwoot, there: Connection, door: Send, cast: Cast
) -> None:
    """Up to five minutes off; beyond that its signatures are refused, which says so."""
    chatwoot.skew = skew
    with time_machine.travel(timezone.now(), tick=True) as clock:
        talk = chatwoot.customer_writes("Where are the crates?")
        hear(chatwoot, there, door)
        chatwoot.agent_sets(talk, labels=["quay"])
        late, chatwoot.webhooks = chatwoot.webhooks, []
        clock.shift(10)
        handling.label(ours(), ["crates"], cast.ines)
        run_tasks()
        assert talk.labels == ["crates"]

        clock.shift(10)
        chatwoot.webhooks += late  # what was overtaken there comes last
        hear(chatwoot, there, door)
        assert ours().labels == talk.labels == ["crates"]

        chatwoot.agent_sets(talk, labels=["harbour"])
        hear(chatwoot, there, door)
        assert ours().labels == ["harbour"]


# What no webhook told.


def test_a_poll_finds_what_was_lost_by_chatwoots_own_clock(
    chatwoot: FakeChatwoot, there: Connection, door: Send
) -> None:
    chatwoot.page, chatwoot.skew = 2, -7200
    for hours, words in enumerate(("Five", "Four", "Three", "Two", "One"), 20):
        chatwoot.customer_writes(words).last_activity_at -= 3600 * hours
    first = CRM.poll(there, {})
    assert first.deliveries == () and first.cursor is not None
    quiet = CRM.poll(there, first.cursor)
    talk = chatwoot.customer_writes("And six?", 3)
    for number in (1, 2):  # the first is where the clock stood
        chatwoot.agent_writes(chatwoot.talks[number], "Answered", 9)
    chatwoot.agent_sets(talk, labels=["vip"])
    chatwoot.webhooks.clear()

    found, cursor = [], dict(quiet.cursor or {})
    for _ in range(4):
        page = CRM.poll(there, cursor)
        found += page.deliveries
        cursor = dict(page.cursor or {})
        if "page" not in cursor:
            break
    assert {one.key.split(":")[1] for one in found} == {"1", "2", "3"}
    assert len(chatwoot.asked("GET", "/conversations")) == 2 + 2  # the second page has one that is older
    again = CRM.poll(there, cursor)
    assert {one.key for one in again.deliveries} <= {one.key for one in found}  # collapse into one event
    (third,) = (one for one in found if one.key.startswith("read:3:"))
    *heard, state = CRM.parse(third.type, third.body, None)
    assert [fact.text for fact in heard if isinstance(fact, MessageFact)] == ["Three", "And six?"]
    assert isinstance(state, ConversationFact)
    assert (state.labels, state.status) == (("vip",), "open")


def test_history_is_walked_to_its_end_and_goes_on_where_it_stopped(
    chatwoot: FakeChatwoot, there: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    chatwoot.page = 3
    talks = [chatwoot.customer_writes(f"Question {number}") for number in range(7)]
    for number in range(45):
        chatwoot.agent_writes(talks[0], f"Line {number}", 9)
    chatwoot.agent_sets(talks[1], status="resolved")
    monkeypatch.setattr(asking, "BUDGET_SECONDS", -1)  # one conversation a step
    found, cursor = [], {}
    while True:
        page = CRM.history(there, cursor)
        assert page.total == 7
        found += page.deliveries
        if page.cursor is None:
            break
        cursor = json.loads(json.dumps(dict(page.cursor)))
    assert [one.key.split(":")[1] for one in found] == ["7", "6", "5", "4", "3", "2", "1"]
    facts = CRM.parse(found[-1].type, found[-1].body, None)
    assert len([fact for fact in facts if isinstance(fact, MessageFact)]) == 46
    assert CRM.agents(there)[1] == Agent("7", "Ines Duarte", "ines@tern.example")


def test_the_door_refuses_forgeries_and_repeats_change_nothing(
    chatwoot: FakeChatwoot, there: Connection, door: Send
) -> None:
    chatwoot.customer_writes("Hello?")
    told = chatwoot.webhooks.pop()
    forged = door(f"/webhooks/{there.pk}", *signed(told, secret="guessed"))
    assert forged.status_code == 401
    once = signed(told)
    answers = [door(f"/webhooks/{there.pk}", *one).json()["duplicate"] for one in (once, once, signed(told))]
    assert answers == [False, True, False]
    run_tasks()
    assert said(ours()) == [("customer", "Hello?")]
    assert InboxEvent.objects.get(state="ignored").reason == "this message is here already"
