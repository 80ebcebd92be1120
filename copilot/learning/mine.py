"""From one edit to the small changes of wording in it, without a model and without a customer's details.

A change that carries a name, number, date, amount, address or id is no wording and is never kept; nor is
one that turns a sentence around ("not"), puts another name in it, or writes the reply anew.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from rapidfuzz.distance import Levenshtein

from copilot import lessons, letters, slots, words

ALIKE = 0.4  # of two sentences of which one became the other
WRITTEN_ANEW = 0.5  # word edits over length; with more a reply was not edited but replaced
MOST_DELTAS = 8  # of one reply; with more it was rewritten
MOVED = 0.6  # the same of two that stand far apart
SHORTER = 0.67  # of the sentences; who keeps more of them has no wish for short letters
LONGEST = 300
FEWEST_LETTERS = 4
_DULL = frozenset(
    "the a an this that these those we you your our it if when as please thanks thank sorry yes and but so to"
    " for in on at by with from all once then just here there they he she how what kindly simply"
    " unfortunately".split()
)
_TOKEN = re.compile(r"\w+(?:['’\-]\w+)*|[^\w\s]")
_NEGATIONS = frozenset(
    "not no never none cannot nothing without nicht kein keine keinen nie ohne pas jamais sans nunca niet"
    " inte".split()
)
_NUMERALS = frozenset(
    "one two three four five six seven eight nine ten eleven twelve twenty thirty hundred thousand half double"
    " ein eine zwei drei vier fünf sechs sieben acht neun zehn un une deux trois quatre cinq dix".split()
)


# Words that a greeting or a closing line may write with a capital; any other but the first may be a name.
_COURTESIES = frozenset(
    "dear hello hi good morning afternoon evening day mr mrs ms sir madam team support service customer all"
    " everyone there welcome back kind best warm many regards wishes thanks thank you your yours sincerely"
    " faithfully cheers with i we our us guten tag morgen abend sehr geehrte geehrter geehrtes liebe"
    " lieber herr frau damen herren mit freundlichen grüßen gruß grüße grüssen vielen dank"
    " ihr ihre ihnen sie bonjour bonsoir"
    " madame monsieur cordialement salutations beste groeten hej vänliga hälsningar".split()
)

type Step = tuple[str, int, int, int, int]


@dataclass(frozen=True, slots=True)
class Delta:
    """One change of wording; `kind` as in Lesson.Kind. A greeting's name is `{name}`."""

    kind: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Customer:
    """Whose names no lesson may hold. `first_name` may stand in a greeting, as a slot; `asked`: stems."""

    first_name: str = ""
    names: tuple[str, ...] = ()
    language: str = "en"
    asked: frozenset[str] = frozenset()
    folded: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        long = {part.casefold() for part in self.names if len(part) >= FEWEST_LETTERS}
        object.__setattr__(self, "folded", frozenset(long | {name for name in self.names if len(name) > 1}))


def deltas(drafted: str, sent: str, customer: Customer, added: Collection[str] = ()) -> list[Delta]:
    """The wordings that this edit teaches, none twice; none where the reply was written anew.

    `added`: sentences of lessons; how the rest is ordered, and how long it is, is told without them.
    """
    if not drafted.strip():
        return []
    old, new, was, now = _compared(drafted, sent, added)
    if words.distance(drafted, sent) > WRITTEN_ANEW:
        return list(_length(was, now)) if set(now) <= set(was) else []
    found = [
        *_length(was, now),
        *_order(was, now, customer),
        *_greeting(drafted[slice(*old.greeting)], sent[slice(*new.greeting)], customer),
        *_closing(drafted[slice(*old.closing)], sent[slice(*new.closing)]),
        *_body(drafted[slice(*old.body)], sent[slice(*new.body)], customer.language),
    ]
    kept = [one for one in dict.fromkeys(found) if may_be_kept(one, customer)]
    return kept if len(kept) <= MOST_DELTAS else []


def _compared(
    drafted: str, sent: str, added: Collection[str]
) -> tuple[letters.Parts, letters.Parts, list[str], list[str]]:
    """Both letters' parts, and the sentences of both bodies without those that were added."""
    old, new = letters.parts(drafted), letters.parts(sent, letters.lines_after_closing(drafted))
    was, now = (
        [said for one in letters.said_in(text, where.body) if (said := text[slice(*one)]) not in added]
        for text, where in ((drafted, old), (sent, new))
    )
    return old, new, was, now


