"""What a team puts first, and how short it keeps its replies, is learnt and applied like its wording."""

from typing import Any

import pytest
from django.db.models import F
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from copilot import lessons, letters
from copilot.context.build import build_context
from copilot.drafting.prompt import render
from copilot.knowledge import texts
from copilot.lessons import Rule
from copilot.models import Draft, Lesson, LessonUse
from tests.cast import Cast
from tests.copilot.api.calling import is_problem, program_of
from tests.copilot.console.conftest import sign_in as sign_in
from tests.copilot.console.made import SignIn
from tests.copilot.test_lessons import a_word, asks, sends
from tests.crm import PushingCrm

BEGIN = "You can change the delivery address under your orders."
MIDDLE = "The parcel keeps its number."
LAST = "The invoice follows with the parcel."


def a_saved_reply(cast: Cast) -> tuple[str, str]:
    """The sentence that is found by a word of its own, and the word."""
    word = a_word()
    said = f"Every {word} is checked before it leaves."
    text = f"{BEGIN} {MIDDLE} {said} {LAST}"
    texts.new_saved_reply(None, cast.support, "Change the delivery address of an order", text)
    return said, word


def first_in(draft: Draft) -> str:
    where = letters.said_in(draft.text, letters.parts(draft.text).body)
    return draft.text[slice(*where[0])]


def put_first(draft: Draft, said: str) -> str:
    assert f" {said}" in draft.text
    return draft.text.replace(f" {said}", "").replace(first_in(draft), f"{said} {first_in(draft)}")


def agree_twice(crm: PushingCrm, browser: Client, edited: Any) -> None:
    for number, name in ((1, "Mara"), (2, "Peter")):
        draft = asks(crm, number, name)
        sends(browser, draft, edited(draft))


@pytest.mark.django_db
def test_what_two_replies_put_first_stands_first_in_the_third_with_its_source(
    crm: PushingCrm, cast: Cast, sign_in: SignIn
) -> None:
    said, word = a_saved_reply(cast)
    browser = sign_in(cast.ines)
    agree_twice(crm, browser, lambda draft: put_first(draft, said))
    lesson = Lesson.objects.get(kind="order", before=word)
    assert (lesson.after, lesson.state) == ("first", "active")
    assert lesson.title == f"Put what is said of “{word}” first"
    assert not Lesson.objects.filter(kind__in=["opening", "delete"]).exists(), (
        "what moved neither came nor went"
    )

    third = asks(crm, 3, "Lone")
    assert first_in(third) == said and third.text.count(said) == 1 and MIDDLE in third.text
    assert lesson.title in [one["title"] for one in third.lessons]
    ends = {at for source in third.sources for at in source["marks"]}
    wheres = letters.said_in(third.text, letters.parts(third.text).body)
    assert ends and ends <= {end for _, end in wheres} | {end - 1 for _, end in wheres}
    asked = "".join(block.text for block in render(build_context(third)).blocks)
    assert f'"do":"{lesson.title}"' in asked.partition("<house_style>")[2]

    for number, name in ((4, "Nils"), (5, "Olga")):
        draft = asks(crm, number, name)
        sends(browser, draft, draft.text.replace(f"{said} ", "").replace(LAST, f"{said} {LAST}"))
    lesson.refresh_from_db()
    assert lesson.state == "retired", "two people put it back"
    assert first_in(asks(crm, 6, "Ravi")) != said


@pytest.mark.django_db
def test_what_three_replies_were_cut_to_is_how_long_the_fourth_is(
    crm: PushingCrm, cast: Cast, sign_in: SignIn
) -> None:
    said, _ = a_saved_reply(cast)
    browser = sign_in(cast.ines)
    cuts = (("Mara", said, LAST), ("Peter", BEGIN, MIDDLE), ("Lone", MIDDLE, said))
    for number, (name, one, other) in enumerate(cuts, 1):
        draft = asks(crm, number, name)
        text = draft.text.replace(one, "").replace(other, "").replace("  ", " ").replace("\n ", "\n")
        sends(browser, draft, text)
        lesson = Lesson.objects.get(kind="length")
        assert (lesson.after, lesson.state) == ("2", "active" if number == 3 else "proposed")
    assert lesson.title == "Keep it to 2 sentences"

    Lesson.objects.filter(kind="delete").update(state="retired", version=F("version") + 1)
    third = asks(crm, 4, "Nils")
    assert MIDDLE in third.text and said not in third.text and LAST not in third.text
    assert LessonUse.objects.filter(draft=third, lesson=lesson).exists()
    assert all(at <= third.text.index(MIDDLE) + len(MIDDLE) for one in third.sources for at in one["marks"])
    page = browser.get(f"/inbox/{third.conversation_id}/").content.decode()
    assert "Keep it to 2 sentences" in page

    sends(browser, third, third.text.replace(MIDDLE, f"{MIDDLE} {said} {LAST}"))
    assert lesson.evidence.filter(agrees=False).count() == 1


