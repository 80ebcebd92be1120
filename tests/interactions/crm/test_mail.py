"""Plain mail: whom a mail is from, which conversation it joins, and that nobody gets in by a false name."""

from email import message_from_bytes
from email.message import Message as Mail
from pathlib import Path

import pytest
from django.db.models.functions import Now
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from copilot.context.build import build_context
from copilot.models import Draft, Signal
from customers.facts import RecordFact
from customers.models import Contact
from customers.upsert import upsert_record
from interactions.models import Connection, Conversation, InboxEvent, Message, OutboxMessage
from tests.cast import Cast
from tests.factories import a_reply
from tests.vendors.letters import Post, a_mail, connection, fixture, post, texts
from tests.work import run_tasks

__all__ = ["connection", "post"]

pytestmark = pytest.mark.django_db

# --- conversations -------------------------------------------------------------------------------------


def test_a_thread_is_one_conversation_in_whatever_order_it_comes(post: Post, cast: Cast) -> None:
    first = a_mail("one", id="<t1@x>", minutes=50)
    second = a_mail("two", id="<t2@x>", answers="<t1@x>", minutes=40)
    third = a_mail("three", id="<t3@x>", answers="<t1@x> <t2@x>", minutes=30, Cc="boss@fjord.example")
    boss = a_mail("and me", id="<t4@x>", answers="<t3@x>", minutes=20, sender="boss@fjord.example")
    for mail in (second, first, third, second, boss):
        post.raw(mail)
    conversation = Conversation.objects.get()
    assert [text for _, text in texts(conversation)] == ["one", "two", "three", "and me"]
    assert conversation.contact and conversation.contact.email == "sigrid@fjord.example"
    post.raw(a_mail("something else", id="<t5@x>"))
    assert Conversation.objects.count() == 2


def a_known_customer(post: Post, connection: Connection) -> tuple[Conversation, Contact]:
    """Sigrid wrote, and the CRM's records of her order are known under her address."""
    post.raw(a_mail("Where is my order?", id="<k1@fjord.example>", minutes=60))
    conversation = Conversation.objects.get()
    upsert_record(connection.pk, RecordFact(
        external_id="o-1", kind="order", title="Order 4711", status="paid", fields={"total": "900"}, account="",
        contact="sigrid@fjord.example", occurred_at=None, changed_at=timezone.now(),
    ))  # fmt: skip
    assert conversation.contact
    return conversation, conversation.contact


def test_a_stranger_who_names_the_thread_joins_nothing(post: Post, connection: Connection) -> None:
    known, sigrid = a_known_customer(post, connection)
    for sender in ("Sigrid Moe <mallory@evil.example>", '"sigrid@fjord.example" <mallory@evil.example>'):
        post.raw(a_mail("Send me the invoice.", sender=sender, answers="<k1@fjord.example>"))
    assert [text for _, text in texts(known)] == ["Where is my order?"]
    other = Conversation.objects.exclude(pk=known.pk).get()
    assert other.messages.count() == 2
    assert other.contact and other.contact != sigrid
    assert other.contact.email == "mallory@evil.example"


@pytest.mark.parametrize(
    ("verdict", "proven"),
    [
        ("mx.tern.example; dmarc=fail (p=reject) header.from=fjord.example", False),
        ("mx.tern.example; spf=fail smtp.mailfrom=x; dkim=fail reason=bad", False),
        ("mx.tern.example; dkim=pass; spf=fail; dmarc=pass", True),
        ("mx.tern.example; spf=fail; dkim=none", True),
        ("mx.evil.example; dmarc=fail", True),
    ],
)
def test_a_sender_whose_proof_failed_gets_no_history(
    post: Post, connection: Connection, cast: Cast, client: Client, verdict: str, proven: bool
) -> None:
    known, sigrid = a_known_customer(post, connection)
    post.raw(
        a_mail("Repeat my order.", answers="<k1@fjord.example>", Authentication_Results=verdict)
        + b"\r\nAuthentication-Results: mx.tern.example; dmarc=fail"
    )
    message = Message.objects.get(text__startswith="Repeat my order.")
    assert message.unproven is not proven
    assert (message.conversation == known) is proven
    assert (message.contact == sigrid) is proven
    draft = Draft.objects.get(conversation=message.conversation)
    shown = {item.title for item in build_context(draft).items if item.kind == "record"}
    assert shown == ({"Order 4711"} if proven else set())
    client.force_login(cast.ines)
    page = client.get(reverse("conversation", args=[message.conversation_id])).content.decode()
    assert ("The sender is not proven" in page) is not proven
    if not proven:
        post.raw(a_mail("I never wrote that.", answers=message.external_id))
        assert texts(message.conversation) == [("customer", message.text)], "its thread is nobody's"


def test_machines_open_no_draft_and_bounces_name_nobody(post: Post) -> None:
    post.raw(fixture("bounce.eml"))
    post.raw(a_mail("Buy!", sender="news@shop.example", List_Unsubscribe="<mailto:x@shop.example>"))
    post.raw(a_mail("I am away.", sender="owen@bright.example", Auto_Submitted="auto-replied"))
    assert list(Message.objects.order_by("pk").values_list("automatic", flat=True)) == [
        "bounce", "newsletter", "auto_reply",
    ]  # fmt: skip
    assert not Draft.objects.exists()


# --- colleagues, and ourselves -------------------------------------------------------------------------


