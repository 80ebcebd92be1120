"""A HubSpot account and we, both ways: what happens there arrives here, and what is done here arrives there."""

from django.utils import timezone

from customers.models import Contact, Identity, Record
from interactions import handling, outbox
from interactions.crm.hubspot import HubSpot
from interactions.models import Connection, Conversation, OutboxMessage
from tests.cast import Cast
from tests.factories import a_contact, a_reply
from tests.vendors.hubspot import (
    FakeHubSpot,
    PushingHubSpot,
    ago,
    recorded,
)
from tests.vendors.server import Fault
from tests.work import run_tasks

CRM = HubSpot()


def conversation_of(connection: Connection, id: str = "4711") -> Conversation:
    return Conversation.objects.get(connection=connection, external_id=id)


def last_row() -> OutboxMessage:
    return OutboxMessage.objects.latest("created_at")


def test_a_conversation_worked_half_here_and_half_there_stays_one(
    hubspot_thread: Conversation, from_hubspot: PushingHubSpot, hubspot: FakeHubSpot, cast: Cast
) -> None:
    question = hubspot_thread.messages.get()
    assert (hubspot_thread.channel, hubspot_thread.subject, hubspot_thread.status) == (
        "email",
        "Tracker silent",
        "open",
    )
    assert (question.contact.name, question.contact.email) == ("Sigrid Moe", "sigrid@fjord.example")  # type: ignore[union-attr]
    assert (hubspot_thread.account.name, hubspot_thread.account.fields["city"]) == ("Fjord Shipping", "Bergen")  # type: ignore[union-attr]
    assert question.text.startswith("The tracker on the Aurora") and "<b>Aurora</b>" in question.html
    assert question.cc == ["ola@fjord.example"] and question.attachments[0]["name"] == "tracker.log"

    row = a_reply(
        conversation=hubspot_thread, person=cast.ines, text="It is on its way.", cc=("ola@fjord.example",)
    )
    run_tasks()
    row.refresh_from_db()
    [sent] = hubspot.asked("POST", "/messages")
    assert (row.state, sent.body["senderActorId"], sent.body["text"]) == ("sent", "A-302", "It is on its way.")
    assert (sent.body["channelId"], sent.body["channelAccountId"]) == ("1002", "33301")
    people = sent.body["recipients"]
    assert [(one["recipientField"], one["deliveryIdentifiers"][0]["value"]) for one in people] == [
        ("TO", "sigrid@fjord.example"), ("CC", "ola@fjord.example"),
    ]  # fmt: skip
    assert people[0]["actorId"] == "V-512"

    from_hubspot.accepted(from_hubspot.wrote(row.external_id))  # our own reply, told back
    run_tasks()
    assert hubspot_thread.messages.filter(by="colleague").count() == 1

    waiting = a_reply(conversation=hubspot_thread, person=cast.ines, undo_seconds=30)
    answer = hubspot.answers("4711", "Please hold the button for ten seconds.", timezone.now())
    hubspot.messages["4711"].append(recorded("comment"))
    from_hubspot.accepted(from_hubspot.wrote("m-3"), from_hubspot.wrote(answer))
    run_tasks()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.reason) == ("cancelled", "A colleague answered in the CRM.")
    assert (
        hubspot_thread.messages.get(external_id=answer).person == cast.tomas
    )  # by the address HubSpot knows him under
    assert hubspot_thread.messages.get(by="note").text == "Third silent tracker this month: tell the workshop."

    changed = {"propertyName": "status", "propertyValue": "CLOSED"}
    from_hubspot.accepted(
        from_hubspot.event(
            "conversation.propertyChange", propertyName="assignedTo", propertyValue="A-301", at=ago(1)
        ),
        from_hubspot.event("conversation.propertyChange", at=ago(0.5), **changed),
    )
    run_tasks()
    hubspot_thread.refresh_from_db()
    assert (hubspot_thread.status, hubspot_thread.assignee) == ("resolved", cast.tomas)


