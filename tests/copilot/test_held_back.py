"""Chance leaves a lesson out of a few drafts: said on the card, put in by one click, measured on its page."""

import random
from statistics import fmean
from typing import Any

import pytest
from django.utils import timezone

from copilot.context import held
from copilot.knowledge import texts
from copilot.learning.trials import compared, student
from copilot.models import Draft, Lesson, LessonTrial, Signal
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.api.calling import program_of
from tests.copilot.console.conftest import sign_in as sign_in
from tests.copilot.console.made import SignIn
from tests.copilot.test_lessons import SAVED, a_word, asks, sends
from tests.crm import PushingCrm
from tests.work import end_undo_time, run_tasks

SPREAD = 0.05


@pytest.mark.django_db
def test_a_lesson_is_held_back_named_put_in_and_measured_until_a_lead_says_no(
    crm: PushingCrm,
    cast: Cast,
    sign_in: SignIn,
    monkeypatch: pytest.MonkeyPatch,
    django_assert_max_num_queries: Any,
) -> None:
    monkeypatch.setattr(held, "SHARE", 1.0)
    monkeypatch.setattr(held, "FIRST_USES", 1)
    texts.new_saved_reply(None, cast.support, "Change the delivery address of an order", SAVED)
    browser, lead, said = sign_in(cast.ines), sign_in(cast.petra), a_word()
    for number, name in ((1, "Mara"), (2, "Peter")):
        draft = asks(crm, number, name)
        sends(browser, draft, draft.text.replace("bill", said))
    lesson = Lesson.objects.get()
    first = asks(crm, 3, "Lone")
    assert said in first.text and not LessonTrial.objects.exists(), "its first uses are seen by who taught it"

    fourth = asks(crm, 4, "Nils")
    assert said not in fourth.text and fourth.lessons == [] and fourth.trial.held
    page = browser.get(f"/inbox/{fourth.conversation_id}/").content.decode()
    assert "Held back to measure it:" in page and "Left out by chance" in page and lesson.title in page
    here, program = f"/inbox/{fourth.conversation_id}/drafts/{fourth.n}", program_of(cast.ines)
    assert program.get(f"drafts/{fourth.pk}/").json()["held_lesson"] == lesson.pk
    assert browser.post(f"{here}/apply-held/", {"version": fourth.version}).status_code == 303
    fourth.refresh_from_db()
    assert said in fourth.text and [one["id"] for one in fourth.lessons] == [lesson.pk]
    assert said not in fourth.alternatives.get().text
    assert "Held back" not in browser.get(f"/inbox/{fourth.conversation_id}/").content.decode()
    assert browser.post(f"{here}/approve/", {"version": fourth.version}).status_code == 303
    assert program.get(f"drafts/{fourth.pk}/").json()["held_lesson"] is None
    end_undo_time()
    run_tasks()

    assert "not enough yet, 1 of 20 replies without it, 0 with it" in _page(browser, lesson)
    _measured(fourth, lesson)
    with django_assert_max_num_queries(15):
        told = _page(browser, lesson)
    effect = program.get(f"lessons/{lesson.pk}/effect/").json()
    assert (
        effect["measured"]["is_enough"] and 0.15 < effect["measured"]["low"] < effect["measured"]["mean"] < 0.3
    )
    assert effect["of_kind"] == effect["measured"] and not effect["shadow"]["is_enough"]
    assert "in 21 replies without it" in told and "in 20 with it: it saves" in told
    with django_assert_max_num_queries(15):
        month = browser.get("/learning/month/").content.decode()
    for told in (
        "Wording: ",
        "1 put to use",
        "lessons saved",
        "21 drafts went without",
        "in 1 somebody put it in",
    ):
        assert told in month, told
    assert "0 replies rehearsed." in month and "for $0.00" in lead.get("/learning/month/").content.decode()
    assert "0 new lessons" in browser.get("/learning/month/?month=2025-01").content.decode()
    assert browser.get("/learning/month/?month=2025-13").status_code == 404
    Signal.objects.filter(draft__trial__held=True).update(distance=0.0)
    assert "proposes its own retirement" in _page(browser, lesson)
    assert "proposes its own retirement" in lead.get("/learning/month/").content.decode()

    assert lead.post("/learning/", {"team": cast.support.pk}).status_code == 303
    assert AuditEntry.objects.filter(verb="set lesson rule", detail__holds_back=False).exists()
    fifth = asks(crm, 5, "Pia")
    assert said in fifth.text and not LessonTrial.objects.filter(draft=fifth).exists()


def _page(browser: Any, lesson: Lesson) -> str:
    return str(browser.get(f"/learning/lessons/{lesson.pk}/").content.decode())


def _measured(like: Draft, lesson: Lesson) -> None:
    """Twenty replies to drafts without it, three words of ten changed, and twenty with it, one of ten."""
    rng, talk = random.Random(1), like.conversation
    drafts = Draft.objects.bulk_create(
        Draft(conversation=talk, n=100 + n, state="approved", due_at=timezone.now()) for n in range(40)
    )
    LessonTrial.objects.bulk_create(
        LessonTrial(draft=draft, lesson=lesson, held=n < 20) for n, draft in enumerate(drafts)
    )
    Signal.objects.bulk_create(
        Signal(draft=draft, conversation=talk, team=talk.team, script=[], body_distance=0, state="settled",
               distance=(0.3 if n < 20 else 0.1) + rng.uniform(-SPREAD, SPREAD))
        for n, draft in enumerate(drafts)
    )  # fmt: skip


def test_a_tenth_is_held_back_by_a_hash_that_stays_and_the_interval_is_students() -> None:
    drawn = [held.chance("held", f"m{talk}", lesson) for talk in range(500) for lesson in range(10)]
    assert 0.09 < sum(one < held.SHARE for one in drawn) / len(drawn) < 0.11
    assert held.chance("held", "m7", 3) == held.chance("held", "m7", 3) != held.chance("drawn", "m7", 3)
    table = {10: 2.228, 19: 2.093, 30: 2.042, 100: 1.984}  # of any textbook
    assert all(abs(student(freedom) - t) < 0.001 for freedom, t in table.items())
    rng = random.Random(2)
    covered = [_covers(rng) for _ in range(300)]
    assert 0.92 < fmean(covered) < 0.99, "of 300 intervals nineteen in twenty hold what is true"
    few = compared([([0.2] * 19, [0.1] * 500), ([], [0.5])])
    assert not few.is_enough and (few.held, few.given) == (19, 501)


def _covers(rng: random.Random) -> bool:
    """Three lessons of one kind whose letters differ in length, each saving one word in ten."""
    lessons = [
        ([rng.gauss(base + 0.1, 0.2) for _ in range(8)], [rng.gauss(base, 0.05) for _ in range(60)])
        for base in (0.05, 0.2, 0.5)
    ]
    found = compared(lessons)
    return found.low <= 0.1 <= found.high
