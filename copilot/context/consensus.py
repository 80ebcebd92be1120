"""What the team usually answers: the wording that several past replies agree on, with no detail of theirs.

A sentence is used only when replies to two customers by two agents say the like of it. A detail
in it stays only when two customers were told the very same detail, which makes it a house fact, or
when this customer's own record says it.
"""

import math
import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from copilot.context.looked_up import looked_up_in, retold, values
from copilot.context.value import Example
from copilot.gaps import WORDS, gap
from copilot.slots import details, mask
from copilot.words import body, content, likeness, sentences, tokens

NEAREST = 12
ALIKE = 0.55
FEW_WORDS = 4
SHARED_PART = 0.25
MOST_SHARED = 3
ENOUGH_CUSTOMERS = 2
ENOUGH_AGENTS = 2
MOST_GAPS = 2
MANY = 3  # examples that say the same, and the part of the nearest that they must be
MANY_PART = 0.25
# A greeting or a good-bye to somebody, or a signature below it.
_NAMES_SOMEBODY = re.compile(r"(?<!^)\b[^\W\d_a-zà-ÿ]\w|\n")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence of one past reply: as it was said, and with its details masked."""

    example: int
    text: str
    masked: str
    words: tuple[str, ...]
    own_line: bool
    courtesy: bool = False  # all that was said is a greeting or a good-bye


@dataclass(frozen=True, slots=True)
class Here:
    """What waits for an answer, all that it is found by, and the record that was looked up for it."""

    question: str
    asked: str
    looked_up: str

    @property
    def own(self) -> set[str]:
        """The details of this customer's record."""
        return {one for _, one in _details(self.looked_up)}


@dataclass(frozen=True, slots=True)
class Agreement:
    """The agreed sentences in order, and which kinds of detail had to be left out. `with_record`: most of those
    who said so had looked a record up for it."""

    text: str
    left_out: tuple[str, ...]
    customers: int
    agents: int
    with_record: bool


def agree(examples: Iterable[Example], here: Here) -> Agreement | None:
    """The consensus of the nearest examples to the question, or None where too few agree.

    Where many say the same, that they do is reason enough; where few do, they must be about the question too.
    What their records said is told as this customer's own record says it.
    """
    near = [_told_here(example, here.looked_up) for example in _not_far_behind(list(examples))]
    many = max(MANY, math.ceil(min(len(near), NEAREST) * MANY_PART))
    about_all = _agreed(_sharing(near, content(here.asked), 1), here, many)
    return about_all or _agreed(_sharing(near, content(here.question), MOST_SHARED), here, 1)


def _not_far_behind(examples: list[Example]) -> list[Example]:
    best = max((example.score for example in examples), default=0)
    return [example for example in examples if example.score >= best * 0.35]


def _told_here(example: Example, looked_up: str) -> Example:
    theirs = looked_up_in(example.asked) if looked_up else ""
    return replace(example, text=retold(example.text, theirs, looked_up)) if theirs else example


def _sharing(examples: list[Example], about: set[str], most: int) -> list[Example]:
    """Those that share so many of the words, or a quarter of them where they are few.

    A question of a few words ("yes, at 4") is told by what stood before it, so it is not held
    to sharing words of its own.
    """
    shared = min(len(about) * SHARED_PART, most) if len(about) > FEW_WORDS else 0
    return [example for example in examples if len(about & content(example.asked)) >= shared]


def _agreed(near: list[Example], here: Here, backing: int) -> Agreement | None:
    """What is left of the most central of the nearest of which something is left, with so many behind it."""
    phrases = {number: _phrases(number, example) for number, example in enumerate(near)}
    words = {
        number: [word for phrase in said for word in phrase.words]
        for number, said in phrases.items() if number < NEAREST
    }  # fmt: skip
    for centre in sorted(words, key=lambda number: -_closeness(number, words, near)):
        agreement = _left_of(phrases[centre], phrases, near, here, backing)
        if agreement:
            return agreement
    return None


