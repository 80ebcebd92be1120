"""A conversation worked half here and half in Zendesk stays one truth on both sides."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models.functions import Now
from django.utils import timezone

from copilot.models import Draft
from customers.models import Contact
from interactions import asking, connecting, files, handling, outbox
from interactions.crm import post
from interactions.crm.base import (
    Agent,
    ConversationFact,
    CrmError,
    MessageFact,
)
from interactions.crm.registry import crm_for
from interactions.letter import Attached
from interactions.models import Connection, InboxEvent, OutboxMessage
from tests.cast import Cast
from tests.factories import a_conversation, a_reply
from tests.vendors import zendesk as vendor
from tests.vendors.server import Fault
from tests.vendors.zendesk import FJORD, INES, OWEN, SIGRID, TOMAS, raw, recorded
from tests.vendors.zendesk_desk import Desk
from tests.work import end_waits, run_tasks

ZENDESK = crm_for("zendesk")
OURS = "Yes, it is on its way."


def test_a_conversation_worked_on_both_sides_stays_one_truth(desk: Desk, cast: Cast) -> None:
    fake = desk.fake
    number, conversation = desk.asked()
    contact = Contact.objects.get(identities__source=desk.connection.pk)
    assert (conversation.contact, contact.email, contact.fields) == (
        contact, "sigrid@fjord.example", {"shoe_size": "38"},
    )  # fmt: skip
    assert conversation.account and conversation.account.name == "Fjord Shipping"
    assert conversation.account.fields == {"plan": "gold"}
    assert (conversation.subject, conversation.status, conversation.channel) == (
        "Where is it?",
        "open",
        "email",
    )

    # Approved here: it arrives there once, as the mapped agent, and its echo creates nothing.
    row = a_reply(conversation=conversation, person=cast.ines, cc=("lars@fjord.example",))
    desk.work()
    row.refresh_from_db()
    assert row.state == "sent" and row.external_id
    assert fake.comments(number) == [(SIGRID, "Where is my order?", True), (INES, OURS, True)]
    assert fake.asked("PUT")[0].body["ticket"]["email_ccs"] == [
        {"user_email": "lars@fjord.example", "action": "put"}
    ]
    assert {one.state for one in desk.tell()} == {"ignored"}
    assert desk.words(number) == [("customer", "Where is my order?"), ("colleague", OURS)]

    # Answered there: the draft here is closed, and a reply in its undo time is taken back.
    fake.says(number, "And the invoice?")
    desk.tell()
    waiting = a_reply(conversation=conversation, person=cast.ines, undo_seconds=30)
    assert Draft.objects.filter(conversation=conversation, state__in=Draft.OPEN).count() == 1
    fake.says(number, "You find it attached.", by=TOMAS)
    desk.tell()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "A colleague answered in the CRM.")
    assert not Draft.objects.filter(conversation=conversation, state__in=Draft.OPEN).exists()
    assert conversation.messages.get(text="You find it attached.").person == cast.tomas

    # Solved, assigned and tagged there.
    fake.does(number, status="solved", assignee_id=TOMAS, tags=["invoice"])
    desk.tell()
    conversation.refresh_from_db()
    standing = (conversation.status, conversation.assignee, conversation.labels)
    assert standing == ("resolved", cast.tomas, ["invoice"])

    # Opened again, taken and tagged here, and read back there; the echo of it is no news.
    handling.reopen(conversation, cast.ines)
    handling.assign(conversation, cast.ines, cast.ines)
    handling.label(conversation, ["Big customer", "invoice"], cast.ines)
    handling.add_note(conversation, cast.ines, "Call them on Monday.")
    desk.work()
    ticket = fake.tickets[number]
    assert (ticket["status"], ticket["assignee_id"], ticket["tags"]) == (
        "open", INES, ["big_customer", "invoice"],
    )  # fmt: skip
    assert fake.comments(number)[-1] == (INES, "Call them on Monday.", False)
    assert {one.state for one in desk.tell()} == {"ignored"}
    assert [one for one in desk.words(number) if one[0] == "note"] == [("note", "Call them on Monday.")]

    # Closed here; a colleague's own note there stays a note, and the customer's rating comes with it.
    handling.resolve(conversation, cast.ines)
    desk.work()
    assert fake.tickets[number]["status"] == "solved"
    fake.says(number, "Nice people.", by=TOMAS, public=False)
    fake.rates(number, "good", "Quick.")
    desk.tell()
    assert desk.words(number)[-1] == ("note", "Nice people.")
    conversation.refresh_from_db()
    assert (conversation.status, conversation.rating, conversation.rating_comment) == ("resolved", 5, "Quick.")

    # Whoever reads all of it again finds nothing that differs.
    facts = ZENDESK.read(desk.connection, str(number))
    assert [fact.text for fact in facts if isinstance(fact, MessageFact)] == [
        words for _, words, _ in fake.comments(number)
    ]
    assert not [fact for fact in facts if isinstance(fact, ConversationFact) and fact.status]


def asked_about(row: OutboxMessage) -> tuple[str, str]:
    """Let the time to ask come, ask, and tell the row's state and Zendesk's id of it."""
    OutboxMessage.objects.filter(pk=row.pk, lease_until__isnull=False).update(lease_until=Now())
    for pk in asking.due_questions(10):
        asking.ask_arrived(pk)
    row.refresh_from_db()
    return row.state, row.external_id


def test_a_reply_that_was_taken_and_not_confirmed_is_found_and_not_sent_twice(desk: Desk, cast: Cast) -> None:
    fake, (number, conversation) = desk.fake, desk.asked()
    told = [f"{OURS} By echo.", f"{OURS} By asking.", f"{OURS} Lost on the way."]
    rows = []
    for text in told:
        fake.will(Fault(ending="close", on="PUT", done=text != told[-1]))
        rows.append(a_reply(conversation=conversation, person=cast.ines, text=text))
        desk.work()
        rows[-1].refresh_from_db()
        assert rows[-1].state == "unknown"
        if text == told[0]:  # its echo tells before anybody asks
            assert {one.state for one in desk.tell()} == {"ignored"}
        fake.events.clear()
    comments = [audit["events"][0]["id"] for audit in fake.audits[number]]
    rows[0].refresh_from_db()
    assert (rows[0].state, rows[0].external_id) == ("sent", str(comments[1]))
    fake.will(Fault(503))
    assert asked_about(rows[1])[0] == "unknown", "while Zendesk is away nobody knows"
    assert asked_about(rows[1]) == ("sent", str(comments[2]))
    assert asked_about(rows[2])[0] == "retry"
    end_waits()
    desk.work()
    desk.tell()
    assert [words for _, words, _ in fake.comments(number)][1:] == told
    assert sorted(words for by, words in desk.words(number) if by == "colleague") == sorted(told)


OUT = [
    (Fault(401), "dead", ""),
    (Fault(404), "dead", ""),
    (Fault(422, body={"description": "Status: closed prevents ticket update"}), "dead", "closed prevents"),
    (Fault(429, retry_after="700"), "retry", "The receiver answered 429."),
    (Fault(503), "unknown", ""),
    (Fault(ending="close"), "unknown", "did not answer"),
    (Fault(ending="hang"), "unknown", "did not answer (ReadTimeout)"),
]
IN = [
    (Fault(401), "dead", "the CRM answered 401"),
    (Fault(404), "dead", "the CRM answered 404"),
    (Fault(422), "dead", "the CRM answered 422"),
    (Fault(429, retry_after="700"), "retry", "the CRM answered 429"),
    (Fault(503), "retry", "the CRM answered 503"),
    (Fault(ending="close"), "retry", "the CRM did not answer"),
    (Fault(ending="hang"), "retry", "the CRM did not answer (ReadTimeout)"),
]


def test_each_error_is_taken_for_what_it_is(desk: Desk, cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    _, conversation = desk.asked()
    for fault, state, reason in OUT:
        monkeypatch.setattr(post, "TIMEOUT_SECONDS", 0.3 if fault.ending == "hang" else 5)
        desk.fake.will(fault)
        Connection.objects.update(failures=0, rests_until=None)  # it is not to rest
        row = a_reply(conversation=conversation, person=cast.ines)
        run_tasks()
        row.refresh_from_db()
        assert (row.state, reason in row.reason) == (state, True), (fault, row.reason)
        if fault.retry_after:
            assert row.due_at > row.created_at + timedelta(seconds=690)
            OutboxMessage.objects.filter(pk=row.pk).update(state="cancelled")
    for fault, state, reason in IN:
        desk.fake.will(fault)
        desk.fake.says(int(conversation.external_id), "Hello?")
        [event] = desk.tell()
        assert (event.state, event.reason.startswith(reason)) == (state, True), (fault, event.reason)
        assert not fault.retry_after or event.due_at > event.received_at + timedelta(seconds=690)


def test_what_zendesk_cannot_carry_is_refused_with_what_to_do_next(desk: Desk, cast: Cast) -> None:
    number, conversation = desk.asked()
    blind = a_reply(conversation=conversation, person=cast.ines, bcc=("boss@tern.example",))
    file = a_reply(conversation=conversation, person=cast.ines, attachments=(Attached("terms.pdf", "0" * 64),))
    foreign = a_conversation(team=cast.support, external_id=str(number))
    told = OutboxMessage.objects.create(
        kind="event", type="conversation.escalated", connection=desk.connection, conversation=foreign,
        due_at=timezone.now() - timedelta(hours=1), payload=raw({"conversation": {"id": str(number)}}),
    )  # fmt: skip
    run_tasks()
    gone = "terms.pdf is not kept"
    for row, words in ((blind, "a blind copy"), (file, gone), (told, "no ticket of this Zendesk")):
        row.refresh_from_db()
        assert row.state == "dead" and words in row.reason
    assert not desk.fake.asked("PUT")


def test_files_are_uploaded_and_taken_up_by_the_comment(desk: Desk, cast: Cast) -> None:
    _, conversation = desk.asked()
    kept = files.add(
        conversation, SimpleUploadedFile("terms & more.pdf", b"%PDF", "application/pdf"), cast.ines
    )
    a_reply(conversation=conversation, person=cast.ines, attachments=(Attached(kept.name, kept.sha256),))
    desk.fake.will(Fault(503, on="/uploads"))
    run_tasks()
    end_waits()
    run_tasks()
    assert desk.fake.uploads == {"up-0": ("terms & more.pdf", b"%PDF")}
    [put] = desk.fake.asked("PUT")
    assert put.body["ticket"]["comment"]["uploads"] == ["up-0"]
    assert OutboxMessage.objects.get(kind="reply").state == "sent"


def test_what_happened_within_one_second_is_in_its_order(desk: Desk) -> None:
    fake = desk.fake
    by_phone, answered = fake.asks("About an invoice.", status="solved"), fake.asks("Do you open at nine?")
    fake.says(answered, "We can.", by=TOMAS)
    fake.does(answered, status="solved")
    again = fake.asks("And at eight?", status="solved")
    fake.says(again, "I meant on Sunday.")
    desk.tell()
    assert [desk.conversation(one).status[0] for one in (by_phone, answered, again)] == ["r", "r", "o"]


def test_the_newest_word_wins_even_when_its_news_is_late(desk: Desk, cast: Cast) -> None:
    fake, (number, conversation) = desk.fake, desk.asked()
    handling.resolve(conversation, cast.ines)
    desk.clock.shift(10)
    fake.says(number, "Wait, one more thing!")
    run_tasks()
    row = OutboxMessage.objects.get(type="conversation.changed")
    assert (row.state, row.reason) == ("cancelled", "Somebody has changed it in Zendesk since.")
    assert fake.tickets[number]["status"] == "new"
    desk.tell()
    conversation.refresh_from_db()
    assert conversation.status == "open"

    # A change between our look and our word is looked at again; nobody assigned: who solves it has it.
    fake.will(Fault(409, on="PUT"))
    handling.resolve(conversation, cast.ines)
    desk.work()
    row = OutboxMessage.objects.filter(type="conversation.changed").latest("created_at")
    assert (row.state, row.reason) == ("retry", "The receiver answered 409.")
    end_waits()
    desk.work()
    assert (fake.tickets[number]["status"], fake.tickets[number]["assignee_id"]) == ("solved", INES)

    # A snooze is ours alone.
    handling.snooze(conversation, timezone.now() + timedelta(days=1), cast.ines)
    desk.work()
    assert fake.tickets[number]["status"] == "solved"


def test_who_is_not_mapped_is_named_in_words_and_by_address(desk: Desk, cast: Cast) -> None:
    number, conversation = desk.asked()
    handling.add_note(conversation, cast.petra, "A note of the lead.")
    handling.assign(conversation, cast.petra, cast.petra)
    run_tasks()
    assert desk.fake.comments(number)[-1][1:] == ("Petra Novak: A note of the lead.", False)
    assert desk.fake.asked("PUT")[-1].body["ticket"]["assignee_email"] == "petra@tern.example"
    handling.assign(conversation, None, cast.petra)
    run_tasks()
    assert desk.fake.asked("PUT")[-1].body["ticket"]["assignee_id"] is None


def test_users_and_organizations_are_kept_and_colleagues_are_no_contacts(desk: Desk) -> None:
    fake = desk.fake
    for kind, number, type in (
        ("user", OWEN, "user.created"),
        ("user", TOMAS, "user.created"),
        ("organization", FJORD, "organization.custom_field_changed"),
        ("user", OWEN, "user.photo_changed"),
        ("user", 599, "user.name_changed"),
    ):
        fake.events.append(vendor.told(kind, number, type, {"id": str(number)}, {}))
    states = [(one.type, one.state) for one in desk.tell()]
    assert states == [
        ("user.created", "applied"), ("user.created", "ignored"),
        ("organization.custom_field_changed", "applied"), ("user.photo_changed", "ignored"),
        ("user.name_changed", "dead"),
    ]  # fmt: skip
    assert Contact.objects.filter(identities__source=desk.connection.pk).get().name == "Owen Pryce"


def test_the_poll_tells_what_no_webhook_told_and_goes_on_where_it_was(desk: Desk) -> None:
    fake = desk.fake
    old = fake.asks("Long ago")
    desk.clock.shift(400)
    page = ZENDESK.poll(desk.connection, {})
    assert page.deliveries == [] and page.cursor
    number = fake.asks("No webhook for me")
    for n in range(3):
        fake.asks(f"Question {n}")
    fake.events.clear()
    found: list[Any] = []
    for _ in range(2):  # pages of two
        page = ZENDESK.poll(desk.connection, json.loads(json.dumps(page.cursor)))
        found += page.deliveries
    assert len({one.key for one in found}) == 4
    [seen] = [one for one in found if f"-{number}-" in one.key]
    fetched = ZENDESK.fetch(desk.connection, seen.type, seen.body)
    [said, *_] = ZENDESK.parse(seen.type, seen.body, fetched)
    assert isinstance(said, MessageFact) and (said.text, said.conversation) == (
        "No webhook for me",
        str(number),
    )
    assert page.cursor and ZENDESK.poll(desk.connection, page.cursor).deliveries == []
    assert not [one for one in found if f"-{old}-" in one.key]


def test_history_comes_whole_page_by_page_and_again_where_it_broke_off(desk: Desk) -> None:
    fake = desk.fake
    numbers = [fake.asks(f"Question {n}") for n in range(3)]
    fake.asks("Thrown away", status="deleted")
    fake.says(numbers[0], "An old answer", by=TOMAS)
    first = ZENDESK.history(desk.connection, {})
    assert first.total == 4 and first.cursor
    fake.will(Fault(429, retry_after="30", on=f"/tickets/{numbers[2]}/audits"))
    with pytest.raises(CrmError) as stopped:
        desk.history_from(first.cursor)
    assert (stopped.value.permanent, stopped.value.retry_after) == (False, 30)
    rest = desk.history_from(first.cursor)
    told = {one.key: one for one in (*first.deliveries, *rest)}
    assert len(told) == 3
    calls = len(fake.calls)
    facts = [fact for one in told.values() for fact in ZENDESK.parse(one.type, one.body, None)]
    assert {one.text for one in facts if isinstance(one, MessageFact)} == {
        "Question 0", "Question 1", "Question 2", "An old answer",
    }  # fmt: skip
    assert all(ZENDESK.fetch(desk.connection, one.type, one.body) is None for one in told.values())
    assert len(fake.calls) == calls, "what was told whole is not asked for again"


def test_an_admin_tries_it_out_without_a_call_to_zendesk(desk: Desk, cast: Cast) -> None:
    tried = connecting.try_event(desk.connection, cast.ada)
    said = next(fact for fact in tried.facts if isinstance(fact, MessageFact))
    assert (tried.problem, tried.type, said.text) == ("", "ticket.created", "Hello, this is a test.")
    assert not desk.fake.calls and not InboxEvent.objects.exists()


def test_notes_promises_and_escalations_become_private_comments(desk: Desk, cast: Cast) -> None:
    number, conversation = desk.asked()
    for type, data in (
        ("note.accepted", {"note": {"text": "Prefers mornings."}}),
        ("promise.made", {"promise": {"text": "A call.", "due_at": "2026-11-24T09:00:00+00:00"}}),
        ("conversation.escalated", {"to": "Petra Novak", "by": "ines@tern.example", "question": "By express?"}),
    ):
        outbox.queue_event(desk.connection, type, data, conversation=conversation, person=cast.ines)
    outbox.queue_event(desk.connection, "note.accepted", {"note": {"text": "Of no ticket."}}, person=cast.ines)
    run_tasks()
    assert desk.fake.comments(number)[1:] == [
        (INES, "Noted: Prefers mornings.", False), (INES, "Promised: A call. (due 2026-11-24)", False),
        (INES, "Escalated to Petra Novak by ines@tern.example.\n\nBy express?", False),
    ]  # fmt: skip
    assert "no ticket of this Zendesk" in OutboxMessage.objects.get(state="dead").reason
    assert {one.state for one in desk.tell()} == {"ignored"}


def test_its_agents_and_a_wrong_setting(desk: Desk) -> None:
    assert ZENDESK.agents(desk.connection) == [
        Agent("901", "Ines Duarte", "ines@tern.example"), Agent("902", "Tomas Lind", "tomas@tern.example"),
    ]  # fmt: skip
    desk.connection.set_credentials({"api_token": "an old one"})
    with pytest.raises(CrmError, match="answered 401"):
        ZENDESK.agents(desk.connection)
    for wrong in ("", "tern.evil.example/#", "a b"):
        desk.connection.config["subdomain"] = wrong
        with pytest.raises(CrmError, match="subdomain"):
            ZENDESK.agents(desk.connection)


def test_the_door_keeps_what_makes_no_sense_and_turns_away_what_is_not_proven(desk: Desk) -> None:
    door = f"/webhooks/{desk.connection.pk}"
    for body in (
        b"{",
        b"[]",
        raw({"id": "1", "type": "ticket"}),
        raw({"id": 7, "type": "zen:event-type:user.x"}),
    ):
        answer = desk.client.post(door, body, content_type="application/json", headers=vendor.sign(body))
        assert answer.status_code == 400
    body = raw(recorded("comment_added"))
    for _ in range(2):
        answer = desk.client.post(door, body, content_type="application/json", headers=vendor.sign(body))
        assert answer.status_code == 202
    assert InboxEvent.objects.filter(type="ticket.comment_added").count() == 1, "a retry is the same event"
    wrong = vendor.sign(body, secret="another")
    assert desk.client.post(door, body, content_type="application/json", headers=wrong).status_code == 401