@pytest.fixture
def mails(settings: Settings) -> Path:
    """A letter box of files."""
    folder: Path = settings.VAR_DIR / "mail"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    options = {"file_path": str(folder)}
    backend = "interactions.channels.mail_files.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": options}}
    return folder


def left(mails: Path) -> list[bytes]:
    """Every mail, the oldest first."""
    return [file.read_bytes().partition(b"\n" + b"-" * 79)[0] for file in sorted(mails.iterdir())]


def test_a_colleagues_answer_from_their_mail_program_settles_the_draft(post: Post, cast: Cast) -> None:
    post.raw(a_mail("Where is it?", id="<c1@fjord.example>"))
    conversation = Conversation.objects.get()
    Draft.objects.filter(conversation=conversation).update(state="ready", text="It is late.", ready_at=Now())
    ines = {
        "sender": "Ines Duarte <ines@tern.example>",
        "to": "sigrid@fjord.example",
        "Cc": "support@tern.example",
    }
    post.raw(
        a_mail("I am away.", answers="<c1@fjord.example>", minutes=9, Auto_Submitted="auto-replied", **ines)
    )
    assert conversation.messages.count() == 1
    forged = "mx.tern.example; dmarc=fail"
    post.raw(a_mail("No.", answers="<c1@fjord.example>", minutes=8, Authentication_Results=forged, **ines))
    assert conversation.messages.count() == 1, "whoever that was, it was not Ines"
    post.raw(a_mail("On Monday.", id="<c2@tern.example>", answers="<c1@fjord.example>", minutes=5, **ines))
    assert texts(conversation) == [("customer", "Where is it?"), ("colleague", "On Monday.")]
    assert conversation.messages.get(by="colleague").person == cast.ines
    assert Draft.objects.get(conversation=conversation).state == "answered_elsewhere"
    assert Signal.objects.filter(conversation=conversation).exists()
    post.raw(a_mail("Thanks.", answers="<c1@fjord.example> <c2@tern.example>", minutes=2))
    assert len(texts(conversation)) == 3


def test_a_colleague_begins_a_conversation_or_passes_one_on(post: Post, cast: Cast) -> None:
    ines = "Ines Duarte <ines@tern.example>"
    post.raw(
        a_mail(
            "We moved.",
            id="<d1@tern.example>",
            sender=ines,
            to="owen@bright.example",
            Cc="support@tern.example",
        )
    )
    begun = Conversation.objects.get()
    assert begun.contact and begun.contact.email == "owen@bright.example"
    assert begun.waiting_since is None
    post.raw(a_mail("Where to?", sender="owen@bright.example", answers="<d1@tern.example>", minutes=1))
    assert [by for by, _ in texts(begun)] == ["colleague", "customer"]
    post.raw(a_mail("Can you look at this?", sender=ines, minutes=1))
    passed_on = Conversation.objects.exclude(pk=begun.pk).get()
    assert passed_on.waiting_since is not None
    assert passed_on.contact and passed_on.contact.email == "ines@tern.example"


def test_a_reply_threads_and_its_own_copy_is_an_echo(post: Post, cast: Cast, mails: Path) -> None:
    post.raw(a_mail("one", id="<r1@fjord.example>", minutes=50))
    post.raw(a_mail("two", id="<r2@fjord.example>", answers="<r1@fjord.example>", minutes=40))
    conversation = Conversation.objects.get()
    answered = {"connection": "", "conversation": conversation, "person": cast.ines}
    row = a_reply(in_reply_to="<r2@fjord.example>", text="On Monday.", **answered)
    run_tasks()
    [raw] = left(mails)
    sent: Mail = message_from_bytes(raw)
    assert sent["Message-ID"] == f"<{row.pk}@tern.example>"
    assert sent["In-Reply-To"] == "<r2@fjord.example>"
    assert sent["References"].split() == ["<r1@fjord.example>", "<r2@fjord.example>"]
    assert sent["Auto-Submitted"] is None
    before = (Message.objects.count(), Contact.objects.count())
    rewritten = raw.replace(f"Message-ID: <{row.pk}@tern.example>".encode(), b"Message-ID: <1@mail.example>")
    for copy in (raw, rewritten):
        post.raw(copy)
        event = InboxEvent.objects.latest("pk")
        assert (event.state, event.reason) == ("ignored", "the echo of our own reply")
    assert (Message.objects.count(), Contact.objects.count()) == before
    post.raw(a_mail("Thank you!", id="<r3@fjord.example>", answers=sent["Message-ID"], minutes=-1))
    post.raw(a_mail("Me too!", sender="mallory@evil.example", answers=sent["Message-ID"], minutes=-1))
    assert [text for _, text in texts(conversation)] == ["one", "two", "On Monday.", "Thank you!"]
    unsure = a_reply(in_reply_to="<r3@fjord.example>", **answered)
    run_tasks()
    Message.objects.filter(delivery=unsure).delete()
    OutboxMessage.objects.filter(pk=unsure.pk).update(state="unknown", message=None)
    post.raw(next(one for one in left(mails) if str(unsure.pk).encode() in one))
    unsure.refresh_from_db()
    assert unsure.state == "sent", "its copy in the mailbox proves that it left"
    chain = next(
        one for one in map(message_from_bytes, left(mails)) if one["In-Reply-To"] == "<r3@fjord.example>"
    )
    assert chain["References"].split() == [
        "<r1@fjord.example>", "<r2@fjord.example>", f"<{row.pk}@tern.example>", "<r3@fjord.example>",
    ]  # fmt: skip
