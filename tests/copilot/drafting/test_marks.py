"""Citation marks leave the text without a trace, and never flash while it is being written."""

import string

import pytest
from hypothesis import given
from hypothesis import settings as within
from hypothesis import strategies as st

from copilot.drafting import marks
from copilot.drafting.engine import Mark

KNOWN = {"r3", "n12"}


@pytest.mark.parametrize(
    ("raw", "text", "found"),
    [
        ("It left on 3 May [r3].", "It left on 3 May.", [Mark(16, "r3")]),
        ("It left.[r3] More.", "It left. More.", [Mark(8, "r3")]),
        ("It left. [r3] More.", "It left. More.", [Mark(8, "r3")]),
        ("Both [r3][n12].", "Both.", [Mark(4, "r3"), Mark(4, "n12")]),
        ("Both [r3, n12].", "Both.", [Mark(4, "r3"), Mark(4, "n12")]),
        ("Both [r3] [n12] held.", "Both held.", [Mark(4, "r3"), Mark(4, "n12")]),
        ("Twice [r3][r3].", "Twice.", [Mark(5, "r3")]),
        ("No gap [r3]here.", "No gap here.", [Mark(6, "r3")]),
        ("One.\n[r3] Two.", "One.\nTwo.", [Mark(4, "r3")]),
        ("[r3] Hello", "Hello", [Mark(0, "r3")]),
        ("At the end [r3]", "At the end", [Mark(10, "r3")]),
        ("Room [12], [sic], [A4] [and so on]", "Room [12], [sic], [A4] [and so on]", []),
    ],
)
def test_marks_become_offsets(raw: str, text: str, found: list[Mark]) -> None:
    marked = marks.read(raw, KNOWN)
    assert marked.text == text
    assert list(marked.marks) == found


def test_an_id_that_nobody_offered_is_dropped_and_reported() -> None:
    marked = marks.read("We pay it back [r99] by Friday [r3, x1].", KNOWN)
    assert marked.text == "We pay it back by Friday."
    assert [mark.item_id for mark in marked.marks] == ["r3"]
    assert marked.unknown == (Mark(14, "r99"), Mark(24, "x1"))


def test_half_a_mark_is_held_back_until_it_is_decided() -> None:
    shown = [marks.read("It left [r3, n12]. See [sic]"[:end], KNOWN, whole=False).text for end in range(1, 29)]
    assert shown[7:17] == ["It left"] * 10
    assert shown[17] == "It left."
    assert shown[-2:] == ["It left. See", "It left. See [sic]"]


PIECES = st.sampled_from(
    ["[r3]", "[n12]", "[r3, n12]", "[zz9]", "[", "]", "[r", "[sic]", " ", "  ", "\n", ".", "r3", "a", "ü"]
)  # fmt: skip
LETTERS = st.lists(PIECES | st.text(string.printable, max_size=5), max_size=25).map("".join)


@within(deadline=None)
@given(LETTERS)
def test_what_was_shown_is_never_taken_back(raw: str) -> None:
    final = marks.read(raw, KNOWN)
    before = ""
    for end in range(len(raw) + 1):
        now = marks.read(raw[:end], KNOWN, whole=False).text
        assert now.startswith(before)
        assert final.text.startswith(now)
        before = now


@within(deadline=None)
@given(LETTERS)
def test_marks_point_into_the_text_and_every_word_survives(raw: str) -> None:
    marked = marks.read(raw, KNOWN)
    assert all(0 <= mark.at <= len(marked.text) for mark in marked.marks)
    assert {mark.item_id for mark in marked.marks} <= KNOWN
    assert not set(marked.unknown) & KNOWN
    assert "".join(marked.text.split()) == "".join(marks.MARK.sub("", raw).split())


@within(deadline=None)
@given(st.text(string.ascii_letters + string.digits + " .,\n"))
def test_text_without_marks_is_left_alone(raw: str) -> None:
    assert marks.read(raw, KNOWN).text == raw.rstrip()
