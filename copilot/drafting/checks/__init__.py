"""Checks after the engine and without it: what in the draft no source supports, in words.

Each sentence gets at most one check, the gravest. A tick is asked for what would do harm if it went
out unread; a notice without a tick is for what reading shows anyway: the tone, an open question.
"""

import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from copilot.context.value import Context, Item
from copilot.drafting.checks import leaks, names, speech, tongue
from copilot.drafting.checks.facts import Fact, facts_in, folded
from copilot.drafting.checks.known import HOUSE, Known, Pool, words_of
from copilot.drafting.checks.questions import unanswered
from copilot.drafting.engine import Mark, Reply
from copilot.secrets import secrets_in
from copilot.words import body, content, sentences

LABELS = {
    "instructions": "This speaks of how the draft was made:",
    "secret": "This repeats a secret:",
    "foreign": "This belongs to another customer:",
    "internal": "This repeats an internal note:",
    "link": "I know this link or address:",
    "cited": "It cites a source that does not exist; I checked it:",
    "quote": "I checked this quote:",
    "figure": "I checked this figure:",
    "name": "I know this name:",
    "language": "The language is right:",
    "done": "This was really done:",
    "promise": "I will see to it:",
    "policy": "This is really our rule:",
    "register": "Another form of address than the customer’s:",
    "unanswered": "Not answered yet:",
}
NOTES = {
    "instructions": "speaks of its instructions", "secret": "a secret", "foreign": "another customer’s",
    "internal": "internal note", "link": "unknown link or address", "cited": "source does not exist",
    "quote": "not in the source", "figure": "no source", "name": "unknown name",
    "language": "other language", "done": "says it was done", "promise": "new promise",
    "policy": "rule without a source", "register": "form of address", "unanswered": "open question",
}  # fmt: skip
NOTICES = frozenset({"register", "unanswered"})
_EVIDENCE = ("record", "note", "promise", "message", "answer")
_QUOTE = re.compile(r"“([^“”]+)”|„([^„“”]+)[“”]|«\s?([^«»]+?)\s?»|\"([^\"]+)\"")
_IMAGE = re.compile(r"!\[[^\]]*\]\s*\(|<\s*/?\s*[a-z!][^>]*>|\[[^\]]+\]\(\s*\S+\s*\)", re.I)
_TELLING = frozenset({"link", "email", "phone", "amount", "id"})  # no coincidence
SHORT_QUOTE = 3  # words; what is shorter is a name or a button


