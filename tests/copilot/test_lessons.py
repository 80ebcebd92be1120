"""An edit becomes a lesson, shapes the next draft and is named there, and whoever taught it can undo it."""

import random
import string

import pytest
from django.db.models.functions import Now
from django.test import Client

from copilot.drafting import work
from copilot.knowledge import texts
from copilot.learning import ledger
from copilot.models import Draft, Lesson
from tests.cast import Cast
from tests.copilot.console.conftest import sign_in as sign_in
from tests.copilot.console.made import SignIn
from tests.crm import PushingCrm
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
    fourth = asks(crm, 4, "Nils")
    assert "bill" in fourth.text and "Kind regards" in fourth.text and len(fourth.lessons) == 1
    assert browser.get(f"/inbox/{second}/").content.decode().count("Learnt from you") == 2