def length(drafted: str, sent: str, added: Collection[str] = ()) -> int:
    """To how many of its sentences a draft was cut; 0 where it was not."""
    _, _, was, now = _compared(drafted, sent, added)
    return next((int(one.after) for one in _length(was, now)), 0)


def _length(was: Sequence[str], now: Sequence[str]) -> Iterable[Delta]:
    """How many sentences of the draft were kept, where a third or more of them went."""
    kept = letters.kept_of(was, now)
    if 0 < kept <= SHORTER * len(was) and len(now) < len(was):
        yield Delta("length", "", str(kept))


def _order(was: Sequence[str], now: Sequence[str], customer: Customer) -> Iterable[Delta]:
    """Where one sentence was put before or behind all others, reworded or not."""
    became = {one: one for one in was if one in now} | {b: a for b, a in aligned(was, now) if b and a}
    old = [one for one in was if one in became]
    new = sorted(old, key=lambda one: now.index(became[one]))
    if old == new or not len(old) == len(set(old)) == len(set(became.values())):
        return
    for said, where, rest in ((new[0], lessons.FIRST, new[1:]), (new[-1], lessons.LAST, new[:-1])):
        sign = _sign(said, became[said], was, customer)
        if sign and rest == [one for one in old if one != said]:
            yield Delta("order", sign, where)
            return  # of two that changed places, one says it all


def _sign(said: str, sent: str, among: Sequence[str], customer: Customer) -> str:
    """By which only this sentence is found: that it asks, or a word of its own, the customer's first."""
    if letters.marked(among, letters.QUESTION) == among.index(said):
        return letters.QUESTION
    told = {one for one in words.tokens(said) if len(one) >= FEWEST_LETTERS and one.isalpha()}
    own = {one.lower() for one in told & set(words.tokens(sent)) if customer.language == "de" or one.islower()}
    found = [one for one in own if letters.marked(among, one) is not None]
    return min(found, key=lambda one: (not words.content(one) <= customer.asked, -len(one), one), default="")


def _greeting(drafted: str, sent: str, customer: Customer) -> Iterable[Delta]:
    before, after = (_named(_phrase(line), customer.first_name) for line in (drafted, sent))
    if before and after and before != after:
        yield Delta("greeting", before, after)


def _named(line: str, first_name: str) -> str:
    return re.sub(rf"\b{re.escape(first_name)}\b", "{name}", line) if first_name else line


def _closing(drafted: str, sent: str) -> Iterable[Delta]:
    before, after = _phrase(drafted), _phrase(sent)
    if before and after and before != after:
        yield Delta("closing", before, after)


def _phrase(line: str) -> str:
    return line.strip().rstrip(",!:. ")


def _body(drafted: str, sent: str, language: str) -> Iterable[Delta]:
    old, new = ([text[a:b] for a, b in words.sentences(text)] for text in (drafted, sent))
    first = new[0] if old and new else ""
    for before, after in aligned(old, new):
        if before and after:
            yield from _wordings(before, after, language)
        elif after:
            yield Delta("opening" if after == first else "insert", "", after)
        else:
            yield Delta("delete", before, "")


def aligned(old: Sequence[str], new: Sequence[str]) -> Iterable[tuple[str, str]]:
    """Where two texts differ: each new sentence beside the one it was made of, or beside "" where it was added;
    what was left out stands beside "". A sentence that was only moved is in none."""
    come, gone = [], []
    for tag, a, b, c, d in _joined(Levenshtein.opcodes(old, new), gap=0):
        if tag == "equal":
            continue
        left = list(old[a:b])
        for said in new[c:d]:
            nearest = _nearest(said, left, ALIKE)
            if nearest:
                left.remove(nearest)
                yield nearest, said
            else:
                come.append(said)
        gone += left
    for said in come:
        nearest = _nearest(said, gone, MOVED)
        if nearest:
            gone.remove(nearest)
        if nearest != said:
            yield nearest, said
    yield from ((one, "") for one in gone)


def _nearest(said: str, among: Sequence[str], least: float) -> str:
    nearest = max(among, key=lambda one: _likeness(one, said), default="")
    return nearest if nearest and _likeness(nearest, said) >= least else ""


def _likeness(one: str, other: str) -> float:
    return words.likeness(words.tokens(one), words.tokens(other))