@pytest.mark.django_db
def test_a_lead_teaches_order_and_length_in_a_sentence_and_rewords_them(cast: Cast, sign_in: SignIn) -> None:
    told = {
        "Answer the refund question first.": ("order", "refund", "first"),
        "Put what is said of “delivery” last": ("order", "delivery", "last"),
        "Always put the question last.": ("order", "?", "last"),
        "At most 1 sentence.": ("length", "", "1"),
        "Keep it to three sentences": ("length", "", "3"),
    }
    browser = sign_in(cast.petra)
    for sentence, made in told.items():
        asked = {"team": cast.support.pk, "sentence": sentence}
        assert "Keep for Support" in browser.post("/learning/teach/", asked).content.decode()
        assert browser.post("/learning/teach/", asked | {"keep": "team"}).status_code == 303, sentence
        lesson = Lesson.objects.filter(kind=made[0]).latest("pk")
        assert (lesson.kind, lesson.before, lesson.after, lesson.state) == (*made, "active")
    titles = {one.title for one in Lesson.objects.all()}
    assert {"Put the question last", "Keep it to 3 sentences"} < titles
    length = Lesson.objects.get(kind="length")

    def reword(lesson: Lesson, **words: str) -> Any:
        move = {"kind": "reword", "version": lesson.version, **words}
        return program_of(cast.petra).post(f"lessons/{lesson.pk}/moves/", move)

    for wrong in ("", "0", "many", "21"):
        assert is_problem(reword(length, before="", after=wrong), 409, "refused"), wrong
    assert reword(length, before="", after="4").status_code in (200, 201)
    order = Lesson.objects.get(before="refund")
    assert is_problem(reword(order, before="refund", after="second"), 409, "refused")
    assert is_problem(reword(order, before="the", after="last"), 409, "refused")
    assert reword(order, before="refunds", after="last").status_code in (200, 201)
    page = browser.get("/learning/").content.decode()
    assert "Put what is said of “refunds” last" in page and "Keep it to 4 sentences" in page


SAID = st.lists(
    st.text("abcdefg", min_size=3, max_size=7).map(lambda one: f"{one.capitalize()} it is."),
    min_size=1, max_size=7, unique_by=lambda one: one[:5].lower(),
)  # fmt: skip


@given(said=SAID, at=st.integers(0, 6), where=st.sampled_from(["first", "last"]), most=st.integers(1, 7))
def test_order_and_length_lose_no_word_and_keep_every_place(
    said: list[str], at: int, where: str, most: int
) -> None:
    text = f"Hi Mara,\n\n{' '.join(said)}\n\nKind regards\nInes"
    one = said[at % len(said)]
    sign = one.split()[0].lower()
    put = lessons.shaped(text, [Rule(1, "order", sign, where)], "Mara")
    assert sorted(put.text.split()) == sorted(text.split())
    inside = put.text.split("\n\n")[1]
    assert inside.startswith(one) if where == "first" else inside.endswith(one)
    for each in said:
        start = text.index(each)
        found, end = put.place(start, begins=True), put.place(start + len(each))
        assert found is not None and put.text[found:end] == each

    short = lessons.shaped(text, [Rule(2, "length", "", str(most))], "Mara")
    assert short.text.split("\n\n")[1] == " ".join(said[:most])
    assert short.text.split("\n\n")[2:] == text.split("\n\n")[2:]
    for number, each in enumerate(said):
        assert (short.place(text.index(each) + len(each)) is None) == (number >= most)
