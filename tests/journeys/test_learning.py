"""Watch it learn, in a real browser with every program real.

The same edit for two customers, in words made up at this moment, is in the third draft and named there; another
team is offered it and declines; its teacher undoes it."""

import json
import random
import string
from typing import TYPE_CHECKING

import pytest

from copilot.knowledge import texts
from copilot.models import Draft, Lesson, Offer
from interactions.models import Connection
from people.models import User
from tests.cast import Cast
from tests.crm import PushingCrm, over_http
from tests.factories import PASSWORD
from tests.fakes import Answer, Asked, FakeModel, says
from tests.work import Programs, eventually, start_sweep, start_website, start_worker

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

SAVED = "You can change the delivery address under your orders. The bill follows with the parcel."
PATIENCE = 30_000  # milliseconds


class Obedient(FakeModel):
    """Writes the saved reply as the house style that it is told has it."""

    def take(self, asked: Asked) -> Answer:
        text = f"Hi,\n\n{SAVED}\n\nKind regards,\nInes Duarte"
        style = asked.said.partition("<house_style>")[2].partition("</house_style>")[0]
        for line in filter(None, style.splitlines()):
            rule = json.loads(line)
            text = text.replace(rule.get("instead_of", "\0"), rule["write"])
        return says(text)


def sign_in(page: "Page", house: str, person: User) -> None:
    page.goto(f"{house}/me/login/")
    page.fill("[name=login]", person.email)
    page.fill("[name=password]", PASSWORD)
    page.click("button.primary")
    page.wait_for_url(lambda url: "/me/login" not in url)


class Story:
    """Customers who ask one after the other, and Ines at her screen."""

    def __init__(self, page: "Page", house: str, crm: PushingCrm) -> None:
        self.page, self.house, self.crm, self.asked = page, house, crm, 0

    def opens_next(self) -> str:
        """Another customer asks, and the draft to them is opened: its text."""
        self.asked += 1
        number, name = self.asked, ("Mara", "Peter", "Lone", "Nils", "Aisha")[self.asked - 1]
        self.crm.says(
            "How can I change the delivery address of my order?", conversation=f"c-{number}",
            contact={"id": f"p-{number}", "name": f"{name} Holm", "email": f"p{number}@holm.example"},
            account={"id": f"a-{number}", "name": f"Holm {number}"},
        )  # fmt: skip
        ready = Draft.objects.filter(conversation__external_id=f"c-{number}", state="ready")
        assert eventually(ready.exists, within=30), list(Draft.objects.values_list("state", "failure"))
        draft = ready.get()
        self.page.goto(f"{self.house}/inbox/{draft.conversation_id}/")
        return draft.text

    def sends(self, old: str = "", new: str = "") -> None:
        page = self.page
        if old:
            page.click("#draft button:has-text('Edit')")
            text = page.input_value("#editor textarea")
            assert old in text
            page.fill("#editor textarea", text.replace(old, new))
            page.click("#editor button.approve")
        else:
            page.click("#draft button.approve")
        page.wait_for_selector("#draft[data-state=sent]", timeout=PATIENCE)


def test_the_same_edit_twice_is_a_lesson_that_can_be_seen_offered_declined_and_undone(
    page: "Page", browser: "Browser", programs: Programs, listening: Connection, cast: Cast
) -> None:
    from playwright.sync_api import expect

    said = "".join(random.choices(string.ascii_lowercase, k=9))
    texts.new_saved_reply(None, cast.support, "Change the delivery address of an order", SAVED)
    house, _ = start_website(programs, UNDO_SECONDS="0")
    start_sweep(programs)
    worker = start_worker(programs, "worker")
    story = Story(page, house, PushingCrm(listening, over_http(house)))
    sign_in(page, house, cast.ines)

    for times in (1, 2):
        assert said not in story.opens_next()
        story.sends("bill", said)
        expect(page.locator(".learnt")).to_contain_text(said, timeout=PATIENCE)
        assert eventually(Lesson.objects.filter(state="proposed" if times == 1 else "active").exists)
    taught = page.url
    assert said in story.opens_next()
    expect(page.locator("#draft .lesson").first).to_contain_text(f"Lesson used: Say “{said}”, not “bill”")
    story.sends()
    assert eventually(Offer.objects.filter(team=cast.sales, state="open").exists)

    with browser.new_context() as elsewhere:
        theirs = elsewhere.new_page()
        sign_in(theirs, house, cast.wanda)
        theirs.goto(f"{house}/learning/")
        theirs.click("text=Offers between teams")
        expect(theirs.locator(".note-line")).to_contain_text("kept in 1 of 1 reply")
        theirs.fill("[name=why]", "Our customers get no parcels.")
        theirs.click("button:has-text('Decline')")
        theirs.click("text=Decided")
        expect(theirs.locator(".note-line")).to_contain_text("Declined by Wanda Okoro")

    programs.stop(worker)
    with Obedient() as model:
        start_worker(programs, "with-model", ANTHROPIC_BASE_URL=model.url)
        assert said in story.opens_next()
        expect(page.locator("#draft .lesson").first).to_contain_text(said)
        page.goto(taught)
        page.click(".learnt button:has-text('Undo')")
        assert eventually(Lesson.objects.filter(state="proposed").exists)
        page.goto(taught)
        expect(page.locator(".learnt")).to_have_count(0)
        assert said not in story.opens_next()
