"""The learning of `make bench NAME=learning`, in small: teams whose tastes are known, and planted details."""

import random

import pytest

from benchmarks import house_letters, house_together, learning
from benchmarks import house_style as style
from copilot.judging import Voice, verdict
from copilot.learning.mine import Delta
from copilot.learning.proof import effect
from copilot.learning.said import read
from copilot.lessons import Rule, without


def test_teams_get_their_taste_and_are_not_harmed_by_one_off_edits() -> None:
    ours = style.teams(1, 3, 80, 0.2)
    assert ours.of_best > 0.9 and ours.harmful < 0.01
    assert ours.untouched / ours.quiet > 0.85
    arranged = style.teams(1, 4, 80, 0.2, arranged=True)
    assert arranged.of_best > 0.85 and arranged.harmful < 0.02, "what comes first, and how short letters are"
    needed, _ = style.turning(1, 2, 0.2)
    assert max(needed) <= 12, "a change of taste is followed"
    tiers = {scoped: style.by_tier(1, 1, 80, 0, scoped=scoped).cut for scoped in (True, False)}
    assert tiers[True] > 0.85 > 0.6 > tiers[False]


def test_a_lesson_and_an_article_bring_more_together_than_each_alone() -> None:
    cut = {way: tally.cut for way, tally in house_together.together(1, 4).items()}
    assert cut["neither"] == 0 < min(cut["lesson alone"], cut["article alone"])
    assert cut["both"] > cut["article alone"] + cut["lesson alone"], (
        "the wording holds in the article's words too"
    )


def test_no_planted_detail_is_stored_or_shown_to_somebody_else() -> None:
    rng, book = random.Random(3), style.Book()
    details = [learning.a_detail(rng, number) for number in range(60)]
    for talk in range(1, 121):
        letter = house_letters.a_letter(rng)
        drafted, used = book.draft(letter, "")
        sent = learning.planted_in(rng, drafted, details[(talk - 1) // 2])
        book.learn(talk, letter, drafted, used, sent, "")
    stored = " ".join(f"{one.before} {one.after}" for one in book.entries)
    assert not [one for one in details if one in stored]


def test_tiers_that_contradict_are_left_out_and_none_left_is_retired() -> None:
    gold = [Voice(1, True, "gold"), Voice(2, True, "gold")]
    assert verdict("proposed", gold).state == "active"
    found = verdict("active", [*gold, Voice(3, False, "basic")])
    assert (found.state, found.tiers) == ("active", ("gold",))
    found = verdict("active", [*gold, Voice(3, False, "gold"), Voice(4, False, "gold")])
    assert found.state == "retired"


def test_an_effect_has_its_interval_and_none_is_given_of_few_replies() -> None:
    letter = "Hi Mara,\n\nThe invoice follows. Bye now.\n\nBest wishes,\nIda"
    assert "The bill follows." in str(without(letter, Rule(1, "replace", "bill", "invoice"), "Mara"))
    assert str(without(letter, Rule(1, "insert", "", "Bye now."), "Mara")) == letter.replace(" Bye now.", "")
    assert without(letter, Rule(1, "delete", "As discussed.", ""), "Mara") is None
    assert not effect([0.1] * 19).is_enough
    found = effect([0.1, 0.0] * 20)
    assert 0 < found.low < found.mean < found.high and found.mean == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("sentence", "wanted"),
    [
        ("Say “invoice”, not “bill”", Delta("replace", "bill", "invoice")),
        ("please write invoice instead of bill.", Delta("replace", "bill", "invoice")),
        ("Always close with 'Best wishes'", Delta("closing", "", "Best wishes")),
        ("Never say “As discussed.”", Delta("delete", "As discussed.", "")),
        ("don't say \"honestly\"", Delta("replace", "honestly", "")),
        ("Be nicer", None),
    ],
)  # fmt: skip
def test_a_sentence_is_read_as_a_lesson(sentence: str, wanted: Delta | None) -> None:
    assert read(sentence) == wanted
