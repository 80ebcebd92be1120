"""A promise in a reply is kept by itself, with its words, and people settle it."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from benchmarks.promises import SEEN, measure
from copilot import decisions
from copilot.decisions import Actor, Wording
from copilot.models import Draft
from customers.models import Promise
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.work import end_undo_time, run_tasks

pytestmark = pytest.mark.django_db
SAID = (
    "Hi,\n\nI'll send you the new contract tomorrow at 3pm. If you like, I'll call on Friday.\n\nInes"
    "\n\n> I'll call you."
)


def test_what_is_promised_in_a_reply_is_on_the_account_until_it_is_settled(
    cast: Cast, draft: Draft, sign_in: SignIn
) -> None:
    conversation = draft.conversation
    decisions.edit(draft.pk, draft.version, Actor(cast.ines, None), Wording(text=SAID))
    assert not Promise.objects.exists(), "nothing has left yet"
    end_undo_time()
    run_tasks()
    promise = Promise.objects.get()
    assert (promise.text, promise.owner) == ("I'll send you the new contract tomorrow at 3pm.", cast.ines)
    assert promise.quotes.get().message == conversation.messages.get(by="colleague")
    zone = ZoneInfo(cast.ines.time_zone)
    tomorrow = (timezone.now().astimezone(zone) + timedelta(days=1)).date()
    assert promise.due_at == datetime(tomorrow.year, tomorrow.month, tomorrow.day, 15, tzinfo=zone)

    ines, url, account = sign_in(cast.ines), f"/promises/{promise.pk}/", f"/accounts/{cast.fjord.pk}/"
    assert url in ines.get(account).content.decode()
    assert "Say on which day" in ines.post(url, {"fate": "moved", "due": "soon"}, follow=True).content.decode()
    assert (
        "Due on Friday, 1 January"
        in ines.post(url, {"fate": "moved", "due": "2027-01-01"}, follow=True).content.decode()
    )
    assert sign_in(cast.lukas).post(url, {"fate": "kept"}).status_code == 404
    assert "Kept. It is closed." in ines.post(url, {"fate": "kept"}, follow=True).content.decode()
    assert "closed already" in ines.post(url, {"fate": "cancelled"}, follow=True).content.decode()
    promise.refresh_from_db()
    assert promise.state == "kept" and promise.closed_at
    assert url not in ines.get(account).content.decode()


def test_promises_are_told_from_what_only_sounds_like_one() -> None:
    precision, _, dates, faults = measure(SEEN)
    assert precision >= 0.9 and dates >= 0.9, faults
