"""An edit becomes a lesson, shapes the next draft and is named there, and whoever taught it can undo it."""

import json
import random
import string
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from django.test import Client

from copilot.context.build import build_context
from copilot.drafting import work
from copilot.drafting.prompt import render
from copilot.knowledge import texts
from copilot.learning import ledger
from copilot.models import Draft, Lesson, LessonEvidence
from interactions.models import Connection, Message
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.api.calling import is_problem, program_of
from tests.copilot.console.conftest import sign_in as sign_in
from tests.copilot.console.made import SignIn
from tests.crm import PushingCrm, through
from tests.receiver import Receiver
from tests.schemas import FROZEN, shape
from tests.work import end_undo_time, run_tasks

pytestmark = pytest.mark.django_db
QUESTION = "How can I change the delivery address of my order?"
SAVED = "You can change the delivery address under your orders. The bill follows with the parcel."


def a_word() -> str:
    """A word that stands nowhere in this repository."""
    return "".join(random.choices(string.ascii_lowercase, k=9))


def asks(crm: PushingCrm, number: int, first_name: str) -> Draft:
    """A customer of their own asks, and gets a draft."""
    crm.says(
        QUESTION, conversation=f"c-{number}",
        contact={"id": f"p-{number}", "name": f"{first_name} Holm", "email": f"{number}@holm{number}.example"},
        account={"id": f"a-{number}", "name": f"Holm number {number}"},
    )  # fmt: skip
    run_tasks()
    Draft.objects.filter(state="queued").update(due_at=Now())
    for draft_id in work.due_drafts(50):
        work.work(draft_id)
    draft: Draft = Draft.objects.select_related("conversation").get(conversation__external_id=f"c-{number}")
    assert draft.state == "ready", draft.failure
    return draft


def learn_due() -> None:
    for signal_id in ledger.due_signals(50):
        ledger.learn(signal_id)


def sends(browser: Client, draft: Draft, text: str) -> None:
    here = f"/inbox/{draft.conversation_id}/drafts/{draft.n}"
    answer = browser.post(f"{here}/approve/", {"version": draft.version, "text": text})
    assert answer.status_code == 303, answer.content
    end_undo_time()
    run_tasks()
    learn_due()


def test_the_same_edit_for_two_customers_is_a_lesson_that_the_third_draft_names(
    crm: PushingCrm, cast: Cast, sign_in: SignIn
) -> None:
    texts.new_saved_reply(None, cast.support, "Change the delivery address of an order", SAVED)
    browser = sign_in(cast.ines)
    said, closing, hint = a_word(), f"{a_word()} {a_word()}", f"Just ask your {a_word()} at the counter."

    def edited(draft: Draft) -> str:
        for old in ("bill", "Kind regards"):
            assert old in draft.text
        text = draft.text.replace("bill", said).replace("Kind regards", closing.capitalize())
        return text.replace("parcel.", f"parcel. {hint}")

    for number, name in ((1, "Mara"), (2, "Peter")):
        draft = asks(crm, number, name)
        assert draft.lessons == []
        sends(browser, draft, edited(draft))
        states = {one.kind: one.state for one in Lesson.objects.all()}
        wanted = "active" if number == 2 else "proposed"
        assert states == {"replace": wanted, "closing": wanted, "insert": wanted}

    third = asks(crm, 3, "Lone")
    for words in (said, closing.capitalize(), hint):
        assert words in third.text
    assert "bill" not in third.text and len(third.lessons) == 3

    asked = "".join(block.text for block in render(build_context(third)).blocks)
    assert f'"instead_of":"bill","write":"{said}"' in asked.partition("<house_style>")[2]

    here = f"/inbox/{third.conversation_id}/drafts/{third.n}"
    page = browser.get(f"/inbox/{third.conversation_id}/").content.decode()
    assert page.count("Lesson used") == 3 and said in page and "Wrong here" in page
    wording = Lesson.objects.get(kind="replace")
    assert browser.post(f"{here}/wrong/", {"lesson": wording.pk}).status_code == 303
    wording.refresh_from_db()
    assert wording.state == "active" and wording.evidence.filter(agrees=False).count() == 1

    second = Draft.objects.get(conversation__external_id="c-2").conversation_id
    page = browser.get(f"/inbox/{second}/").content.decode()
    assert page.count("Learnt from you") == 3 and "Only me" in page
    assert browser.post(f"/inbox/{second}/learnt/{wording.pk}/undo/").status_code == 303
    ending = Lesson.objects.get(kind="closing")
    assert browser.post(f"/inbox/{second}/learnt/{ending.pk}/only-me/").status_code == 303
    standing = list(Lesson.objects.order_by("pk").values_list("pk", "state"))
    call_command("learn_anew", stdout=StringIO())
    assert list(Lesson.objects.order_by("pk").values_list("pk", "state")) == standing, (
        "what was undone stays so"
    )
    fourth = asks(crm, 4, "Nils")
    assert "bill" in fourth.text and "Kind regards" in fourth.text and len(fourth.lessons) == 1
    assert browser.get(f"/inbox/{second}/").content.decode().count("Learnt from you") == 2


