"""From a promise in a reply to the mail of the morning before, the follow-up that leaves, and its end."""

import re
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import time_machine
from django.conf import settings as configured
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from copilot import daily, decisions
from copilot.decisions import Actor, Wording
from copilot.models import DailyMail
from customers.models import Note, Promise
from interactions import erasing
from interactions.models import Conversation, Escalation, Message
from people.models import Membership
from tests.cast import Cast
from tests.copilot.console.made import a_draft
from tests.factories import a_conversation, a_message, a_person
from tests.work import end_undo_time, free_port, run_tasks

pytestmark = pytest.mark.django_db
BACKEND = "django.core.mail.backends"


@pytest.fixture
def mails(settings: Settings, tmp_path: Path) -> Path:
    """Where mail goes when no mail server is set."""
    backend = "interactions.channels.mail_files.EmailBackend"
    settings.MAILERS = {"default": {"BACKEND": backend, "OPTIONS": {"file_path": str(tmp_path)}}}
    return tmp_path


def sign_in(person: object) -> Client:
    client = Client()
    client.force_login(person, backend="allauth.account.auth_backends.AuthenticationBackend")  # type: ignore[arg-type]
    return client


def morning_mail(person: object, folder: Path) -> tuple[str, dict[str, str]]:
    """Today's mail to the person, made and sent now; its text and headers."""
    day = timezone.now().astimezone(ZoneInfo(person.time_zone)).date()  # type: ignore[attr-defined]
    DailyMail.objects.create(person=person, day=day, due_at=timezone.now())
    run_tasks()
    for file in folder.glob("*.log"):
        letter = message_from_bytes(file.read_bytes(), policy=policy.default)
        if letter["Auto-Submitted"] and letter["To"] == person.email:  # type: ignore[attr-defined]
            return letter.get_content(), dict(letter.items())
    return "", {}


def links(text: str) -> list[str]:
    return [urlsplit(one).path for one in re.findall(r"https?://\S+", text)]


def test_a_promise_comes_back_in_the_morning_and_is_kept(cast: Cast, mails: Path) -> None:
    talk = a_conversation(team=cast.support, contact=cast.sigrid, subject="Our contract")
    a_message(conversation=talk)
    draft = a_draft(conversation=talk)
    said = "Hi Sigrid,\n\nI'll send you the new contract tomorrow at 11pm.\n\nInes"
    decisions.edit(draft.pk, draft.version, Actor(cast.ines, None), Wording(text=said))
    end_undo_time()
    run_tasks()
    promise = Promise.objects.get()
    assert not talk.drafts.filter(state="ready").exists()

    text, headers = morning_mail(cast.ines, mails)
    assert headers["Subject"] == "1 promise due" and "“I'll send you the new contract tomorrow" in text
    assert "A follow-up is ready to approve" in text
    ines, address = sign_in(cast.ines), links(text)[0]
    page = ines.get(address).text
    assert "It is not forgotten, and it stands." in page and "Approve" in page
    run_tasks()
    assert DailyMail.objects.get().state == "sent" and len(list(mails.glob("*.log"))) == 2, "one mail a day"

    follow_up = talk.drafts.get(state="ready")
    assert [one["id"] for one in follow_up.sources] == [f"p{promise.pk}"]
    sent = {"version": follow_up.version, "text": "Hi Sigrid,\n\nAttached is the new contract.\n\nInes",
            "to": cast.sigrid.email, "subject": "Our contract"}  # fmt: skip
    assert ines.post(f"{address}approve/", sent).status_code in (200, 303)
    end_undo_time()
    run_tasks()
    promise.refresh_from_db()
    assert promise.state == "kept" and promise.quotes.get(closes=True).text == "Attached is the new contract."
    assert "Kept: “Attached is the new contract.”" in ines.get(f"/accounts/{cast.fjord.pk}/").text
    erasing.erase(cast.sigrid.pk)
    assert not list(mails.glob("*.log")), "no file tells of her any more, nor does the mail to Ines"
    assert not Promise.objects.exists() and not Note.objects.exists()


def waits(cast: Cast) -> Conversation:
    """Something of each kind waits for Karim, and more for others."""
    at = timezone.now() - timedelta(days=31)
    talk = a_conversation(team=cast.support, contact=cast.sigrid, subject="Price of ten seats", at=at)
    Escalation.objects.create(conversation=talk, by=cast.ines, to_person=cast.karim)
    Note.objects.create(account=cast.fjord, kind="risk", text="Looks at others", created_at=at)
    Note.objects.create(account=cast.bright, kind="risk", text="Secret", created_at=at, owner=cast.karim)
    late = timezone.now() - timedelta(hours=30)
    Promise.objects.create(account=cast.fjord, owner=cast.karim, text="A call", due_at=late, made_at=at)
    Promise.objects.create(account=cast.bright, owner=cast.karim, text="Secret", due_at=late, made_at=at)
    Promise.objects.create(account=cast.fjord, owner=cast.ines, text="Not his", due_at=late, made_at=at)
    return talk


