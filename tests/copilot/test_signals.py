"""What an edit changed is told in words, and signals can be made again from the decisions."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import F
from django.test import Client
from django.utils import timezone

from copilot.models import Decision, Draft, Signal
from customers.models import Record
from interactions.models import OutboxMessage
from tests.cast import Cast
from tests.copilot.api.calling import is_problem, program_of
from tests.copilot.console.conftest import sign_in as sign_in
from tests.copilot.console.made import SignIn, a_draft
from tests.factories import a_contact, a_conversation, a_message
from tests.work import end_undo_time, run_tasks

pytestmark = pytest.mark.django_db
DRAFTED = (
    "Hi Mara,\n\nYour order 4711 left on 3 March and will reach you within a week. We can change its address"
    " until then. Just write back with the new one.\n\nKind regards\nInes"
)
EDITS = (
    ("3 March", "5 March", ["fact"]),
    ("We can", "We cannot", ["policy"]),
    (" within a week", " within a week, and we refund the postage", ["policy"]),
    ("Your order 4711 left", "Your order left", ["privacy"]),
    ("the new one.", "the new one, also for K-{n}00.", ["customer"]),
    ("the new one.", "the new one to desk@harbour.example.", ["fact"]),
    ("Hi Mara", "Dear Mara", ["tone"]),
    ("Just write back", "Please just write back", ["tone"]),
    (" Just write back with the new one.", "", ["structure"]),
    ("reach you", "arrive at yours", ["fluency"]),
    ("3 March", "5 March, thank you, Mara Holm", ["fact", "customer", "tone"]),
)


def a_talk(cast: Cast, number: int) -> Draft:
    """A draft for a customer of their own, who has an invoice."""
    mara = a_contact(name="Mara Holm", account=None, email=f"{number}@holm.example")
    talk = a_conversation(team=cast.support, contact=mara, connection=None)
    a_message(conversation=talk, text="Where is it?")
    Record.objects.create(
        kind="invoice",
        external_id=f"K-{number}00",
        title="Invoice",
        contact=mara,
        source_updated_at=timezone.now(),
    )
    return a_draft(conversation=talk, text=DRAFTED, sources=[], checks=[], missing=[])


def test_each_edit_says_what_it_changed_and_how_long_reading_takes(cast: Cast, sign_in: SignIn) -> None:
    program, browser = program_of(cast.ines), sign_in(cast.ines)
    for number, (old, new, kinds) in enumerate(EDITS):
        draft = a_talk(cast, number)
        text = DRAFTED.replace(old, new.replace("{n}", str(number)))
        answer = program.post(
            f"drafts/{draft.pk}/decisions/", {"kind": "edit", "version": draft.version, "text": text}
        )
        assert answer.status_code == 201, answer.json()
        told = program.get("signals/", draft=draft.pk).json()["results"][0]
        known = [one for one in told["kinds"] if one in kinds or one != "fluency"]
        assert known == kinds, (old, new, told["kinds"])
        assert told["reading_seconds"] == 8, "33 words at 238 a minute"
    end_undo_time()
    run_tasks()
    page = browser.get(f"/inbox/{draft.conversation_id}/").content.decode()
    assert "What changed: a fact, something about this customer and tone" in " ".join(page.split())


def test_the_month_says_what_people_changed_and_what_nobody_can_have_read(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    for number in range(3):
        decides(cast, a_talk(cast, number), "edit", text=DRAFTED.replace("3 March", f"{number + 4} March"))
    decides(cast, a_talk(cast, 8), "approve")
    slowly = a_talk(cast, 9)
    Draft.objects.filter(pk=slowly.pk).update(ready_at=timezone.now() - timedelta(seconds=30))
    decides(cast, slowly, "approve")
    end_undo_time()
    run_tasks()
    lead = sign_in(cast.petra)
    with django_assert_max_num_queries(15):
        page = " ".join(lead.get("/learning/month/").content.decode().split())
    assert "3 of 5 drafts that became replies were edited" in page and "3 times a fact" in page
    assert "1 was sent as drafted before half of it can have been read" in page


def decides(cast: Cast, draft: Draft, kind: str, **more: Any) -> None:
    told = {"kind": kind, "version": draft.version, **more}
    answer = program_of(cast.ines).post(f"drafts/{draft.pk}/decisions/", told)
    assert answer.status_code == 201, answer.json()


def test_signals_are_made_again_from_decisions_as_their_replies_fared(cast: Cast, client: Client) -> None:
    edited, taken_back, waiting = (a_talk(cast, number) for number in range(3))
    for draft in (edited, taken_back, waiting):
        decides(cast, draft, "edit", text=DRAFTED.replace("reach", "meet"))
    back = Decision.objects.get(draft=taken_back)
    assert program_of(cast.ines).post(f"decisions/{back.pk}/undo/").status_code in (200, 201)
    OutboxMessage.objects.filter(decision__draft=edited).update(due_at=F("created_at"))
    run_tasks()
    was = states()
    assert set(was.values()) == {"settled", "void", "pending"}
    kept = list(Signal.objects.order_by("decision").values("script", "distance", "kinds", "seconds", "at"))

    assert "3 signals were made again, 0 of them had been missing" in rebuilt()
    Signal.objects.all().delete()
    assert "3 signals were made again, 3 of them had been missing" in rebuilt()
    assert states() == was
    again = Signal.objects.order_by("decision").values("script", "distance", "kinds", "seconds", "at")
    for one, other in zip(again, kept, strict=True):
        assert abs(one.pop("at") - other.pop("at")) < timedelta(seconds=2) and one == other
    Signal.objects.update(kinds=[], reading_seconds=0)
    rebuilt()
    assert Signal.objects.filter(kinds=["fluency"], reading_seconds=8).count() == 3, "as it is measured today"


def states() -> dict[int, str]:
    return dict(Signal.objects.order_by("pk").values_list("decision", "state"))


def rebuilt() -> str:
    told = StringIO()
    call_command("rebuild_signals", stdout=told)
    return told.getvalue()


def test_a_program_without_the_right_reads_no_signal(cast: Cast) -> None:
    draft = a_talk(cast, 1)
    decides(cast, draft, "edit", text=DRAFTED.replace("reach", "meet"))
    signal = Signal.objects.get()
    assert is_problem(program_of(cast.lukas).get(f"signals/{signal.pk}/"), 404)
