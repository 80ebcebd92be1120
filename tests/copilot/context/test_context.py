"""What a draft's prompt holds: within its budget, and most of it read from the provider's cache next time."""

import json
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import Settings

from copilot.context import budget
from copilot.drafting import opening
from copilot.drafting.case import due_cases
from copilot.drafting.summary import summarise
from copilot.drafting.work import due_drafts, work
from copilot.models import CaseSummary, Draft, SavedReply
from customers.models import Note, Record
from interactions import erasing
from interactions.models import Message
from tests.cast import Cast
from tests.crm import PushingCrm, minutes_ago
from tests.fakes import Answer, FakeModel, says, writes
from tests.work import run_tasks

pytestmark = pytest.mark.django_db
LONG = "The crane stood still again and nobody on the quay could tell us what it waits for. " * 20
OWEN = {"id": "p-2", "name": "Owen Pryce", "email": "owen@bright.example"}
BRIGHT = {"id": "a-2", "name": "Bright Dental"}


@pytest.fixture
def model(settings: Settings) -> Iterator[FakeModel]:
    with FakeModel() as fake:
        settings.ANTHROPIC_BASE_URL = fake.url
        yield fake


def drafted() -> Draft:
    """What is due is written, and what the customer has overtaken is asked for again."""
    run_tasks()
    for stale in Draft.objects.filter(state=Draft.State.STALE).select_related("conversation"):
        opening.requeue(stale, opening.newest_from_customer(stale.conversation))
    for number in due_drafts(10):
        work(number)
    return Draft.objects.latest("ready_at")


def known_of(draft: Draft) -> None:
    account, now = draft.conversation.account, timezone.now()
    assert account
    for number in range(8):
        fields = {"item": "Mooring rope, 40 m", "seats": number, "total": "1249.00", "currency": "EUR"}
        Record.objects.create(
            account=account, external_id=f"o-{number}-{account.pk}", kind="order", status="delivered",
            title=f"Order {7310 + number}", fields=fields, source_updated_at=now,
        )  # fmt: skip
    Note.objects.create(
        account=account, kind="preference", state="accepted", text="Writes briefly.", created_at=now
    )
    for title in ("Mooring ropes", "Late deliveries"):
        text = f"{title}: each order is delivered within two days, and ropes are measured before that."
        SavedReply.objects.get_or_create(
            team=draft.conversation.team, title=title, defaults={"text": text, "updated_at": now}
        )


def test_most_of_the_next_prompt_comes_from_the_cache(crm: PushingCrm, model: FakeModel) -> None:
    crm.says("Are the ropes of order 7312 on their way?", at=minutes_ago(30))
    known_of(drafted())
    crm.says("They are 40 m long, I hope.", at=minutes_ago(29))
    drafted()
    crm.answers("They left today, and they are 40 m long.", at=minutes_ago(20))
    crm.says("Thank you! When is the next delivery, order 7314?", at=minutes_ago(10))
    drafted()
    crm.says("Is my order late?", conversation="c-9", contact=OWEN, account=BRIGHT, at=minutes_ago(5))
    drafted()
    _, before, same, other = model.asked
    assert b"Mooring ropes" in same.body and b"They left today" in same.body
    assert same.from_cache(before) >= 0.7
    assert other.from_cache(same) > 0.3, "another customer of the team shares the rules"
    assert other.from_cache(same) < same.from_cache(before)


def test_what_does_not_fit_is_named_and_not_sent(
    crm: PushingCrm, model: FakeModel, cast: Cast, client: Client, settings: Settings
) -> None:
    settings.COPILOT_CONTEXT_TOKENS = 4_000
    crm.says("It began in May. " + LONG, at=minutes_ago(90))
    for minute in range(12):
        crm.answers(f"Try number {minute}. " + LONG, at=minutes_ago(80 - 2 * minute))
        crm.says(f"Still nothing at {minute}. " + LONG, at=minutes_ago(79 - 2 * minute))
    known_of(drafted())
    crm.says("And order 7310?", at=minutes_ago(1))
    draft = drafted()
    asked = model.asked[-1]
    assert "And order 7310?" in asked.said and "It began in May" not in asked.said
    assert budget.tokens(asked.said) < 4_600, "the estimate, and the blocks' own names"
    assert [one["why"] for one in draft.unused] == [budget.NO_ROOM] * len(draft.unused)
    client.force_login(cast.ines)
    page = client.get(reverse("conversation", args=[draft.conversation_id])).content.decode()
    assert "older messages, no room left for it in one prompt" in page


def long_talk(crm: PushingCrm) -> list[Message]:
    """Forty-six messages, the first about a crane that will matter."""
    crm.says("Crane 7 has stood still since 3 May. Who pays for the lost days?", at=minutes_ago(300))
    run_tasks()
    talk = crm.conversation()
    rows = [
        Message(
            conversation=talk, by=("colleague", "customer")[number % 2], sent_at=minutes_ago(290 - number),
            received_at=timezone.now(), text=f"About crane 7, letter {number}: the lost days are looked at.",
        )
        for number in range(45)
    ]  # fmt: skip
    Message.objects.bulk_create(rows)
    return list(talk.messages.order_by("sent_at", "pk"))


def lines(*told: tuple[str, int, str]) -> Answer:
    return writes(json.dumps({"lines": [{"text": t, "message": f"m{m}", "quote": q} for t, m, q in told]}))


def test_a_long_conversation_is_told_in_three_lines(
    crm: PushingCrm, model: FakeModel, cast: Cast, client: Client
) -> None:
    said = long_talk(crm)
    crm.says("And who pays for June?", at=minutes_ago(3))
    drafted()
    assert b"Crane 7 has stood" not in model.asked[-1].body, "it is older than what fits"
    first, middle, last = said[0], said[9], said[20]
    quotes = ("stood still since 3 May", "letter 8: the lost days", "letter 19: the lost days are")
    good = [("The crane stood still.", first.pk, quotes[0]), ("We looked at it.", middle.pk, quotes[1])]
    invented = ("They want 900 EUR.", last.pk, quotes[2])
    model.will(lines(*good, invented))
    for number in due_cases(10):
        summarise(number)
    case = CaseSummary.objects.get()
    assert (case.engine, case.due_at, len(case.lines)) == ("offline", None, 3), "a figure that nobody said"
    assert case.lines[0]["quote"] == "Crane 7 has stood still since 3 May."
    assert {one["message"] for one in case.lines} <= {one.pk for one in said}

    CaseSummary.objects.update(due_at=timezone.now())
    model.will(lines(*good, ("It is still open.", last.pk, quotes[2])))
    summarise(case.pk)
    case.refresh_from_db()
    assert (case.engine, [one["quote"] for one in case.lines]) == ("claude", list(quotes))
    model.will(says(f"The crane has stood still [m{first.pk}]."))
    crm.says("Please answer.", at=minutes_ago(2))
    draft = drafted()
    asked = model.asked[-1].said
    assert quotes[0] in asked and "letter 5:" not in asked and "letter 44:" in asked
    assert draft.sources[0]["quote"] == quotes[0]
    client.force_login(cast.ines)
    page = client.get(reverse("conversation", args=[draft.conversation_id])).content.decode()
    assert "The case so far: The crane stood still." in page
    assert f'href="#message-{first.pk}"' in page and quotes[0] in page
    contact = draft.conversation.contact_id
    assert contact and erasing.erase(contact) and not CaseSummary.objects.exists()