def _wordings(drafted: str, sent: str, language: str) -> Iterable[Delta]:
    """Phrases that were replaced within a sentence, each wide enough to be found again."""
    old, new = (list(_TOKEN.finditer(text)) for text in (drafted, sent))
    told = ([one.group() for one in side] for side in (old, new))
    for tag, a, b, c, d in _joined(Levenshtein.opcodes(*told), gap=1):
        if tag == "equal":
            continue
        while not _carries(old[a:b]) or a == b or c == d:
            wider = (a - (a > 0), b + (b < len(old)), c - (c > 0), d + (d < len(new)))
            if wider == (a, b, c, d) or b - a > 6:
                break
            a, b, c, d = wider
        before, after = _span(drafted, old[a:b]), _span(sent, new[c:d])
        if _carries(old[a:b]) and not _names_differ(old[a:b], new[c:d], language):
            yield Delta("replace", _small(before, a, language), _small(after, c, language))


def _joined(steps: Iterable[Any], *, gap: int) -> list[Step]:
    """Edits with at most `gap` words between them are one."""
    made: list[Step] = []
    for tag, a, b, c, d in map(tuple, steps):
        if tag != "equal":
            if len(made) > 1 and made[-1][0] == "equal" and made[-1][2] - made[-1][1] <= gap:
                made.pop()
            if made and made[-1][0] != "equal":
                _, a, _, c, _ = made.pop()
        made.append((tag, a, b, c, d))
    return made


def _carries(tokens: Sequence[re.Match[str]]) -> bool:
    return any(words.content(one.group()) and len(one.group()) >= FEWEST_LETTERS for one in tokens)


def _span(text: str, tokens: Sequence[re.Match[str]]) -> str:
    return text[tokens[0].start() : tokens[-1].end()] if tokens else ""


def _small(phrase: str, at: int, language: str) -> str:
    """What began a sentence may stand within one as well."""
    return phrase[:1].lower() + phrase[1:] if at == 0 and language != "de" else phrase


def _names_differ(old: Sequence[re.Match[str]], new: Sequence[re.Match[str]], language: str) -> bool:
    """Another capitalised word within a sentence is another name; German writes all nouns so.

    At its beginning a name cannot be told from a word, so that a new one there is taken for a name.
    """
    if language == "de":
        return False
    before, after = ({one.group() for one in side if one.start() > 0 and _is_name(one.group())}
                     for side in (old, new))  # fmt: skip
    first = next((one.group().casefold() for one in new if one.start() == 0 and _is_name(one.group())), "")
    return before != after or (bool(first) and first not in _DULL | {one.group().casefold() for one in old})


def _is_name(word: str) -> bool:
    return word[:1].isupper() and word != "I" and not word.startswith(("I'", "I’"))


def may_be_kept(delta: Delta, customer: Customer) -> bool:
    both = (delta.before, "" if delta.kind in lessons.ARRANGED else delta.after)
    if any(len(text) > LONGEST or _is_private(text.replace("{name}", ""), customer) for text in both):
        return False
    if delta.kind in ("greeting", "closing"):
        return not _names_somebody(delta.after)
    if delta.kind == "replace":
        return sense(delta.before) == sense(delta.after)
    if delta.kind in lessons.ARRANGED:
        return True
    said = delta.after or delta.before
    return bool(words.content(said)) and not _names_within(said, customer.language)


def _names_somebody(line: str) -> bool:
    told = words.tokens(line.replace("{name}", ""))[1:]
    return any(one[:1].isupper() and one.casefold() not in _COURTESIES for one in told)


def _is_private(text: str, customer: Customer) -> bool:
    """A detail of any kind, or one of the names that are known."""
    if slots.mask(text) != text or "[" in text or "{" in text:
        return True
    return any(one in customer.folded or one.casefold() in customer.folded for one in words.tokens(text))


def _names_within(sentence: str, language: str) -> bool:
    return language != "de" and any(_is_name(one) for one in words.tokens(sentence)[1:])


def sense(text: str) -> tuple[Collection[str], Collection[str]]:
    """Whether a text denies something, and the numerals in it: another sense is no other wording."""
    said = {one.casefold() for one in words.tokens(text)}
    denies = {one for one in said if one in _NEGATIONS or one.endswith(("n't", "n’t"))}
    return {"not"} if denies else set(), said & _NUMERALS
