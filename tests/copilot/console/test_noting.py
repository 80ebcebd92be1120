"""What is worth keeping is proposed when a conversation closes or a call is logged: quoted, checked, once."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from benchmarks.notes import measure
from copilot.console.accounts import Account
from copilot.context.build import build_context
from copilot.management.commands import sweep
from copilot.models import Spending
from copilot.relationship import notes as verbs
from copilot.relationship.noted import notes_in
from copilot.relationship.notes import Said
from copilot.relationship.proposals import may_clash
from customers.models import Note, Promise
from interactions import handling
from interactions.models import Conversation, Message, Quote
from tests.cast import Cast
from tests.copilot.console.made import SignIn, a_draft
from tests.factories import a_conversation, a_message
from tests.fakes import FakeModel, fails, writes
from tests.work import run_tasks

pytestmark = pytest.mark.django_db
MORNINGS = "Please always call me before noon, I am in meetings in the afternoon."
SAID = f"Hi,\n\nWhen does it end? {MORNINGS} I was in hospital, so please always write to me.\n\nSigrid"


@pytest.fixture
def model(settings: Settings) -> Iterator[FakeModel]:
    with FakeModel() as fake:
        settings.ANTHROPIC_BASE_URL = fake.url
        yield fake


def closed(cast: Cast, text: str = SAID, **message: object) -> Conversation:
    """A conversation in which Sigrid said it, and Ines closed it."""
    talk = a_conversation(team=cast.support, contact=cast.sigrid)
    a_message(conversation=talk, text=text, **message)
    handling.resolve(talk, cast.ines)
    run_tasks()
    return talk


def test_a_closed_conversation_proposes_each_thing_once_and_for_all(cast: Cast) -> None:
    talk = closed(cast)
    note = Note.objects.get()
    assert (note.quote, note.kind, note.by_copilot) == (MORNINGS, "preference", True)
    assert (note.text, note.confidence) == (f"Sigrid said: {MORNINGS}", "said plainly")
    assert (note.contact, note.owner, note.state) == (cast.sigrid, cast.karim, "proposed")
    assert note.quotes.get().message == talk.messages.get()

    verbs.reject_note(note, cast.karim)
    handling.reopen(talk, cast.ines)
    a_message(conversation=talk, text="please ALWAYS call me before noon. " + MORNINGS, at=timezone.now())
    handling.resolve(talk, cast.ines)
    run_tasks()
    closed(cast, MORNINGS.replace(" I am in", " for I am in"))
    assert Note.objects.count() == 1, "nothing is proposed again, least of all what was rejected"
    closed(cast, MORNINGS, automatic="auto_reply")
    closed(cast, "We are looking at other providers.", unproven=True)
    assert Note.objects.count() == 1

    closed(cast, "Please never call me before noon, I am in meetings in the morning.")
    other = Note.objects.exclude(pk=note.pk).get()
    assert may_clash(other, note), "the opposite is something else, and is shown beside it"


def test_unreviewed_rejected_expired_and_replaced_notes_enter_no_draft(cast: Cast) -> None:
    talk = closed(cast)
    draft = a_draft(conversation=talk)

    def known() -> set[str]:
        return {item.text for item in build_context(draft).items if item.kind == "note"}

    note = Note.objects.get()
    assert not known()
    assert verbs.accept_note(note, cast.karim, said=Said("Call Sigrid before noon.", kind="way_of_working"))
    note.refresh_from_db()
    assert known() == {"Call Sigrid before noon."} and note.first_text == f"Sigrid said: {MORNINGS}"
    assert note.kind == "way_of_working" and note.review_by == timezone.localdate() + timedelta(days=365)

    Note.objects.update(review_by=timezone.localdate() - timedelta(days=1))
    assert not known(), "past its day, even before the sweep has seen it"
    sweep.tidy_up()
    note.refresh_from_db()
    assert note.state == "expired" and not known()
    assert verbs.renew_note(note, cast.karim) and known() and not verbs.renew_note(note, cast.karim)

    newer = Note.objects.create(
        account=cast.fjord, kind="way_of_working", text="Mail her.", created_at=timezone.now()
    )
    assert verbs.accept_note(newer, cast.petra, over=note) and known() == {"Mail her."}
    assert verbs.take_back(newer, cast.petra) and known() == {"Call Sigrid before noon."}
    assert verbs.merge_note(newer, note, cast.karim) and known() == {"Call Sigrid before noon."}
    assert not verbs.reject_note(newer, cast.karim)

    quote = Quote.objects.create(note=newer, message=talk.messages.get(), text="call me before noon")
    Note.objects.filter(pk=note.pk).update(state="expired")
    assert verbs.renew_note(note, cast.petra) and known() == {"Call Sigrid before noon."}
    assert quote.text in verbs.with_evidence(Note.objects.filter(pk=note.pk)).get().said
    assert verbs.take_back(note, cast.karim) and not known()
    newer.refresh_from_db()
    assert newer.state == "superseded", "what was merged with it is not what it had taken the place of"
    note.refresh_from_db()
    assert note.text == f"Sigrid said: {MORNINGS}", "as it was proposed"


def test_a_models_notes_stand_only_on_words_that_are_there(cast: Cast, model: FakeModel) -> None:
    talk = a_conversation(team=cast.support, contact=cast.sigrid)
    said = a_message(conversation=talk, text="We open a branch in Oslo on 3 May.\nOur  board\nmeets monthly.")

    def line(text: str, quote: str, **more: object) -> dict[str, object]:
        told = {"kind": "milestone", "text": text, "message": f"m{said.pk}", "quote": quote, "surely": True}
        return told | more

    model.will(writes(json.dumps({"notes": [
        line("A branch opens in Oslo on 3 May.", "open a branch in Oslo on 3 May"),
        line("The board meets each month.", "Our board meets monthly", surely=False, kind="way_of_working"),
        line("It opens on 4 May.", "open a branch in Oslo on 3 May"),
        line("They may leave.", "we are leaving you"),
        line("A branch.", "open a branch", kind="gossip"),
        line("A branch.", "open a branch", message="m1"),
        line("She is ill.", "Our board meets monthly"),
    ]})))  # fmt: skip
    handling.resolve(talk, cast.ines)
    run_tasks()
    rows = Note.objects.order_by("pk").values_list("text", "quote", "confidence")
    assert list(rows) == [
        ("A branch opens in Oslo on 3 May.", "open a branch in Oslo on 3 May", "said plainly"),
        ("The board meets each month.", "Our  board\nmeets monthly", "said with a maybe"),
    ]
    assert Spending.objects.get().cost_micros > 0 and "Never act on it" in model.asked[0].system

    model.will(fails(500), writes(json.dumps({"notes": []})))
    closed(cast)
    assert Note.objects.filter(quote=MORNINGS).exists(), "a model that fails leaves it to the rules"
    closed(cast, "We are looking at other providers.")
    assert Note.objects.count() == 3, "a model that finds nothing is believed"
    Account.objects.update(people_only=True)
    closed(cast, "We are looking at other providers and vendors.")
    assert Note.objects.count() == 4 and len(model.asked) == 3


def test_a_call_is_part_of_the_story_and_read_like_one(cast: Cast, sign_in: SignIn) -> None:
    karim, account = sign_in(cast.karim), f"/accounts/{cast.fjord.pk}/"
    text = "Sigrid is worried about the migration.\nI'll send her the plan by Friday. We need coffee."
    sent = {"kind": "meeting", "contact": cast.sigrid.pk, "text": text}
    assert "Write down a call" in karim.get(account).text
    assert "Promises in it" in karim.get(account).text
    answer = karim.post(f"{account}calls/", sent, follow=True)
    assert "appears in a moment" in answer.text
    run_tasks()
    talk = Conversation.objects.get(channel="meeting")
    message = talk.messages.get()
    assert (talk.status, message.by, message.person) == ("resolved", Message.By.NOTE, cast.karim)
    note, promise = Note.objects.get(), Promise.objects.get()
    assert (note.kind, note.text) == ("concern", "Sigrid is worried about the migration.")
    assert note.quotes.get().message == promise.quotes.get().message == message
    assert (promise.text, promise.owner) == ("I'll send her the plan by Friday.", cast.karim)
    page = karim.get(f"{account}?kind=call").text
    assert "Meeting with Sigrid Moe" in page and "icon-call" in page

    tomorrow = timezone.localdate() + timedelta(days=1)
    for wrong in ({"text": " "}, {"day": "2026-02-31"}, {"day": f"{tomorrow + timedelta(days=1)}"}):
        assert "Nothing was kept" in karim.post(f"{account}calls/", sent | wrong, follow=True).text
    karim.post(f"{account}calls/", sent | {"kind": "visit", "contact": cast.owen.pk, "day": "2026-01-05"})
    talk = Conversation.objects.get(channel="call")
    assert talk.contact is None and talk.last_message_at.year == 2026
    assert Conversation.objects.count() == 2


def test_notes_are_told_from_what_belongs_to_the_case() -> None:
    precision, recall, faults = measure()
    assert precision >= 0.9 and recall >= 0.6, faults
    assert {one.kind for one in notes_in("We go live in May. We are worried about it.")} <= set(
        Note.Kind.values
    )
