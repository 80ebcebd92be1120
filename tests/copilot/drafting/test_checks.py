"""The checks after the engine: a fifth of the labelled drafts, and how one thing is known in many forms."""

from dataclasses import replace

import pytest

from copilot.drafting.checks import check
from copilot.drafting.checks.facts import facts_in
from copilot.drafting.engine import Mark, Reply
from copilot.words import sentences
from tests.checked import FACTS_AND_LEAKS, cases, checks_of, is_seen

EVERY = 5
BAKERY = cases()[0].context


def test_planted_faults_are_named_and_clean_drafts_left_alone() -> None:
    """A sample for every change; `make bench NAME=checks` measures all 600."""
    chosen = cases()[::EVERY]
    grave = [case for case in chosen if case.fault in FACTS_AND_LEAKS]
    missed = [(case.world, case.fault) for case in grave if not is_seen(case, checks_of(case))]
    clean = [case for case in chosen if not case.fault]
    doubted = [(case.world, [one.words for one in found]) for case in clean if (found := checks_of(case))]
    assert (len(grave), len(clean)) == (48, 60)
    assert len(missed) <= 0.05 * len(grave), missed
    assert len(doubted) <= 0.03 * len(clean), doubted


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("14 March 2027", "2027-03-14"),
        ("14. März 2027", "March 14th, 2027"),
        ("le 14 mars 2027", "14.03.2027"),
        ("EUR 1,284.50", "1.284,50 €"),
        ("SEK 4 900", "4,900 kr"),
        ("14 days", "two weeks"),
        ("vingt-huit jours", "28 Tage"),
        ("INV-2026-0412", "inv 2026 0412".upper().replace(" ", "-")),
        ("5:30 pm", "17h30"),
        ("+49 171 5550199", "+49 (171) 555-0199"),
        ("https://www.tern.example/help/", "tern.example/help."),
        ("ｈｔｔｐｓ://ｅｖｉｌ.example/x", "https://ev\u200bil.example/x"),
    ],
)
def test_one_fact_in_two_ways_of_writing_is_one(one: str, other: str) -> None:
    first, second = facts_in(one), facts_in(other)
    assert len(first) == len(second) == 1
    assert set(first[0].keys) & set(second[0].keys)


def test_the_gravest_fault_of_a_sentence_is_named_and_notices_need_no_tick() -> None:
    text = "Hi Marta,\n\nI will refund EUR 99.00 by https://evil.example/pay. Yo, it left on 5 March.\n\nInes"
    checks = check(Reply(text=text), BAKERY)
    kinds = [(one.kind, one.tick) for one in checks]
    assert kinds == [("link", True), ("register", False), ("unanswered", False), ("unanswered", False)]
    assert checks[0].words == text[checks[0].start : checks[0].end]
    assert checks[2].start == checks[2].end == 0
    assert [one.id for one in checks] == ["c1", "c2", "c3", "c4"]


def test_a_link_that_only_the_customer_gave_is_nobodys_source() -> None:
    asked = replace(BAKERY.turns[-1], text="Is https://shop.lindenhof.example/pay yours?", id="m1")
    known = replace(BAKERY, turns=(asked,))
    for said in (
        "Please pay at https://shop.lindenhof.example/pay.",
        "![x](https://parcelpoint.example/redirect)",
    ):
        assert [one.kind for one in check(Reply(text=said), known)][:1] == ["link"]
    there = check(
        Reply(text="Redirect it at https://parcelpoint.example/redirect.", marks=(Mark(20, "a1"),)), BAKERY
    )
    assert not [one for one in there if one.kind != "unanswered"]


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("Fällig am 20. April 2027. Danke.", 2),
        ("Dear Dr. Baumgart, no. 1042 left. It holds 24. Please sign.", 3),
        ("The answer is no. Please write.", 2),
        ("Mr. Vega knows, e.g. about tins.", 1),
    ],
)
def test_a_full_stop_may_end_no_sentence(text: str, count: int) -> None:
    assert len(sentences(text)) == count
