"""A promise is closed by the reply that keeps it; said again it keeps its row; it is rather left open."""

from datetime import timedelta

import pytest
from django.utils import timezone

from copilot import reading
from copilot.relationship.kept import is_same, words_that_keep
from customers.models import Promise
from interactions.models import Conversation, Message
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.factories import a_contact, a_conversation, a_message
from tests.work import run_tasks

KEPT = [
    (
        "I'll send you the new contract by Friday.",
        "Hi,\n\nAttached is the contract.\n\nInes",
        "Attached is the contract.",
    ),
    ("We will refund the second charge.", "We have refunded the second charge today.", None),
    ("I'll call you tomorrow.", "Good to talk to you this morning.", None),
    ("We'll fix the export in two weeks.", "As promised, the export works again.", None),
    ("I'll get back to you by Friday.", "The courier has found the parcel in Oslo.", None),
    ("I am going to update the delivery address.", "The delivery address is updated.", None),
]
CONTRACT, WAIT = "I'll send you the new contract by Friday.", "I'll get back to you by Friday."
STILL_OPEN = [
    (CONTRACT, "I have sent the invoice."),
    (CONTRACT, "The contract is not ready yet."),
    (CONTRACT, "I have not sent the contract."),
    (CONTRACT, "Have you sent the contract?"),
    (CONTRACT, "> Attached is the contract."),
    (CONTRACT, "Here is the list of open points in all contracts of last year, as you asked."),
    ("I'll call you tomorrow.", "Thanks for the form."),
    (WAIT, "We are still waiting for the courier."),
    ("We will refund the second charge.", "You have sent the second form, thank you."),
]


def test_only_what_says_so_keeps_a_promise() -> None:
    for promise, reply, words in KEPT:
        assert words_that_keep(promise, reply, answers=True) == (words or reply), promise
    assert not [one for one in STILL_OPEN if words_that_keep(*one, answers=True)]
    assert not words_that_keep("I'll get back to you.", "The courier has found it.")
    assert is_same("I'll send the quote by Friday.", "We will send you the quote on Monday.")
    assert is_same("I'll get back to you by Friday.", "We will let you know tomorrow.")
    assert not is_same("I'll send the quote by Friday.", "I'll send the invoice by Friday.")
    assert not is_same("I'll call you on Friday.", "I'll get back to you on Friday.")


@pytest.fixture
def talk(cast: Cast) -> Conversation:
    return a_conversation(team=cast.support, contact=cast.sigrid)


def says(cast: Cast, talk: Conversation, text: str, minutes: int, by: str = Message.By.COLLEAGUE) -> Message:
    """Ines, so many minutes before yesterday's noon; read at once."""
    at = (timezone.now() - timedelta(days=1)).replace(hour=12) - timedelta(minutes=minutes)
    message = a_message(conversation=talk, text=text, by=by, person=cast.ines, at=at)
    reading.want(talk, message)
    run_tasks()
    return message


@pytest.mark.django_db
def test_said_again_it_moves_and_what_keeps_it_is_cited(
    cast: Cast, talk: Conversation, sign_in: SignIn
) -> None:
    said = says(cast, talk, "I'll send you the new contract tomorrow at 3pm. I'll also call you.", 50)
    contract, call = Promise.objects.order_by("pk")
    first = contract.due_at
    assert contract.made_at == said.sent_at and first and first.minute == 0

    says(cast, talk, "I'm afraid it takes longer: I'll send you the contract in two days at 3pm.", 40)
    contract.refresh_from_db()
    assert Promise.objects.count() == 2 and contract.quotes.count() == 2
    assert (contract.due_at, contract.first_due_at) == (first + timedelta(days=1), first)

    other = a_conversation(team=cast.support, contact=a_contact(name="Erik Dahl", account=cast.fjord))
    says(cast, other, "Attached is the new contract.", 30)
    contract.refresh_from_db()
    assert contract.state == "open", "it was promised to Sigrid"
    elsewhere = a_conversation(team=cast.support, contact=cast.sigrid, subject="Another matter")
    kept = says(cast, elsewhere, "Hi Sigrid,\n\nAttached is the new contract.\n\nInes", 20)
    contract.refresh_from_db()
    call.refresh_from_db()
    assert (contract.state, call.state) == ("kept", "open")
    words = contract.quotes.get(closes=True)
    assert (words.message, words.text) == (kept, "Attached is the new contract.")

    karim, url = sign_in(cast.karim), f"/accounts/{cast.fjord.pk}/"
    page = karim.get(url).text
    assert "Kept by these words" in page and f"/inbox/{elsewhere.pk}/" in page
    assert "It is open again" in karim.post(f"/promises/{contract.pk}/", {"fate": "open"}, follow=True).text
    contract.refresh_from_db()
    assert contract.state == "open" and not contract.quotes.filter(closes=True).exists()
    day = timezone.localdate() + timedelta(days=9)
    karim.post(f"/promises/{contract.pk}/", {"fate": "moved", "due": str(day)})
    contract.refresh_from_db()
    assert contract.due_at and contract.due_at.minute == first.minute and contract.first_due_at == first
    assert contract.due_at.hour == first.hour, "moved to another day, it keeps its hour"
    assert f", first {timezone.localtime(first).day}" in karim.get(url).text

    note = a_conversation(team=cast.support, contact=cast.sigrid, channel="call")
    says(
        cast,
        note,
        "Promised to send her the price list by Friday. As promised, the contract is attached.",
        5,
        "note",
    )
    assert Promise.objects.get(text__contains="price list").owner == cast.ines
    contract.refresh_from_db()
    assert contract.state == "open", "what is written down of a call closes nothing"