def test_the_mail_tells_each_their_own_with_links_that_open_it(cast: Cast, mails: Path) -> None:
    talk = waits(cast)
    zone = ZoneInfo(cast.karim.time_zone)
    now = timezone.now().astimezone(zone)
    midnight = datetime(now.year, now.month, now.day, tzinfo=zone)
    Conversation.objects.filter(pk=talk.pk).update(last_message_at=midnight - timedelta(days=30, hours=9))
    text, headers = morning_mail(cast.karim, mails)
    assert (
        headers["Subject"]
        == "1 promise due, 1 conversation handed to you, 1 note to review, 1 account gone quiet"
    )
    assert "was due" in text and "Looks at others" in text and "Price of ten seats, from Ines Duarte" in text
    assert "Secret" not in text and "Not his" not in text
    karim = sign_in(cast.karim)
    assert len(links(text)) == 5
    assert all(karim.get(one).status_code == 200 for one in links(text))

    quieter = links(text)[-1]
    assert quieter in headers["List-Unsubscribe"] and headers["List-Unsubscribe-Post"]
    anybody = Client(enforce_csrf_checks=True)
    assert "Only promises" in anybody.get(quieter).text
    for left in ("promises", "off", "off"):
        assert anybody.post(quieter, {"List-Unsubscribe": "One-Click"}).status_code == 200
        cast.karim.refresh_from_db()
        assert cast.karim.daily_mail == left
    assert anybody.get(f"{quieter[:-2]}x/").status_code == 404
    form = {"time_zone": cast.karim.time_zone, "theme": "light", "daily_mail": "promises"}
    assert karim.post("/settings/me/", form).status_code == 303
    cast.karim.refresh_from_db()
    letter = daily.compose(cast.karim, now.date())
    assert letter and letter.subject == "1 promise due"
    Membership.objects.filter(user=cast.karim).delete()
    assert daily.compose(cast.karim, now.date()) is None, "who left sees nothing any more"


def test_a_row_a_person_and_working_day_in_their_own_zone(cast: Cast, mails: Path, settings: Settings) -> None:
    a_person(name="Yuki Abe", team=cast.support, time_zone="Asia/Tokyo")
    cast.petra.daily_mail = "off"
    cast.petra.save()
    with time_machine.travel(datetime(2026, 11, 18, 22, 30, tzinfo=ZoneInfo("UTC")), tick=False):
        assert configured.DAILY_MAIL_HOUR == 7 and daily.open_due() == 6, "in Tokyo it is Thursday morning"
    with time_machine.travel(datetime(2026, 11, 19, 6, 30, tzinfo=ZoneInfo("UTC")), tick=False):
        assert daily.open_due() == 5 and daily.open_due() == 0, "all but Petra and Ada, who is in no team"
    with time_machine.travel(datetime(2026, 11, 21, 9, tzinfo=ZoneInfo("UTC")), tick=False):
        assert daily.open_due() == 0, "nobody is woken on a Saturday"
    run_tasks()
    assert set(DailyMail.objects.values_list("state", flat=True)) == {"empty"} and not list(mails.iterdir())

    waits(cast)
    gone = {"host": "127.0.0.1", "port": free_port(), "timeout": 1}
    settings.MAILERS = {"default": {"BACKEND": f"{BACKEND}.smtp.EmailBackend", "OPTIONS": gone}}
    assert morning_mail(cast.karim, mails) == ("", {})
    row = DailyMail.objects.get(person=cast.karim, attempts=1, state="due")
    assert row.due_at > timezone.now(), "the mail server is away: later"


def test_no_follow_up_where_somebody_waits_or_wants_people_only(cast: Cast, mails: Path) -> None:
    soon = timezone.now() + timedelta(hours=3)
    for subject, fields in (("Waits", {"waiting_since": timezone.now()}), ("Swedish", {"language": "sv"})):
        talk = a_conversation(team=cast.support, contact=cast.sigrid, subject=subject, **fields)
        _promised(cast, talk, soon)
    cast.owen.people_only = True
    cast.owen.save()
    _promised(cast, a_conversation(team=cast.support, contact=cast.owen), soon)
    note = a_conversation(team=cast.support, contact=cast.sigrid, subject="Call", channel="call")
    _promised(cast, note, soon, by=Message.By.NOTE)
    cast.bright.teams.add(cast.support)
    text, _ = morning_mail(cast.ines, mails)
    assert text.count("I'll call") == 4 and "follow-up" not in text


def _promised(cast: Cast, talk: Conversation, due: datetime, by: str = Message.By.COLLEAGUE) -> None:
    message = a_message(conversation=talk, text="I'll call you.", by=by, person=cast.ines)
    promise = Promise.objects.create(
        account=talk.account, contact=talk.contact, owner=cast.ines, text=message.text, due_at=due,
        made_at=message.sent_at,
    )  # fmt: skip
    promise.quotes.create(message=message, text=message.text)
