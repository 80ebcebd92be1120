"""A reply of which nobody knows whether it arrived: a person finds out and says so."""

from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as installed
from django.utils import timezone
from pytest_django import Settings

from copilot.models import PastReply, Signal
from interactions import delivering
from interactions.models import Conversation, Message, OutboxMessage
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.console.made import SignIn, htmx
from tests.factories import a_message
from tests.work import run_tasks

WORDS = "In March."


@pytest.fixture
def lost(cast: Cast, talk: Conversation, sign_in: SignIn) -> OutboxMessage:
    """Ines wrote a reply, and the sender died while the mail was leaving."""
    sign_in(cast.ines).post(f"/inbox/{talk.pk}/reply/", {"text": WORDS})
    tried = timezone.now() - timedelta(minutes=5)
    OutboxMessage.objects.update(state="sending", attempts=1, due_at=tried, lease_until=tried)
    delivering.release_expired()
    return OutboxMessage.objects.get(state="unknown")


def url(row: OutboxMessage, fate: str) -> str:
    return f"/inbox/deliveries/{row.pk}/{fate}/"


def card_of(page: Any) -> Any:
    return page.context["thread"].card


def test_the_card_says_so_and_offers_both_answers(
    cast: Cast, talk: Conversation, lost: OutboxMessage, sign_in: SignIn
) -> None:
    page = sign_in(cast.ines).get(f"/inbox/{talk.pk}/")

    assert card_of(page).state == "unknown"
    assert "It may have arrived: find out" in page.content.decode()
    assert url(lost, "arrived") in page.content.decode() and url(lost, "lost") in page.content.decode()
    assert page.context["thread"].banners == ()
    (row,) = (one for one in page.context["list"].rows if one.id == talk.pk)
    assert row.state == "unknown"


def test_it_arrived(cast: Cast, talk: Conversation, lost: OutboxMessage, sign_in: SignIn) -> None:
    part = sign_in(cast.tomas).post(url(lost, "arrived"), headers=htmx("draft")).content.decode()

    assert 'data-state="sent"' in part and "Kept as sent." in part
    lost.refresh_from_db()
    assert (lost.state, lost.reason, lost.attempts) == ("sent", "", 1)
    assert lost.sent_at == lost.due_at, "when it was tried, not now"
    assert Message.objects.get(by="colleague").text == WORDS
    assert Signal.objects.get().state == Signal.State.SETTLED
    assert PastReply.objects.get().text == WORDS
    talk.refresh_from_db()
    assert talk.waiting_since is None
    entry = AuditEntry.objects.get(verb="settled delivery")
    assert (entry.person, entry.target) == (cast.tomas, f"outboxmessage:{lost.pk}")
    assert entry.detail == {"arrived": True}


def test_who_wrote_after_it_still_waits(
    cast: Cast, talk: Conversation, lost: OutboxMessage, sign_in: SignIn
) -> None:
    a_message(conversation=talk, text="And in March of which year?", at=timezone.now() - timedelta(minutes=1))

    sign_in(cast.ines).post(url(lost, "arrived"))

    talk.refresh_from_db()
    assert talk.waiting_since is not None


def test_it_did_not_arrive(
    cast: Cast, talk: Conversation, lost: OutboxMessage, sign_in: SignIn, settings: Settings
) -> None:
    folder: Path = installed.VAR_DIR / "lost-mail"
    settings.MAILERS = {
        "default": {
            "BACKEND": "interactions.channels.mail_files.EmailBackend",
            "OPTIONS": {"file_path": str(folder)},
        }
    }
    answer = sign_in(cast.tomas).post(url(lost, "lost"))

    assert (answer.status_code, answer["Location"]) == (303, f"/inbox/{talk.pk}/")
    lost.refresh_from_db()
    assert (lost.state, lost.attempts) == ("retry", 1)
    assert AuditEntry.objects.get(verb="settled delivery").detail == {"arrived": False}
    run_tasks()
    lost.refresh_from_db()
    assert (lost.state, lost.attempts, OutboxMessage.objects.count()) == ("sent", 2, 1)
    (mail,) = folder.iterdir()
    assert str(lost.pk) in message_from_bytes(mail.read_bytes())["Message-ID"]
    mail.unlink()


def test_behind_a_newer_draft_a_line_above_asks(
    cast: Cast, talk: Conversation, lost: OutboxMessage, sign_in: SignIn
) -> None:
    client = sign_in(cast.ines)
    client.post(f"/inbox/{talk.pk}/draft/")

    page = client.get(f"/inbox/{talk.pk}/")
    assert card_of(page).state == "queued"
    assert "Nobody knows whether the reply of" in page.content.decode()
    assert url(lost, "lost") in page.content.decode()

    client.post(url(lost, "arrived"))
    assert client.get(f"/inbox/{talk.pk}/").context["thread"].banners == ()


@pytest.mark.parametrize("fate", ["arrived", "lost"])
def test_a_second_answer_changes_nothing(
    cast: Cast, lost: OutboxMessage, sign_in: SignIn, fate: str
) -> None:  # fmt: skip
    sign_in(cast.ines).post(url(lost, "arrived"))

    answer = sign_in(cast.tomas).post(url(lost, fate), headers=htmx("draft"))

    assert answer.status_code == 409
    assert "known already. Nothing was changed." in answer.content.decode()
    assert Message.objects.filter(by="colleague").count() == AuditEntry.objects.count() == 1


@pytest.mark.parametrize("name", ["lukas", "ada"])
def test_strangers_find_nothing(cast: Cast, lost: OutboxMessage, sign_in: SignIn, name: str) -> None:
    assert sign_in(getattr(cast, name)).post(url(lost, "arrived")).status_code == 404
    lost.refresh_from_db()
    assert lost.state == "unknown"


def test_looking_changes_nothing(cast: Cast, lost: OutboxMessage, sign_in: SignIn) -> None:
    assert sign_in(cast.ines).get(url(lost, "arrived")).status_code == 405
    assert sign_in(cast.ines).post(url(lost, "perhaps")).status_code == 404


def test_who_may_only_read_is_not_asked(
    cast: Cast, talk: Conversation, lost: OutboxMessage, sign_in: SignIn
) -> None:
    cast.ada.may_read_conversations = True
    cast.ada.save()

    page = sign_in(cast.ada).get(f"/inbox/{talk.pk}/")

    assert card_of(page).state == "unknown" and url(lost, "arrived") not in page.content.decode()
    assert sign_in(cast.ada).post(url(lost, "arrived")).status_code == 404
