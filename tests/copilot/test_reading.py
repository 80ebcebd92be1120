"""What was said is read by a worker: once, whatever rings, and holding back nothing when it fails."""

import pytest
from django.db import connection as database
from django.db.models.functions import Now

from copilot import decisions, reading
from copilot.decisions import Actor, Wording
from copilot.management.commands import sweep
from copilot.models import Draft, Reading
from customers.models import Promise
from interactions.models import Conversation, Message
from tests.cast import Cast
from tests.copilot.console.made import a_draft
from tests.factories import a_conversation, a_message
from tests.work import end_undo_time, run_tasks

pytestmark = pytest.mark.django_db
SAID = "Hi,\n\nI'll send you the new contract tomorrow.\n\nInes"
REFUSES = """
CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON customers_promise EXECUTE FUNCTION refuse();
"""


@pytest.fixture
def draft(cast: Cast) -> Draft:
    talk = a_conversation(team=cast.support, contact=cast.sigrid)
    a_message(conversation=talk)
    return a_draft(conversation=talk)


def approve(cast: Cast, draft: Draft) -> Conversation:
    decisions.edit(draft.pk, draft.version, Actor(cast.ines, None), Wording(text=SAID))
    end_undo_time()
    run_tasks()
    return draft.conversation


def try_again() -> None:
    """The lease of what failed is over."""
    Reading.objects.filter(due_at__isnull=False).update(due_at=Now())
    run_tasks()


def test_a_fault_in_reading_holds_no_reply_back_and_is_made_up_for(cast: Cast, draft: Draft) -> None:
    cast.ines.time_zone = "Atlantis/Sunken"
    cast.ines.save()
    with database.cursor() as cursor:
        cursor.execute(REFUSES)
    talk = approve(cast, draft)
    sent = talk.messages.get(by=Message.By.COLLEAGUE)
    row = Reading.objects.get(message=sent)
    assert (row.attempts, row.done_at) == (1, None) and not Promise.objects.exists()

    with database.cursor() as cursor:
        cursor.execute("DROP TRIGGER refuse ON customers_promise")
    try_again()
    promise = Promise.objects.get()
    assert promise.quotes.get().message == sent and promise.due_at and promise.due_at.hour == 17, "in UTC"
    row.refresh_from_db()
    assert row.done_at and row.due_at is None
    reading.read(row.pk)
    assert Promise.objects.count() == 1, "rung for twice"


def test_what_fails_for_good_is_given_up_and_what_is_lost_is_rung_for_again(cast: Cast, draft: Draft) -> None:
    with database.cursor() as cursor:
        cursor.execute(REFUSES)
    talk = approve(cast, draft)
    for _ in range(reading.MOST_ATTEMPTS):
        try_again()
    row = Reading.objects.get(message__conversation=talk)
    assert (row.attempts, row.due_at) == (reading.MOST_ATTEMPTS, None)

    Reading.objects.update(due_at=Now())
    rung: sweep.Rung = {}
    sweep.sweep_once(rung)
    assert (reading.READ, row.pk) in rung