def test_what_an_agent_sends_from_the_crm_teaches_where_it_is_our_draft_with_edits(
    crm: PushingCrm, cast: Cast
) -> None:
    texts.new_saved_reply(None, cast.support, "Change the delivery address of an order", SAVED)
    said = a_word()
    by: dict[str, Any] = {"author": cast.ines.name, "author_email": cast.ines.email, "contact": None}
    for number, name in ((1, "Mara"), (2, "Peter")):
        draft = asks(crm, number, name)
        answer = draft.text.replace("bill", said)
        crm.answers(answer, conversation=f"c-{number}", **by)
        run_tasks()
        learn_due()
    lesson = Lesson.objects.get()
    assert (lesson.before, lesson.after, lesson.state) == ("bill", said, "active")
    assert {one.person for one in lesson.evidence.all()} == {cast.ines}
    third = asks(crm, 3, "Lone")
    assert said in third.text
    crm.answers("Dear Lone,\n\nring me, it is all different there.\n\nInés", conversation="c-3", **by)
    run_tasks()
    learn_due()
    assert Lesson.objects.get().evidence.count() == 2, "a reply of their own says nothing about our wording"


def test_who_wants_to_teach_nothing_says_so_and_no_draft_is_written_from_their_replies(
    crm: PushingCrm, cast: Cast, sign_in: SignIn
) -> None:
    said = f"Just ask for the {a_word()} {a_word()} at the counter, and they change the address of the order."
    for number, name, who in ((1, "Mara", cast.ines), (2, "Peter", cast.petra)):
        asks(crm, number, name)
        crm.answers(
            f"Hi {name},\n\n{said}\n\n{who.first_name}", conversation=f"c-{number}",
            author=who.name, author_email=who.email, contact=None,
        )  # fmt: skip
        run_tasks()
    assert said in asks(crm, 3, "Lone").text
    browser, program = sign_in(cast.ines), program_of(cast.ines)
    assert "Learn nothing from me" in browser.get("/settings/me/").content.decode()
    assert program.get("teaching/").json() == {"teaches": True, "unlearnt": []}
    page = browser.post("/settings/me/teaching/").content.decode()
    assert "Nothing had rested on your edits alone." in page and "Learn from me again" in page
    assert said not in asks(crm, 4, "Nils").text, "one colleague's word is nobody else's yet"
    assert Message.objects.filter(person=cast.ines, text__contains=said).exists()
    assert program.post("teaching/", {"teaches": True}).json()["teaches"]
    assert said in asks(crm, 5, "Olga").text
    deeds = AuditEntry.objects.filter(person=cast.ines).order_by("pk").values_list("verb", "key__person")
    assert list(deeds) == [("stopped learning from", None), ("learns again from", cast.ines.pk)]


