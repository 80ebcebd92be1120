"""How mail comes in: three providers' posts and a mailbox, each read into the same message."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.db.models.functions import Now
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st
from pytest_django import Settings

from copilot.models import Draft
from interactions import connecting, sync
from interactions.crm import mailbox
from interactions.crm.base import CrmError, MessageFact, Unreadable, with_headers
from interactions.crm.registry import crm_for
from interactions.models import Connection, Conversation, InboxEvent, Message, Refusal, Sync
from tests.cast import Cast
from tests.vendors.imap import PASSWORD, FakeImap
from tests.vendors.letters import Post, a_mail, connection, fixture, post
from tests.work import run_tasks

__all__ = ["connection", "post"]

pytestmark = pytest.mark.django_db

# --- the doors -----------------------------------------------------------------------------------------


def test_three_providers_posts_are_proven_and_lead_to_the_same_message(
    post: Post, connection: Connection
) -> None:
    fields = json.loads(fixture("mailgun.json"))
    answers = [
        post.mailgun(fields),
        post.postmark(fixture("postmark.json")),
        post.mailersend(fixture("mailersend.json")),
        post.mailgun({**fields, "body-plain": "Pay to another account!"}),
    ]
    assert [answer.status_code for answer in answers] == [202] * 4
    assert [answer.json()["duplicate"] for answer in answers] == [False, False, False, True]
    run_tasks()
    conversation = Conversation.objects.get()
    message = conversation.messages.get()
    assert (message.text, message.external_id) == ("When will it arrive?", "<q1@fjord.example>")
    assert message.sent_at == datetime(2026, 10, 12, 8, tzinfo=UTC)
    assert [(one["name"], one["type"]) for one in message.attachments] == [("order.pdf", "application/pdf")]
    kept = conversation.files.get()
    assert (kept.name, kept.sha256) == ("order.pdf", message.attachments[0]["sha256"])
    assert bytes(kept.content).startswith(b"%PDF-1.4")
    assert message.to == ["support@tern.example"]
    assert conversation.contact and conversation.contact.email == "sigrid@fjord.example"
    reasons = InboxEvent.objects.order_by("pk").values_list("state", "reason")
    assert [state for state, _ in reasons] == ["applied", "ignored", "ignored"]
    assert Draft.objects.filter(conversation=conversation).count() == 1


def test_what_no_secret_proves_is_refused_and_counted(post: Post, connection: Connection) -> None:
    fields = json.loads(fixture("mailgun.json"))
    refused = [
        post.mailgun(fields, secret="wrong"),
        post.postmark(fixture("postmark.json"), login="rapport:wrong"),
        post.postmark(fixture("postmark.json"), login=""),
        post.mailersend(fixture("mailersend.json"), secret="wrong"),
        post.unsigned(fixture("mailersend.json")),
        post.unsigned(b"From: x@y.example\r\n\r\nhello", "message/rfc822"),
        post.unsigned(b"not json"),
    ]
    assert {answer.status_code for answer in refused} == {401}
    assert not InboxEvent.objects.exists()
    assert sum(Refusal.objects.values_list("count", flat=True)) == len(refused)
    connection.set_secrets([""])
    connection.save()
    assert post.postmark(fixture("postmark.json"), login="").status_code == 401


def test_a_proven_post_that_is_no_mail_is_kept_and_shown(post: Post) -> None:
    assert post.mailersend(b'{"type": "activity.sent", "data": {"id": "x-1"}}').status_code == 202
    run_tasks()
    event = InboxEvent.objects.get()
    assert (event.state, event.key) == ("dead", "post-x-1")
    assert "no mail that can be read" in event.reason


def test_mails_may_be_large_and_not_larger(post: Post, connection: Connection) -> None:
    fields = json.loads(fixture("mailgun.json"))
    assert post.mailgun({**fields, "body-html": "<p>" + "word " * 700_000 + "</p>"}).status_code == 202
    run_tasks()
    message = Message.objects.get()
    assert message.text == "When will it arrive?"
    answer = post.mailgun(fields, pad=25 * 1024 * 1024)
    assert (answer.status_code, answer.json()) == (413, {"error": "The body is larger than 25 MiB."})
    assert Refusal.objects.get().reason == "the body is larger than 25 MiB"


# --- reading -------------------------------------------------------------------------------------------


def read(raw: bytes, arrived: datetime = datetime(2026, 10, 12, 8, 0, 5, tzinfo=UTC)) -> MessageFact:
    kept = with_headers(
        {"content-type": "message/rfc822", "date": arrived.strftime("%d %b %Y %H:%M:%S +0000")}, raw
    )
    [fact] = crm_for("mail").parse("mail.received", kept, None)
    assert isinstance(fact, MessageFact)
    return fact


def test_a_mail_is_read_whole() -> None:
    fact = read(fixture("question.eml"))
    assert fact.contact and (fact.contact.name, fact.contact.email) == ("Sigrid Møe", "sigrid@fjord.example")
    assert (fact.subject, fact.text) == ("Frakt til Ålesund", "Hei, når kommer pakken?")
    assert "n&aring;r" in fact.html
    assert (fact.to, fact.cc) == (("support@tern.example",), ("boss@fjord.example",))
    assert fact.headers == {"return-path": "<sigrid@fjord.example>"}
    assert [(one["name"], one["type"]) for one in fact.attachments] == [
        ("ordre å.pdf", "application/pdf"), ("message/rfc822", "message/rfc822"),
    ]  # fmt: skip
    assert fact.attachments[0]["size"] == 9


def test_what_senders_get_wrong_is_mended() -> None:
    arrived = datetime(2026, 10, 12, 8, tzinfo=UTC)
    fact = read(fixture("garbage.eml"), arrived)
    assert fact.text == "Un café, s\ufffdil vous plaît"
    assert fact.sent_at == arrived, "a Date from the future is nobody's"
    assert fact.external_id.startswith("sha256-")
    assert fact.external_id == read(fixture("garbage.eml")).external_id
    assert fact.contact and fact.contact.email == "owner@cafe.example"
    hidden = read(b"From: =?utf-8?q?sigrid=40fjord=2Eexample=2C?= <mallory@evil.example>\n\nx")
    assert hidden.contact and hidden.contact.email == "mallory@evil.example"
    for nobody in (b"sigrid@fjord.example, mallory@evil.example", b"undisclosed", b"<>"):
        assert read(b"From: " + nobody + b"\n\nx").contact is None


@hypothesis(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_nothing_breaks_the_reader(data: st.DataObject) -> None:
    """Whatever comes is read, or refused as unreadable."""
    seed = fixture(data.draw(st.sampled_from(["question.eml", "garbage.eml", "bounce.eml"])))
    raw = data.draw(st.binary(max_size=300) | st.just(seed))
    for _ in range(data.draw(st.integers(0, 6))):
        at = data.draw(st.integers(0, len(raw)))
        raw = raw[:at] + data.draw(st.binary(max_size=12)) + raw[at + data.draw(st.integers(0, 20)) :]
    kinds = ["message/rfc822", "application/json", 'multipart/form-data; boundary="outer"', "", "x/\xe9"]
    head = {"content-type": data.draw(st.sampled_from(kinds)), "date": "Mon, 12 Oct 2026 08:00:05 +0000"}
    kept = data.draw(st.sampled_from([raw, with_headers(head, raw), with_headers(head, raw)]))
    try:
        facts = crm_for("mail").parse("mail.received", kept, None)
    except Unreadable:
        return
    for fact in facts:
        assert isinstance(fact, MessageFact)
        json.dumps([fact.text, fact.subject, fact.html, list(fact.attachments)]).encode("utf-8")
        assert "\x00" not in fact.text + fact.subject + fact.html
        (fact.text + fact.subject + fact.html + fact.external_id + fact.author.name).encode("utf-8")


# --- the mailbox ---------------------------------------------------------------------------------------


def test_an_admin_tries_a_connection_out_with_a_mail_of_nobodys(connection: Connection, cast: Cast) -> None:
    tried = connecting.try_event(connection, cast.ada)
    assert (tried.problem, tried.state) == ("", "applied")
    [fact] = tried.facts
    assert isinstance(fact, MessageFact) and fact.to == ("support@tern.example",)
    connection.set_secrets([])
    assert "Write a mail" in connecting.try_event(connection, cast.ada).problem
    assert not InboxEvent.objects.exists() and not Conversation.objects.exists()


@pytest.fixture
def imap() -> Iterator[FakeImap]:
    server = FakeImap()
    yield server
    server.close()


@pytest.fixture
def polled(connection: Connection, imap: FakeImap) -> Connection:
    connection.config |= {"imap_host": "127.0.0.1", "imap_port": str(imap.port), "imap_user": "support"}
    connection.set_credentials({"imap_password": PASSWORD})
    connection.save()
    return connection


def turn(kind: str = "poll") -> Sync:
    """Let the wait be over, a worker take the row, and what came be applied."""
    row = Sync.objects.filter(kind=kind).latest("pk")
    Sync.objects.filter(pk=row.pk, state="due").update(due_at=Now())
    sync.fetch(row.pk)
    run_tasks()
    row.refresh_from_db()
    return row


def test_a_mailbox_is_read_from_now_on_once_and_left_as_it_is(
    polled: Connection, imap: FakeImap, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailbox, "MAILS_A_PAGE", 2)
    monkeypatch.setattr(mailbox, "WINDOW", 3)
    monkeypatch.setattr(mailbox, "MOST_BYTES", 3000)
    old = timezone.now() - timedelta(days=9)
    for number in range(5):
        imap.arrives(a_mail(f"old {number}", id=f"<o{number}@x>", minutes=9 * 24 * 60), old)
    sync.keep_standing()
    assert not Sync.objects.filter(kind="compare").exists()
    turn()
    assert not Message.objects.exists(), "what was before is the backfill's"
    imap.arrives(fixture("garbage.eml"))
    imap.arrives(a_mail("x" * 4000, id="<large@x>"))
    imap.arrives(a_mail("new", id="<new@x>"))
    imap.drops = 1
    row = turn()
    assert (row.state, row.attempts) == ("due", 1), "the line broke; nothing was lost"
    turn(), turn(), turn()
    assert sorted(Message.objects.values_list("text", flat=True)) == ["Un café, s\ufffdil vous plaît", "new"]
    dead = InboxEvent.objects.get(state="dead")
    assert "larger than 25 MiB" in dead.reason
    assert Draft.objects.count() == 2
    sync.start_backfill(polled, cast.ada)
    while turn("backfill").state == "due":
        pass
    assert Message.objects.filter(text__startswith="old").count() == 5
    assert Draft.objects.count() == 2, "old mail is not answered"
    assert {line.split()[0] for line in imap.commands} <= {
        "CAPABILITY",
        "LOGIN",
        "STATUS",
        "EXAMINE",
        "UID",
        "LOGOUT",
    }
    assert not [line for line in imap.commands if "BODY[" in line], "only BODY.PEEK leaves a mail unread"


def test_a_mailbox_that_was_numbered_anew_repeats_nothing(
    polled: Connection, imap: FakeImap, cast: Cast
) -> None:
    long_ago = timezone.now() - timedelta(days=9)
    imap.arrives(a_mail("long ago", minutes=9 * 24 * 60), long_ago)
    sync.keep_standing()
    turn()
    imap.arrives(a_mail("known", id="<n@x>"))
    turn()
    imap.renumber()
    imap.arrives(a_mail("meanwhile"))
    turn(), turn()
    assert sorted(Message.objects.values_list("text", flat=True)) == ["known", "meanwhile"]


def test_a_mailbox_that_does_not_open_says_why(polled: Connection, imap: FakeImap, settings: Settings) -> None:
    crm = crm_for("mail")
    assert crm.agents(polled) == []
    polled.config["imap_port"] = "the usual one"
    with pytest.raises(CrmError, match="not an https URL"):
        crm.agents(polled)
    polled.config["imap_port"] = str(imap.port)
    polled.set_credentials({"imap_password": "wrong"})
    with pytest.raises(CrmError, match="user and password") as wrong:
        crm.agents(polled)
    assert wrong.value.permanent
    settings.ALLOW_LOOPBACK_TARGETS = False
    with pytest.raises(CrmError, match="not a public one"):
        crm.agents(polled)
    settings.ALLOW_LOOPBACK_TARGETS = True
    imap.close()
    with pytest.raises(CrmError, match="did not answer") as away:
        crm.agents(polled)
    assert not away.value.permanent
