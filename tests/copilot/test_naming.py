"""With a model, what is behind an edit is named in one call, and counts where earlier edits bear it out."""

import json
from collections.abc import Iterator
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from pytest_django import Settings

from copilot import naming, tasks
from copilot.models import Lesson, Signal
from tests.cast import Cast
from tests.copilot.api.calling import program_of
from tests.copilot.console.conftest import sign_in as sign_in
from tests.copilot.console.made import SignIn, a_draft
from tests.copilot.test_lessons import a_word
from tests.factories import a_contact, a_conversation, a_message
from tests.fakes import FakeModel, fails, refused_url, writes
from tests.work import end_undo_time, run_tasks

pytestmark = pytest.mark.django_db
GREETED = "Hi {name},\n\n{said} We keep the place for order 4711 until 3 March.\n\nKind regards\nInés"
# In each the word is changed together with another one beside it: by rules these are three other wordings.
EDITS = (
    ("Mara", "We send the bill after the visit.", "We mail the {word} after the visit."),
    ("Peter", "Then the bill follows by post.", "Then the {word} comes by post."),
    ("Lone", "Please keep the bill for your files.", "Please store the {word} for your files."),
)


@pytest.fixture
def model(settings: Settings) -> Iterator[FakeModel]:
    with FakeModel() as fake:
        settings.ANTHROPIC_BASE_URL, settings.ANTHROPIC_API_KEY = fake.url, ""
        yield fake


def names(*preferences: tuple[str, str, str], kinds: tuple[str, ...] = ("fluency",)) -> Any:
    told = [{"kind": kind, "before": before, "after": after} for kind, before, after in preferences]
    return writes(json.dumps({"kinds": kinds, "preferences": told}))


def edits(cast: Cast, number: int, word: str) -> Signal:
    """What Inés sends in place of a draft, learnt from by rules; a model is due."""
    name, was, now = EDITS[number]
    contact = a_contact(name=f"{name} Holm", account=None, email=f"{name}@holm.example")
    talk = a_conversation(team=cast.support, contact=contact, connection=None)
    a_message(conversation=talk, text="What about the bill?")
    drafted = GREETED.format(name=name, said=was)
    draft = a_draft(conversation=talk, text=drafted, sources=[], checks=[], missing=[])
    told = {
        "kind": "edit", "version": draft.version, "text": drafted.replace(was, now.format(word=word)),
    }  # fmt: skip
    assert program_of(cast.ines).post(f"drafts/{draft.pk}/decisions/", told).status_code == 201
    end_undo_time()
    run_tasks()
    signal = Signal.objects.get(draft=draft)
    tasks.learn(signal.pk)
    return signal


def name_due() -> None:
    for signal_id in naming.due_names(50):
        tasks.name(signal_id)


def test_what_a_model_names_counts_once_an_earlier_edit_bears_it_out(
    cast: Cast, model: FakeModel, sign_in: SignIn
) -> None:
    word = a_word()
    preference = ("replace", "bill", word)
    model.will(names(preference), names(preference))
    edits(cast, 0, word)
    name_due()
    assert not Lesson.objects.filter(before="bill").exists(), "one edit proves nothing"
    asked = model.asked[-1]
    assert "{name}" in asked.said and "bill after the visit" in asked.said and word in asked.said
    for private in ("Mara", "Holm", "4711", "3 March"):
        assert private not in asked.said, "a model that names habits sees nobody's details"

    second = edits(cast, 1, word)
    name_due()
    lesson = Lesson.objects.get(before="bill")
    assert (lesson.after, lesson.state, lesson.proof) == (word, "active", 2)
    page = sign_in(cast.ines).get(f"/inbox/{second.conversation_id}/").content.decode()
    assert f"Say “{word}”, not “bill”" in page and "Learnt from you" in page
    assert len(model.asked) == 2
    name_due()
    assert len(model.asked) == 2, "one call for each edit"

    call_command("learn_anew", stdout=StringIO())
    assert Lesson.objects.get(before="bill").state == "active", "counted again without a call"
    assert len(model.asked) == 2 and Lesson.objects.get(before="bill").proof == 2


def test_what_no_edit_bears_out_or_no_lesson_may_hold_is_dropped(cast: Cast, model: FakeModel) -> None:
    word = a_word()
    edits(cast, 0, word)
    model.will(names())
    name_due()
    edits(cast, 1, word)
    model.will(
        names(
            ("replace", "bill", "order 4711"), ("greeting", "", "Hi Mara"), ("mood", "", "kinder"),
            ("replace", "visit", "call"), kinds=("tone", "mood"),
        )
    )  # fmt: skip
    name_due()
    signal = edits(cast, 2, word)
    model.will(names(("replace", "bill", word), ("replace", "files", "records"), kinds=("policy", "tone")))
    name_due()
    assert set(Lesson.objects.filter(state="active").values_list("before", "after")) == {("bill", word)}
    assert not Lesson.objects.filter(after__in=["order 4711", "Hi Mara", "kinder", "call", "records"]).exists()
    signal.refresh_from_db()
    assert signal.kinds == ["policy", "tone"], "which kinds it is of, the model says better than rules"
    call_command("rebuild_signals", stdout=StringIO())
    signal.refresh_from_db()
    assert signal.kinds == ["policy", "tone"]


def test_without_a_model_and_for_whom_none_may_write_nothing_is_asked(
    cast: Cast, model: FakeModel, settings: Settings
) -> None:
    signal = edits(cast, 0, a_word())
    contact = signal.conversation.contact
    assert contact is not None
    contact.people_only = True
    contact.save()
    name_due()
    settings.ANTHROPIC_BASE_URL = ""
    signal = edits(cast, 1, a_word())
    assert signal.name_due_at is None
    name_due()
    assert model.asked == [] and naming.due_names(50) == []


def test_a_model_that_fails_is_asked_again_and_given_up_and_what_rules_learnt_stays(
    cast: Cast, model: FakeModel, settings: Settings
) -> None:
    signal = edits(cast, 0, a_word())
    learnt = Lesson.objects.count()
    assert learnt
    model.will(fails(529, "overloaded_error"), writes("no JSON"), fails(500))
    for _ in range(3):
        name_due()
        Signal.objects.exclude(name_due_at=None).update(name_due_at=Now())
    assert len(model.asked) == 3 and naming.due_names(50) == []
    settings.ANTHROPIC_BASE_URL = refused_url()
    second = edits(cast, 1, a_word())
    name_due()
    assert Signal.objects.get(pk=second.pk).name_due_at is not None, "tried again when its lease is over"
    signal.refresh_from_db()
    assert signal.learnt_at is not None and Lesson.objects.count() > learnt
