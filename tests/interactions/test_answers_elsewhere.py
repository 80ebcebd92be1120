"""An answer given in the CRM counts as the answer; the echo of our own creates nothing."""

from datetime import timedelta

import pytest
from django.utils import timezone

from interactions import outbox
from interactions.models import Connection, Message, OutboxMessage
from tests.cast import Cast
from tests.crm import PushingCrm, minutes_ago
from tests.factories import a_reply
from tests.receiver import Receiver, Reply
from tests.work import end_undo_time, end_waits, run_tasks

OURS = "Yes, it is on its way."


@pytest.fixture
def asked(crm: PushingCrm, listening: Connection) -> PushingCrm:
    crm.says("Where is it?", at=minutes_ago(30))
    run_tasks()
    return crm


def colleagues_words(crm: PushingCrm) -> list[str]:
    return list(crm.conversation().messages.filter(by=Message.By.COLLEAGUE).values_list("text", flat=True))


def test_an_answer_elsewhere_ends_the_waiting(asked: PushingCrm, cast: Cast) -> None:
    asked.answers("It is at the harbour.", author="Ines", author_email="INES@tern.example")
    run_tasks()
    message = asked.conversation().messages.get(by="colleague")
    assert (message.person, message.author_name, message.contact) == (cast.ines, "Ines Duarte", None)
    assert asked.conversation().waiting_since is None


def test_it_takes_back_a_reply_in_its_undo_time(asked: PushingCrm, cast: Cast, receiver: Receiver) -> None:
    row = a_reply(conversation=asked.conversation(), person=cast.ines, undo_seconds=30)
    asked.answers("It is at the harbour.")
    run_tasks()
    row.refresh_from_db()
    assert (row.state, row.reason) == ("cancelled", "A colleague answered in the CRM.")
    end_undo_time()
    run_tasks()
    assert receiver.deliveries == []


def test_an_old_answer_told_late_takes_nothing_back(asked: PushingCrm, cast: Cast) -> None:
    row = a_reply(conversation=asked.conversation(), person=cast.ines, undo_seconds=30)
    asked.answers("An answer from yesterday.", at=minutes_ago(60 * 24))
    run_tasks()
    row.refresh_from_db()
    assert row.state == "pending"
    assert asked.conversation().waiting_since is not None


def test_a_new_question_takes_back_a_reply_in_its_undo_time(asked: PushingCrm, cast: Cast) -> None:
    row = a_reply(conversation=asked.conversation(), person=cast.ines, undo_seconds=30)
    asked.says("Wait, the address changed!")
    run_tasks()
    row.refresh_from_db()
    assert (row.state, row.reason) == ("cancelled", "The customer wrote again.")


def test_an_automatic_answer_takes_nothing_back(asked: PushingCrm, cast: Cast) -> None:
    row = a_reply(conversation=asked.conversation(), person=cast.ines, undo_seconds=30)
    asked.says("I am away.", headers={"Auto-Submitted": "auto-replied"})
    run_tasks()
    row.refresh_from_db()
    assert row.state == "pending"


def test_the_echo_by_delivery_id_creates_nothing(asked: PushingCrm, cast: Cast) -> None:
    row = a_reply(conversation=asked.conversation(), person=cast.ines)
    run_tasks()
    asked.answers("Formatted otherwise by the CRM", delivery_id=str(row.pk), at=timezone.now())
    run_tasks()
    assert colleagues_words(asked) == [OURS]
    assert (asked.last_event().state, asked.last_event().reason) == ("ignored", "the echo of our own reply")


@pytest.mark.parametrize(
    "echo",
    [OURS, "Yes,  it is\r\non its way. ", f"{OURS}\n\nOn Monday, Sigrid Moe wrote:\n> Where is it?"],
)
def test_the_echo_by_its_words_creates_nothing(asked: PushingCrm, cast: Cast, echo: str) -> None:
    a_reply(conversation=asked.conversation(), person=cast.ines)
    run_tasks()
    asked.answers(echo)
    run_tasks()
    assert colleagues_words(asked) == [OURS]


def test_the_echo_as_html_creates_nothing(asked: PushingCrm, cast: Cast) -> None:
    a_reply(conversation=asked.conversation(), person=cast.ines)
    run_tasks()
    asked.answers("", html=f"<p>{OURS}</p>")
    run_tasks()
    assert colleagues_words(asked) == [OURS]


def test_the_echo_may_arrive_before_the_receiver_has_answered_well(
    asked: PushingCrm, cast: Cast, receiver: Receiver
) -> None:
    """It took the reply, told of it, and then failed to answer us."""
    receiver.will(Reply(500))
    a_reply(conversation=asked.conversation(), person=cast.ines)
    run_tasks()
    asked.answers(OURS)
    run_tasks()
    assert colleagues_words(asked) == []
    end_waits()
    run_tasks()
    assert colleagues_words(asked) == [OURS]


def test_the_same_words_much_later_are_another_answer(asked: PushingCrm, cast: Cast) -> None:
    row = a_reply(conversation=asked.conversation(), person=cast.ines)
    run_tasks()
    OutboxMessage.objects.filter(pk=row.pk).update(sent_at=timezone.now() - timedelta(minutes=20))
    asked.answers(OURS)
    run_tasks()
    assert colleagues_words(asked) == [OURS, OURS]


def test_what_was_refused_and_then_pasted_by_hand_is_an_answer(
    asked: PushingCrm, cast: Cast, receiver: Receiver
) -> None:
    receiver.will(Reply(410))
    a_reply(conversation=asked.conversation(), person=cast.ines)
    run_tasks()
    asked.answers(OURS)
    run_tasks()
    assert colleagues_words(asked) == [OURS]
    assert asked.conversation().waiting_since is None


def test_what_was_taken_back_and_then_typed_elsewhere_is_an_answer(asked: PushingCrm, cast: Cast) -> None:
    row = a_reply(conversation=asked.conversation(), person=cast.ines, undo_seconds=30)
    assert outbox.cancel(str(row.pk), "Taken back.")
    asked.answers(OURS)
    run_tasks()
    assert colleagues_words(asked) == [OURS]