def test_what_a_person_or_a_source_taught_is_taken_back_and_listed(
    crm: PushingCrm, cast: Cast, sign_in: SignIn
) -> None:
    texts.new_saved_reply(None, cast.support, "Change the delivery address of an order", SAVED)
    said, told = a_word(), StringIO()
    writers = ((1, "Mara", cast.ines), (2, "Peter", cast.petra))
    for number, name, who in writers:
        by: dict[str, Any] = {"author": who.name, "author_email": who.email, "contact": None}
        draft = asks(crm, number, name)
        crm.answers(draft.text.replace("bill", said), conversation=f"c-{number}", **by)
        run_tasks()
        learn_due()
    title = f"Say “{said}”, not “bill”"
    assert Lesson.objects.get().state == "active"
    answer = program_of(cast.ines).post("teaching/", {"teaches": False}).json()
    rested = {"title": title, "team": "Support", "was": "In use", "now": "Not enough yet"}
    assert answer == {"teaches": False, "unlearnt": [rested]}
    call_command("learn_anew", stdout=StringIO())
    assert Lesson.objects.get().state == "proposed", "her edits are passed over"
    assert asks(crm, 3, "Lone").lessons == []
    call_command("unlearn", person=cast.ines.email, again=True, stdout=told)
    call_command("learn_anew", stdout=StringIO())
    assert Lesson.objects.get().state == "active"
    poisoned = Draft.objects.get(conversation__external_id="c-2").conversation_id
    call_command("unlearn", conversation=poisoned, stdout=told)
    assert told.getvalue().count(f"{title}: In use -> Not enough yet") == 1
    assert said not in asks(crm, 4, "Nils").text, "one colleague's word is nobody else's yet"
    call_command("learn_anew", stdout=StringIO())
    page = sign_in(cast.ines).post("/settings/me/teaching/").content.decode()
    assert title in page and "Not enough yet before, gone now" in page and not Lesson.objects.exists()
    assert AuditEntry.objects.filter(verb="stopped learning from").count() == 2


def test_a_lead_moves_lessons_programs_hear_of_it_and_an_erased_customer_takes_theirs_along(
    listening: Connection,
    client: Client,
    cast: Cast,
    sign_in: SignIn,
    receiver: Receiver,
    django_assert_max_num_queries: Any,
) -> None:
    crm = PushingCrm(listening, through(client))
    texts.new_saved_reply(None, cast.support, "Change the delivery address of an order", SAVED)
    browser, lead, said = sign_in(cast.ines), sign_in(cast.petra), a_word()
    assert lead.post("/learning/", {"team": cast.support.pk, "needs_yes": "1"}).status_code == 303
    for number, name in ((1, "Mara"), (2, "Peter")):
        draft = asks(crm, number, name)
        named = draft.text.replace("The bill", f"{name}, the {said}").replace(
            "Hi Mara", f"Hi 0{number}2-55 Mara"
        )
        sends(browser, draft, named.replace("under your orders", f"under order AB-{number}234 until Friday"))
    learn_due()
    assert not Lesson.objects.exists(), "details and names teach nothing"

    for number, name in ((3, "Lone"), (4, "Nils")):
        draft = asks(crm, number, name)
        sends(browser, draft, draft.text.replace("The bill", f"The {said}"))
    lesson = Lesson.objects.get()
    assert lesson.state == "proposed", "the team wants a lead's yes"
    with django_assert_max_num_queries(15):
        page = lead.get("/learning/").content.decode()
    assert lesson.title in page.replace("&#x27;", "'") and "2 agree" in page
    moved = f"lessons/{lesson.pk}/moves/"
    petra, ines = program_of(cast.petra), program_of(cast.ines)
    assert ines.post(moved, {"kind": "accept", "version": 1}).status_code == 403
    answer = petra.post(moved, {"kind": "accept", "version": lesson.version})
    assert (answer.status_code, answer.json()["state"], answer.json()["agree"]) == (200, "active", 2)
    assert is_problem(petra.post(moved, {"kind": "retire", "version": lesson.version}), 409, "refused")
    run_tasks()
    (event,) = [one for one in (json.loads(d.body) for d in receiver.deliveries) if "lesson" in one["data"]]
    assert shape(event) == json.loads((FROZEN / "outbound/lesson.activated.json").read_text())
    assert event["data"]["lesson"]["after"] == f"the {said} follows" or said in event["data"]["lesson"]["after"]

    form = {
        "do": "reword",
        "version": answer.json()["version"],
        "before": lesson.before,
        "after": lesson.after * 2,
    }
    assert lead.post(f"/learning/lessons/{lesson.pk}/", form).status_code == 303
    with django_assert_max_num_queries(15):
        page = lead.get(f"/learning/lessons/{lesson.pk}/").content.decode()
    assert "Reworded by Petra Novak" in page and page.count("wrote it so") == 2
    assert AuditEntry.objects.filter(verb="reworded lesson", person=cast.petra).exists()

    Lesson.objects.update(accepted_by=None)
    for left, number in ((1, 3), (0, 4)):
        contact = crm.conversation(f"c-{number}").contact
        assert contact and program_of(cast.ada).post(f"contacts/{contact.pk}/erasure/").status_code == 201
        run_tasks()
        assert LessonEvidence.objects.count() == left
    assert not Lesson.objects.exists()