def test_what_is_done_with_it_here_is_told_there(
    hubspot_thread: Conversation, from_hubspot: PushingHubSpot, hubspot: FakeHubSpot, cast: Cast
) -> None:
    handling.resolve(hubspot_thread, cast.ines)
    handling.assign(hubspot_thread, cast.ines, cast.ines)
    run_tasks()
    assert (hubspot.threads["4711"]["status"], hubspot.threads["4711"]["assignedTo"]) == ("CLOSED", "A-302")
    handling.assign(hubspot_thread, cast.petra, cast.ines)
    run_tasks()
    assert hubspot.threads["4711"]["assignedTo"] == "A-302"  # Petra is nobody there
    handling.reopen(hubspot_thread, cast.ines)
    handling.assign(hubspot_thread, None, cast.ines)
    before = len(hubspot.calls) + 2
    run_tasks()
    assert (hubspot.threads["4711"]["status"], "assignedTo" in hubspot.threads["4711"]) == ("OPEN", False)
    handling.label(hubspot_thread, ["vip"], cast.ines)
    run_tasks()
    assert len(hubspot.calls) == before  # labels have no place there
    assert (last_row().state, last_row().log.get().answer) == (
        "sent", "HubSpot's threads have no labels; nothing was done.",
    )  # fmt: skip

    handling.add_note(hubspot_thread, cast.ines, "Ask the workshop first.")
    run_tasks()
    [comment] = hubspot.asked("POST", "/messages")
    assert comment.body == {
        "type": "COMMENT", "text": "Ask the workshop first.\n\n— Ines Duarte, Rapport", "attachments": [],
    }  # fmt: skip
    OutboxMessage.objects.update(external_id="")  # its echo was faster than the answer
    from_hubspot.accepted(from_hubspot.wrote(hubspot.messages["4711"][-1]["id"]))
    run_tasks()
    assert hubspot_thread.messages.filter(by="note").count() == 1


def test_notes_and_promises_go_to_the_thread_or_else_to_the_contact(
    hubspot_thread: Conversation, hubspot: FakeHubSpot, cast: Cast
) -> None:
    account, contact = hubspot_thread.account, hubspot_thread.contact
    assert account and contact
    outbox.announce_about(account, contact, "note.accepted", {"note": {"text": "Prefers a call."}}, cast.karim)
    escalated = {"to": "Petra Novak", "by": "ines@tern.example", "reason": "policy", "question": "May we?"}
    outbox.announce(hubspot_thread, "conversation.escalated", escalated, cast.ines)
    run_tasks()
    assert [one.body["text"] for one in hubspot.asked("POST", "/messages")] == [
        "Noted: Prefers a call.\n\n— Karim Haddad, Rapport",
        "Handed to Petra Novak. May we?\n\n— Ines Duarte, Rapport",
    ]
    promise = {"promise": {"text": "Credit <50 EUR>", "due_at": "2025-12-01T09:00:00Z"}}
    ola = a_contact(name="Ola Vik", account=account)  # HubSpot knows his company, and the thread is not his
    outbox.announce_about(account, ola, "promise.made", promise, cast.karim)
    run_tasks()
    Conversation.objects.update(connection=None)
    outbox.announce_about(account, contact, "promise.made", promise, cast.karim)
    run_tasks()
    of_firm, of_sigrid = hubspot.notes
    links = [(one["to"]["id"], one["types"][0]["associationTypeId"]) for one in of_firm["associations"]]
    assert links == [("9001", 190)]
    assert of_sigrid["associations"][0]["to"] == {"id": "512"}
    words = "Promised: Credit &lt;50 EUR&gt; Due 2025-12-01.<br><br>— Karim Haddad, Rapport"
    assert of_sigrid["properties"]["hs_note_body"] == words
    assert not OutboxMessage.objects.exclude(state="sent").exists()


def test_a_note_that_a_thread_refuses_goes_to_the_contact(
    hubspot_thread: Conversation, hubspot: FakeHubSpot, cast: Cast
) -> None:
    hubspot.will(Fault(400, on="POST "))  # as help desk threads answer to the comments of an app
    handling.add_note(hubspot_thread, cast.ines, "Ask the workshop first.")
    run_tasks()
    assert hubspot.notes[0]["properties"]["hs_note_body"].startswith("Ask the workshop first.")


def test_contacts_companies_and_deals_are_taken_over(
    from_hubspot: PushingHubSpot, at_hubspot: Connection, hubspot: FakeHubSpot
) -> None:
    at_hubspot.field_rules.create(kind="contact", source="vat_number", target="fields.vat")
    told = [one for one in recorded("events") if not one["subscriptionType"].startswith("conversation")]
    from_hubspot.accepted(
        *[one for one in reversed(told) if one["subscriptionType"] != "contact.privacyDeletion"]
    )
    run_tasks()
    contact = Contact.objects.get(email="sigrid@fjord.example", identities__source=at_hubspot.pk)
    assert (contact.title, contact.account.name) == ("Head of Logistics", "Fjord Shipping")  # type: ignore[union-attr]
    deal, ticket = Record.objects.order_by("kind")
    assert (deal.kind, deal.title, deal.status, deal.contact) == (
        "deal", "Container tracking, 40 vessels", "contractsent", contact,
    )  # fmt: skip
    assert (ticket.status, ticket.account, deal.fields["amount"]) == ("2", contact.account, "48000")
    wanted = {one.path: one.params["properties"] for one in hubspot.calls if "properties" in one.params}
    assert wanted["/crm/v3/objects/contacts/512"].endswith(",vat_number")
    from_hubspot.accepted(from_hubspot.event("deal.deletion", 7001))
    run_tasks()
    deal.refresh_from_db()
    assert (deal.status, deal.title) == ("deleted", "Container tracking, 40 vessels")
    assert hubspot.asked("GET", "/deals/7001")[-1].params["archived"] == "true"