@dataclass(frozen=True, slots=True)
class Check:
    """One thing a person must look at; `start` and `end` are its place in the text, equal if it has none."""

    id: str
    kind: str
    words: str
    label: str
    note: str
    start: int
    end: int
    tick: bool = True

    def to_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence with what it cites; `core` leaves out greeting and closing."""

    text: str
    cited: tuple[Item, ...]
    cites_nothing: bool  # a mark of it names no source that exists
    core: bool


def check(reply: Reply, context: Context) -> list[Check]:
    known, core = Known(context), body(reply.text)
    theirs = context.question
    language = tongue.language_of(theirs) or context.language
    register = tongue.register_of(theirs, language) or _our_register(context, language)
    found: list[tuple[str, str, int, int]] = []
    for start, end in sentences(reply.text):
        said = _said(reply, context, start, end, core)
        kind = _fault(said, known, language)
        if not kind and said.core and tongue.is_off(said.text, register, language, theirs):
            kind = "register"
        if kind:
            found.append((kind, said.text, start, end))
    items = (context.item(mark.item_id) for mark in reply.marks)
    cited = " ".join(item.title for item in items if item and item.quotable)
    found += _of_the_whole(core, theirs, cited, language)
    return [
        Check(f"c{n}", kind, words, LABELS[kind], NOTES[kind], start, end, tick=kind not in NOTICES)
        for n, (kind, words, start, end) in enumerate(found, 1)
    ]


def _said(reply: Reply, context: Context, start: int, end: int, core: str) -> Said:
    text = reply.text[start:end]
    items = (context.item(mark.item_id) for mark in _marks(reply.marks, start, end))
    cited = tuple(item for item in items if item and item.quotable)
    return Said(text, cited, bool(_marks(reply.unknown, start, end)), text in core)


def _marks(marks: Iterable[Mark], start: int, end: int) -> list[Mark]:
    return [mark for mark in marks if start < mark.at <= end + 1]


def _our_register(context: Context, language: str) -> str:
    """Where the customer does not say, we go on as we began."""
    ours = (turn.text for turn in reversed(context.turns) if turn.by == "colleague")
    return next((one for text in ours if (one := tongue.register_of(text, language))), "")


def _fault(said: Said, known: Known, language: str) -> str:
    """The gravest fault of the sentence; whoever ticks a promise or a claim has read its figures too."""
    leak = _leak(said, known, language)
    wrong = "" if leak else _unsupported(said, known, language)
    spoken = _speech(said, known) if said.core and not leak else ""
    if spoken in ("done", "promise") and wrong in ("figure", "name"):
        return spoken
    return leak or wrong or spoken


def _leak(said: Said, known: Known, language: str) -> str:
    named = list(names.named(said.text, language))
    if leaks.speaks_of_prompt(said.text) or leaks.repeats_prompt(said.text):
        return "instructions"
    if any(one not in known.public.text for one in secrets_in(said.text)):
        return "secret"
    if leaks.leaks_note(said.text, known) or leaks.names_insider(named, known):
        return "internal"
    return "foreign" if leaks.names_other_customer(said.text, named, known) else ""


def _unsupported(said: Said, known: Known, language: str) -> str:
    if _IMAGE.search(folded(said.text)):
        return "link"
    stated = facts_in(said.text)
    wrong = [fact for fact in stated if not known.fact(fact)]
    if not _quotes_rightly(said, known):
        return "quote"
    if wrong:
        return _kind(wrong, known)
    if said.cites_nothing:
        return "cited"
    if _wrong_weekday(stated, known):
        return "figure"
    return "name" if _unknown_name(said.text, known, language) else ""


def _kind(wrong: list[Fact], known: Known) -> str:
    """A figure that only a note or another customer has is graver than one that nobody has."""
    for kind, pool, telling in (
        ("internal", known.internal, _TELLING | {"date"}),
        ("foreign", known.others, _TELLING),
    ):
        if any(pool.supports(fact, known.year) for fact in wrong if fact.kind in telling):
            return kind
    return "link" if any(fact.kind in ("link", "email") for fact in wrong) else "figure"


def _quotes_rightly(said: Said, known: Known) -> bool:
    """Words between quotation marks stand in what the sentence cites, or in any source if it cites none."""
    for found in _QUOTE.finditer(said.text):
        quote = next(part for part in found.groups() if part)
        if len(words_of(quote)) < SHORT_QUOTE:
            continue
        pool = Pool(f"{item.title}\n{item.text}" for item in said.cited) if said.cited else known.public
        if not pool.says(quote):
            return False
    return True


def _wrong_weekday(stated: list[Fact], known: Known) -> bool:
    """A weekday right before a known day that falls on another."""
    for one, other in pairwise(stated):
        if one.kind == "weekday" and other.kind == "date" and other.start - one.end < 8:
            days = Pool(())
            days.keys["date"] = {
                key for key in other.keys if known.public.supports(_only(other, key), known.year)
            }
            days.keys["date"] |= {
                key for key in known.public.keys["date"] if key[4:] in {k[-6:] for k in other.keys}
            }
            if days.keys["date"] and not days.supports(one, known.year):
                return True
    return False


def _only(fact: Fact, key: str) -> Fact:
    return Fact(fact.kind, (key,), fact.start, fact.end)


def _unknown_name(said: str, known: Known, language: str) -> bool:
    return any(
        part not in known.public.words
        for name in names.named(said, language)
        for part in names.parts(name)[-1:]
    )


def _speech(said: Said, known: Known) -> str:
    evidence = [item for item in said.cited if item.kind in _EVIDENCE and not item.internal]
    backed = any(_is_about(said.text, item) for item in evidence)
    if speech.claims_done(said.text) and not backed:
        return "done"
    house = any(item.kind in HOUSE for item in said.cited)
    if speech.promises(said.text) and not evidence and (speech.speaks_for_us(said.text) or not house):
        return "promise"
    if speech.lays_down(said.text) and not (house or evidence) and not known.rule(said.text):
        return "policy"
    return ""


def _is_about(said: str, item: Item) -> bool:
    """The cited item says something of the like; a mark alone proves nothing."""
    told = f"{item.title} {item.text}"
    if content(said) & content(told):
        return True
    pool = Pool([told])
    return any(pool.supports(fact, 0) for fact in facts_in(said))


def _of_the_whole(core: str, theirs: str, cited: str, language: str) -> Iterable[tuple[str, str, int, int]]:
    if not core:
        return
    written = tongue.language_of(core)
    if written and language in tongue.NAMES and written != language[:2]:
        words = f"The customer writes {tongue.NAMES[language]}, the draft is in {tongue.NAMES[written]}."
        yield "language", words, 0, 0
    elif not written or written == language[:2]:
        yield from (("unanswered", question, 0, 0) for question in unanswered(theirs, core, cited))
