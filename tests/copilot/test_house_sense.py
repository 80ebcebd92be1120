"""What is sent after In our words was asked teaches which wording comes first; who opts out takes it along."""

from collections.abc import Callable
from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from copilot.learning import sense_kept, unlearning
from copilot.management.commands import sweep
from copilot.models import Decision, HouseSense, RoughText, Signal
from interactions.models import Conversation
from people.models import User
from tests.cast import Cast
from tests.copilot.api.calling import program_of
from tests.copilot.console.test_our_words import ASKED, sent
from tests.factories import a_contact, a_conversation, a_message
from tests.work import deliver_rows, end_undo_time

USUAL = "Your refund is booked and reaches you within five days."
OTHER = "We have paid it back. Please look at your account soon."

type Room = Callable[[User], Conversation]


@pytest.fixture
def room(cast: Cast) -> Room:
    """A new customer with the same question each time. Colleagues answered it in two ways, one more often."""
    for number, name in enumerate(("Lena Ruud", "Odd Berg", "Kaia Lund", "Per Vik", "Ola Dahl")):
        to, by = a_contact(name=name), (cast.tomas, cast.petra)[number % 2]
        sent(cast.support, by, to, USUAL if number < 3 else OTHER, "refund sent")

    def made(of: User) -> Conversation:
        number = Conversation.objects.count()
        them = a_contact(name=f"Customer{number} Moe")
        talk = a_conversation(team=cast.support, contact=them, waiting_since=timezone.now())
        a_message(conversation=talk, text=ASKED)
        return talk

    return made


def offers(talk: Conversation, person: User) -> list[str]:
    asked = program_of(person).post(f"conversations/{talk.pk}/our-words/", {"text": "refund sent"})
    return [one["text"] for one in asked.json()["offers"]]


def sends(talk: Conversation, person: User, text: str) -> None:
    assert program_of(person).post(f"conversations/{talk.pk}/replies/", {"text": text}).status_code == 201
    end_undo_time()
    deliver_rows()


def teaches(room: Room, person: User, times: int = 1) -> None:
    for _ in range(times):
        talk = room(person)
        assert OTHER in offers(talk, person)
        sends(talk, person, OTHER)


def test_the_wording_that_was_sent_comes_first_for_the_next_colleague(cast: Cast, room: Room) -> None:
    assert offers(room(cast.tomas), cast.tomas)[0] == USUAL
    talk = room(cast.ines)
    offers(talk, cast.ines)
    reply = program_of(cast.ines).post(f"conversations/{talk.pk}/replies/", {"text": OTHER})
    assert reply.status_code == 201 and not RoughText.objects.filter(person=cast.ines).exists()
    assert offers(room(cast.tomas), cast.tomas)[0] == USUAL, "it may be taken back until its undo time is over"
    end_undo_time()
    deliver_rows()

    choice = Signal.objects.get(person=cast.ines).choice
    assert Signal.objects.get().typed == "refund sent" and choice["gained"] > 0
    assert "refund" not in str(choice), "numbers alone are kept of what was weighed"
    teaches(room, cast.ines, 2)
    assert offers(room(cast.tomas), cast.tomas)[0] == OTHER

    unlearning.opt_out(cast.ines)
    assert offers(room(cast.tomas), cast.tomas)[0] == USUAL


def test_a_reply_that_was_taken_back_and_one_nobody_asked_for_teach_nothing(cast: Cast, room: Room) -> None:
    talk = room(cast.ines)
    sends(talk, cast.ines, OTHER)
    assert Signal.objects.get().choice is None
    for _ in range(3):
        talk = room(cast.ines)
        offers(talk, cast.ines)
        program = program_of(cast.ines)
        program.post(f"conversations/{talk.pk}/replies/", {"text": OTHER})
        decision = Decision.objects.order_by("pk").last()
        assert decision and program.post(f"decisions/{decision.pk}/undo/").status_code < 300
    assert offers(room(cast.tomas), cast.tomas)[0] == USUAL


def test_what_was_learnt_is_kept_and_learnt_anew_from_those_who_are_left(
    cast: Cast, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sense_kept, "WORTH_KEEPING", 4)
    teaches(room, cast.ines, 3)
    sweep.tidy_up()
    assert not HouseSense.objects.exists(), "three are too few to be written down"
    learnt = sense_kept.sense_of_today()
    teaches(room, cast.petra)
    sweep.tidy_up()
    assert HouseSense.objects.get().learnt == 4
    assert not Signal.objects.filter(sense_kept.DUE).exists()
    kept = sense_kept.sense_of_today()
    assert kept.gate.turns == {str(cast.support.pk): 4} and learnt.gate.turns.total() == 3
    assert offers(room(cast.tomas), cast.tomas)[0] == OTHER

    unlearning.opt_out(cast.ines)
    assert not HouseSense.objects.exists() and sense_kept.sense_of_today().gate.turns.total() == 1
    said = StringIO()
    call_command("learn_anew", stdout=said)
    assert "4 replies in our words were learnt from anew" in said.getvalue()
    assert sense_kept.sense_of_today().gate.turns.total() == 1

    HouseSense.objects.update(form=0)  # an earlier version's
    assert sense_kept.sense_of_today().gate.turns.total() == 0
    teaches(room, cast.petra, 4)
    sweep.tidy_up()
    assert HouseSense.objects.get().learnt == 8, "what the earlier version had learnt is learnt in today's form"