def _left_of(
    said: list[Phrase], phrases: dict[int, list[Phrase]], near: list[Example], here: Here, least: int
) -> Agreement | None:
    kept, left_out, backing = [], set[str](), set[int]()
    for phrase in said:
        backers = _backers(phrase, phrases)
        if not _enough(backers, near):
            continue
        text, missing = _without_foreign(phrase, backers, near, here)
        left_out |= missing
        if text:
            kept.append((text, phrase.own_line))
            backing |= {one.example for one in backers}
    if not kept or len(backing) < least:
        return None
    return Agreement(
        text=_join(kept),
        left_out=tuple(sorted(left_out)),
        customers=len({near[n].customer for n in backing}),
        agents=len({near[n].author for n in backing}),
        with_record=2 * sum(bool(looked_up_in(near[n].asked)) for n in backing) > len(backing),
    )


def _phrases(number: int, example: Example) -> list[Phrase]:
    text = body(example.text)
    courtesy = not text
    if courtesy and not _NAMES_SOMEBODY.search(example.text.strip()):
        text = example.text.strip()
    found, end_before = [], 0
    for start, end in sentences(text):
        said = text[start:end]
        masked = mask(said, example.names)
        new_paragraph = "\n" in text[end_before:start]
        found.append(Phrase(number, said, masked, tuple(tokens(masked.lower())), new_paragraph, courtesy))
        end_before = end
    return found


def _closeness(number: int, words: dict[int, list[str]], near: list[Example]) -> float:
    """How well a reply stands for the others: the sum of likenesses, the nearer weighing more."""
    mine = words[number]
    others = (near[other].score * likeness(mine, said) for other, said in words.items() if other != number)
    return sum(others) + near[number].score


def _backers(phrase: Phrase, phrases: dict[int, list[Phrase]]) -> list[Phrase]:
    """The sentence itself and the most alike sentence of every other reply that has one."""
    found = [phrase]
    for number, said in phrases.items():
        if number == phrase.example or not said:
            continue
        nearest = max(said, key=lambda one: likeness(phrase.words, one.words))
        if likeness(phrase.words, nearest.words) >= (1 if phrase.courtesy else ALIKE):
            found.append(nearest)
    return found


def _enough(backers: list[Phrase], near: list[Example]) -> bool:
    customers = {near[one.example].customer for one in backers}
    agents = {near[one.example].author for one in backers}
    return len(customers) >= ENOUGH_CUSTOMERS and len(agents) >= ENOUGH_AGENTS


def _without_foreign(
    phrase: Phrase, backers: list[Phrase], near: list[Example], here: Here
) -> tuple[str, set[str]]:
    """The sentence with a gap where a detail is no house fact; where too much is, nothing, and what kind."""
    if "{name}" in phrase.masked or _is_of_their_record(phrase, backers, near, here):
        return "", {"name"}
    told = defaultdict[str, list[Phrase]](list)
    for one in backers:
        for _, detail in _details(one.text):
            told[detail].append(one)
    mine, own = _details(phrase.text), here.own
    foreign = {kind for kind, one in mine if one not in own and not _enough(told[one], near)}
    left = sum(kind in foreign for kind, _ in mine)
    if left > MOST_GAPS or not foreign <= WORDS.keys():
        return "", foreign
    return _gapped(phrase.text, foreign), set()


def _is_of_their_record(phrase: Phrase, backers: list[Phrase], near: list[Example], here: Here) -> bool:
    """Whether it tells what another customer's record says, and neither this one's nor two customers heard."""
    theirs = values(looked_up_in(near[phrase.example].asked)).values()
    told = [one for one in theirs if len(one) > 1 and one in phrase.text and one not in here.looked_up]
    return any(not _enough([one for one in backers if value in one.text], near) for value in told)


def _details(text: str) -> list[tuple[str, str]]:
    return [(kind, text[start:end].lower()) for kind, start, end in details(text)]


def _gapped(text: str, foreign: set[str]) -> str:
    """House facts of the same kind go too: beside a gap of its kind one would be taken for the fact."""
    for kind, start, end in reversed(details(text)):
        if kind in foreign:  # a date with its full stop, as in "4 Mar.", is one detail
            stop = "." if end == len(text) and text.endswith(".") and text[start:end].endswith(".") else ""
            text = f"{text[:start]}{gap(kind)}{stop}{text[end:]}"
    return text


def _join(kept: list[tuple[str, bool]]) -> str:
    text = ""
    for said, own_line in kept:
        gap = "" if not text else "\n\n" if own_line else " "
        text += gap + said
    return text
