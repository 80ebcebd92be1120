"""A reply by email: who it is from and to, how it threads, and when it is not sent."""

import email
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.mail import send_mail
from django.utils import timezone
from pytest_django import Settings

from interactions import delivering
from interactions.models import Conversation, OutboxMessage
from tests.cast import Cast
from tests.factories import a_conversation, a_message, a_reply, an_attachment
from tests.work import run_tasks


@pytest.fixture
def asked(cast: Cast) -> Conversation:
    made = a_conversation(team=cast.support, contact=cast.sigrid, subject="Frakt til Ålesund")
    a_message(conversation=made)
    return made


@pytest.fixture
def mails() -> Path:
    """An empty letter box: pytest-django diverts mail to memory unless told where it goes."""
    folder: Path = settings.VAR_DIR / "mail"
    folder.mkdir(exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    return folder


@pytest.fixture(autouse=True)
def to_files(settings: Settings) -> None:
    settings.MAILERS = {
        "default": {
            "BACKEND": "interactions.channels.mail_files.EmailBackend",
            "OPTIONS": {"file_path": str(settings.VAR_DIR / "mail")},
        }
    }


def only(mails: Path) -> EmailMessage:
    (file,) = mails.iterdir()
    raw = file.read_bytes().partition(b"\n" + b"-" * 79)[0]
    return email.message_from_bytes(raw, policy=default)


def test_a_mail_carries_exactly_what_was_approved(asked: Conversation, cast: Cast, mails: Path) -> None:
    row = a_reply(
        conversation=asked, person=cast.ines, cc=("boss@fjord.example",), bcc=("audit@tern.example",),
        text="Hei Sigrid,\n\ndet går på mandag. 👍", in_reply_to="<asked@fjord.example>",
    )  # fmt: skip
    run_tasks()
    row.refresh_from_db()
    assert (row.state, row.reason) == ("sent", "")
    sent = only(mails)
    assert sent["From"] == "support@tern.example"
    assert (sent["To"], sent["Cc"], sent["Bcc"]) == ("sigrid@fjord.example", "boss@fjord.example", None)
    assert sent["Subject"] == "Re: Frakt til Ålesund"
    assert sent.get_content().strip() == "Hei Sigrid,\n\ndet går på mandag. 👍"
    assert sent["Message-ID"] == f"<{row.pk}@tern.example>"
    assert sent["In-Reply-To"] == sent["References"] == "<asked@fjord.example>"
    assert asked.messages.filter(by="colleague").exists()


def test_our_own_mail_coming_back_is_known_as_a_loop(asked: Conversation, cast: Cast, mails: Path) -> None:
    row = a_reply(conversation=asked, person=cast.ines)
    run_tasks()
    row.refresh_from_db()
    assert (row.state, row.reason) == ("sent", "")
    assert only(mails)["X-Rapport-Delivery"] == str(row.pk)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"to": ()}, "no address"),
        ({"to": ("sigrid@fjord.example\nBcc: spy@else.example",)}, "cannot be written as a mail"),
        ({"subject": "Re: hello\r\nBcc: spy@else.example"}, "cannot be written as a mail"),
        ({"attachments": (an_attachment(),)}, "terms.pdf is not kept as it was approved"),
    ],
)
def test_what_cannot_be_sent_whole_is_not_sent(
    asked: Conversation, cast: Cast, mails: Path, changes: dict[str, Any], reason: str
) -> None:
    row = a_reply(conversation=asked, person=cast.ines, **changes)
    run_tasks()
    row.refresh_from_db()
    assert row.state == "dead"
    assert reason in row.reason
    assert not any(file.read_bytes() for file in mails.iterdir())


@pytest.mark.parametrize(
    ("host", "port", "state"), [("127.0.0.1", 9, "retry"), ("nobody.invalid", 25, "retry")]
)
def test_a_mail_server_that_cannot_be_reached_is_tried_again(
    asked: Conversation, cast: Cast, settings: Settings, host: str, port: int, state: str
) -> None:
    options = {"host": host, "port": port, "timeout": 2}
    settings.MAILERS = {
        "default": {"BACKEND": "django.core.mail.backends.smtp.EmailBackend", "OPTIONS": options}
    }
    row = a_reply(conversation=asked, person=cast.ines)
    run_tasks()
    row.refresh_from_db()
    assert row.state == state


def test_a_mail_whose_sender_died_is_given_to_a_person(asked: Conversation, cast: Cast, mails: Path) -> None:
    row = a_reply(conversation=asked, person=cast.ines)
    OutboxMessage.objects.filter(pk=row.pk).update(state="sending", attempts=1, lease_until=timezone.now())
    assert delivering.release_expired() == []
    run_tasks()
    row.refresh_from_db()
    assert row.state == "unknown"
    assert "nobody knows whether it left" in row.reason
    assert not any(file.read_bytes() for file in mails.iterdir())


def test_each_mail_is_a_file_of_its_own(mails: Path) -> None:
    for number in range(20):
        send_mail(f"Mail {number}", "Hei", None, ["sigrid@fjord.example"], using="default")
    subjects = [f"Subject: Mail {number}\n".encode() for number in range(20)]
    assert all(one in file.read_bytes() for one, file in zip(subjects, sorted(mails.iterdir()), strict=True))
