"""What the team usually answers: the wording that several past replies agree on, with no detail of theirs.

A sentence is used only when replies to two customers by two agents say the like of it. A detail
in it stays only when two customers were told the very same detail, which makes it a house fact, or
when this customer's own record says it.
"""

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from operator import itemgetter

from copilot.context.looked_up import looked_up_in, retold, values
from copilot.context.value import Example
from copilot.gaps import WORDS, gap
from copilot.slots import details
from copilot.words import body, content, likeness, sentences, tokens

NEAREST = 12
NOT_FAR = 0.1  # of the nearest one's score
ALIKE = 0.55
FEW_WORDS = 4
SHARED_PART = 0.25
MOST_SHARED = 3
ENOUGH_CUSTOMERS = 2
ENOUGH_AGENTS = 2
MOST_GAPS = 2
MANY = 3  # examples that say the same, and the part of the nearest that they must be
MANY_PART = 0.25
_DIGIT = re.compile(r"\d")
# A greeting or a good-bye to somebody, or a signature below it.
_NAMES_SOMEBODY = re.compile(r"(?<!^)\b[^\W\d_a-zà-ÿ]\w|\n")


@dataclass(frozen=True, slots=True)
class Phrase:
    """One sentence of one past reply: as it was said, and its words in small letters, each number as 0."""

    example: int
    text: str
    words: tuple[str, ...]
    own_line: bool
    courtesy: bool  # all that was said is a greeting or a good-bye
    named: bool  # it has the name of that customer or colleague


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
    own = values(here.looked_up)
    near = [_told_here(example, own) for example in _not_far_behind(list(examples))]
    many = max(MANY, math.ceil(min(len(near), NEAREST) * MANY_PART))
    said = {number: _phrases(number, example) for number, example in enumerate(near)}
    about = [content(example.asked) for example in near]
    about_all = _agreed(_sharing(about, content(here.asked), 1), said, near, here, many)
    return about_all or _agreed(_sharing(about, content(here.question), MOST_SHARED), said, near, here, 1)


def _not_far_behind(examples: list[Example]) -> list[Example]:
    best = max((example.score for example in examples), default=0)
    return [example for example in examples if example.score >= best * NOT_FAR]


def _told_here(example: Example, own: Mapping[str, str]) -> Example:
    theirs = looked_up_in(example.asked) if own else ""
    text = retold(example.text, theirs, own) if theirs else example.text
    return replace(example, text=text) if text != example.text else example


def _sharing(others: list[set[str]], about: set[str], most: int) -> list[int]:
    """The places of those that share so many of the words, or a quarter of them where they are few.

    A question of a few words ("yes, at 4") is told by what stood before it, so it is not held
    to sharing words of its own.
    """
    shared = min(len(about) * SHARED_PART, most) if len(about) > FEW_WORDS else 0
    return [number for number, other in enumerate(others) if len(about & other) >= shared]


def _agreed(
    sharing: list[int], said: dict[int, list[Phrase]], near: list[Example], here: Here, backing: int
) -> Agreement | None:
    """What is left of the most central of the nearest of which something is left, with so many behind it."""
    phrases = {number: said[number] for number in sharing}
    words = {number: [word for phrase in said[number] for word in phrase.words] for number in sharing[:NEAREST]}
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
    names = tuple(one for one in example.names if one in text)
    for start, end in sentences(text):
        said = text[start:end]
        words = tuple("0" if _DIGIT.search(one) else one for one in tokens(said.lower()))
        named = any(re.search(rf"\b{re.escape(one)}\b", said) for one in names)
        found.append(Phrase(number, said, words, "\n" in text[end_before:start], courtesy, named))
        end_before = end
    return found


def _closeness(number: int, words: dict[int, list[str]], near: list[Example]) -> float:
    """How well a reply stands for the others: the sum of likenesses, the nearer weighing more.

    Squared: what is twice as near says four times as much, and half the words in common hardly the same.
    """
    mine = words[number]
    others = (
        (near[other].score * likeness(mine, said)) ** 2 for other, said in words.items() if other != number
    )
    return sum(others) + near[number].score ** 2


def _backers(phrase: Phrase, phrases: dict[int, list[Phrase]]) -> list[Phrase]:
    """The sentence itself and the most alike sentence of every other reply that has one."""
    found, least = [phrase], 1 if phrase.courtesy else ALIKE
    for number, said in phrases.items():
        if number != phrase.example:
            alike = [(likeness(phrase.words, one.words), one) for one in said if _may_be(phrase, one, least)]
            nearest = max(alike, key=itemgetter(0), default=(0.0, phrase))
            if nearest[0] >= least:
                found.append(nearest[1])
    return found


def _may_be(one: Phrase, other: Phrase, alike: float) -> bool:
    """By their lengths, which costs less than looking at the words."""
    short, long = sorted((len(one.words), len(other.words)))
    return short >= long * alike


def _enough(backers: list[Phrase], near: list[Example]) -> bool:
    customers = {near[one.example].customer for one in backers}
    agents = {near[one.example].author for one in backers}
    return len(customers) >= ENOUGH_CUSTOMERS and len(agents) >= ENOUGH_AGENTS


def _without_foreign(
    phrase: Phrase, backers: list[Phrase], near: list[Example], here: Here
) -> tuple[str, set[str]]:
    """The sentence with a gap where a detail is no house fact; where too much is, nothing, and what kind."""
    if phrase.named or _is_of_their_record(phrase, backers, near, here):
        return "", {"name"}
    mine = _details(phrase.text)
    if not mine:
        return phrase.text, set()
    own = here.own
    foreign = {kind for kind, one in mine if one not in own and not _enough(_telling(one, backers), near)}
    left = sum(kind in foreign for kind, _ in mine)
    if left > MOST_GAPS or not foreign <= WORDS.keys():
        return "", foreign
    return _gapped(phrase.text, foreign), set()


def _telling(detail: str, backers: list[Phrase]) -> list[Phrase]:
    """Those in which it stands as a detail, and not as part of a longer one."""
    may = (one for one in backers if detail in one.text.lower())
    return [one for one in may if detail in {told for _, told in _details(one.text)}]


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
        if kind in foreign:
            text = f"{text[:start]}{gap(kind)}{text[end:]}"
    return text


def _join(kept: list[tuple[str, bool]]) -> str:
    text = ""
    for said, own_line in kept:
        gap = "" if not text else "\n\n" if own_line else " "
        text += gap + said
    return text