def test_a_privacy_deletion_erases_here(
    hubspot_thread: Conversation, from_hubspot: PushingHubSpot, hubspot: FakeHubSpot
) -> None:
    contact = hubspot_thread.contact
    calls = len(hubspot.calls)
    from_hubspot.accepted(
        from_hubspot.event("contact.privacyDeletion", 512), from_hubspot.event("contact.privacyDeletion", 999)
    )
    run_tasks()
    assert contact is not None and not Contact.objects.filter(pk=contact.pk).exists()
    assert not Identity.objects.filter(kind="contact", external_id="512").exists()
    assert from_hubspot.states()[1:] == [
        ("contact.privacyDeletion", "applied"),
        ("contact.privacyDeletion", "ignored"),
    ]
    assert len(hubspot.calls) == calls  # there is nothing left to ask for


def test_whoever_writes_from_another_address_is_not_taken_for_the_contact(
    hubspot_thread: Conversation, from_hubspot: PushingHubSpot, hubspot: FakeHubSpot
) -> None:
    other = {
        "deliveryIdentifier": {"type": "HS_EMAIL_ADDRESS", "value": "Mallory@evil.example"},
        "name": "Sigrid Moe",
    }
    spoofed = hubspot.says("4711", "Send the codes to me.", ago(2), senders=[other])
    known = hubspot.says("4711", "Me again.", ago(1), senders=[{**other, "actorId": "V-600"}])
    from_hubspot.accepted(from_hubspot.wrote(spoofed), from_hubspot.wrote(known))
    run_tasks()
    writers = [hubspot_thread.messages.get(external_id=one).contact for one in (spoofed, known)]
    assert hubspot_thread.contact not in writers and writers[0] != writers[1]
    assert [one.account for one in writers if one] == [None, None]


def test_a_visitor_in_a_chat_is_answered_where_they_wrote(
    from_hubspot: PushingHubSpot, hubspot: FakeHubSpot, cast: Cast
) -> None:
    visitor = {
        "actorId": "V-77", "name": "Guest",
        "deliveryIdentifier": {"type": "CHANNEL_SPECIFIC_OPAQUE_ID", "value": "chat-9"},
    }  # fmt: skip
    hubspot.thread("5000", ago(30), "")
    hubspot.threads["5000"] |= {"associatedContactId": "77", "originalChannelId": "1000"}
    chat = {"senders": [visitor], "recipients": [], "channelId": "1000", "subject": None, "attachments": None}
    long = hubspot.says("5000", "Is anyb…", ago(29), truncationStatus="TRUNCATED", **chat)
    hubspot.originals[long] = {"text": "Is anybody there?", "richText": ""}
    greeting = hubspot.answers("5000", "Hi, I am a bot.", ago(28), senders=[{"actorId": "B-3"}])
    from_hubspot.accepted(from_hubspot.wrote(long, "5000"), from_hubspot.wrote(greeting, "5000"))
    run_tasks()
    conversation = conversation_of(from_hubspot.connection, "5000")
    assert (conversation.channel, conversation.messages.get().text) == ("chat", "Is anybody there?")
    assert conversation.messages.get().contact.name == "Guest"  # type: ignore[union-attr]
    hubspot.messages["5000"].pop()
    Connection.objects.update(config={**from_hubspot.connection.config, "sender": "301"})
    row = a_reply(conversation=conversation, person=cast.petra, to=())
    run_tasks()
    row.refresh_from_db()
    [sent] = hubspot.asked("POST", "/messages")
    assert (row.state, sent.body["senderActorId"]) == ("sent", "A-301")
    assert sent.body["recipients"] == [
        {"actorId": "V-77", "name": "Guest", "recipientField": "TO",
         "deliveryIdentifiers": [visitor["deliveryIdentifier"]]},
    ]  # fmt: skip
    assert "subject" not in sent.body


def test_an_archived_thread_is_over_and_spam_is_not_read(
    hubspot_thread: Conversation, from_hubspot: PushingHubSpot, hubspot: FakeHubSpot
) -> None:
    hubspot.thread("4900", ago(3), "You have won.")
    hubspot.threads["4900"]["spam"] = True
    from_hubspot.accepted(from_hubspot.wrote(hubspot.messages["4900"][0]["id"], "4900"))
    hubspot.threads["4711"]["archived"] = True
    archived = {"propertyName": "isArchived", "propertyValue": "true"}
    from_hubspot.accepted(from_hubspot.event("conversation.propertyChange", **archived))
    run_tasks()
    assert [state for _, state in from_hubspot.states()] == ["applied", "ignored", "applied"]
    hubspot_thread.refresh_from_db()
    assert (hubspot_thread.status, Conversation.objects.count()) == ("resolved", 1)
