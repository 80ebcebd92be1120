"""A lesson of one team and an article of another on one topic, apart and together, against what a team that
knew both would send.

The wording is learnt and applied by the product's own functions; the article's sentence stands in the draft.
"""

import random
from dataclasses import replace

from benchmarks.house_letters import SWAPS, TOPICS, Letter, Taste, a_letter, to_taste
from benchmarks.house_style import Book, Tally, play

ROUNDS = 30
WAYS = ("neither", "lesson alone", "article alone", "both")
ARTICLES = (
    "The {0} is kept for ten years, and every {0} can be printed there.",
    "Once the {0} is confirmed, the {0} cannot be taken back.",
    "Whoever looks for an older {0} finds each {0} of the last three years.",
)


def together(seed: int, count: int) -> dict[str, Tally]:
    """By way, letters of `count` teams on one topic each."""
    tallies = {way: Tally() for way in WAYS}
    for number in range(count):
        rng = random.Random(f"together {seed} {number}")
        topic = rng.randrange(len(TOPICS))
        before, after = rng.choice([swap for swap in SWAPS if swap[0] in " ".join(TOPICS[topic])] or SWAPS)
        taste = [Taste("replace", before, after)]
        learnt = Book()
        play(rng, learnt, lambda talk, tier, taste=taste: taste, 60, Tally(), noise=0)  # type: ignore[misc]
        said = rng.choice(ARTICLES).format(before)
        for _ in range(ROUNDS):
            _write(rng, topic, taste, learnt, said, tallies)
    return tallies


def _write(
    rng: random.Random, topic: int, taste: list[Taste], learnt: Book, said: str, tallies: dict[str, Tally]
) -> None:
    letter = a_letter(rng)
    while letter.topic != topic:
        letter = a_letter(rng)
    knowing = with_article(letter, said)
    sent = to_taste(knowing, taste)
    drafts = (letter.text, learnt.draft(letter, "")[0], knowing.text, learnt.draft(knowing, "")[0])
    for way, draft in zip(WAYS, drafts, strict=True):
        tallies[way].add(letter.text, draft, sent, sent, is_quiet=True)


def with_article(letter: Letter, said: str) -> Letter:
    head, body, foot = letter.text.split("\n\n")
    return replace(letter, text="\n\n".join((head, f"{body} {said}", foot)))
