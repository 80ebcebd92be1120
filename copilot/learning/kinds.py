"""What kinds of change a person made to a draft, told by rules; what matters most stands first.

Tone, structure and fluency may become lessons by themselves. A change of fact, of policy or of what is private
is a person's to judge, so that in doubt the rules take a wording for one of these, none of these for a wording.
"""

import re
from collections.abc import Callable, Iterable

from copilot import letters, slots, words
from copilot.learning.mine import aligned, sense
from copilot.models import Signal

Kind = Signal.Kind
_PERSONAL = ("email", "phone", "id", "link")  # of details that were taken out
_SHORTER = 0.6  # of the words; a sentence cut or grown by more was built anew
# Stems as `words.content` has them, and words, by which something is promised, allowed or refused.
_RULES = frozenset(
    "refun warra guara polic entit eligi allow permi oblig liabl liabi compe waive must may only unles"
    " excep always never ersta garan gewäh kulan berec gebüh rembo frais muss darf nur immer nie doit".split()
)
_COURTEOUS = frozenset(
    "please sorry unfortunately kindly thanks thank you great happy glad pleased delighted apologise"
    " apologize apologies regret hope appreciate afraid trouble inconvenience patience understanding very"
    " really so much many again dear warm warmly for your the our i we am are m re ve ll d s have will"
    " would is bitte leider gern gerne danke dank vielen herzlich herzlichen freue freuen freut mich uns"
    " entschuldigung entschuldigen bedauern geduld verständnis tut leid es du dich dir dein deine sie"
    " ihnen ihr ihre merci désolé désolée plaît vous nous".split()
)
_WORD = re.compile(r"[^\W\d_]+")


def kinds(drafted: str, sent: str, names: tuple[str, ...], known: Callable[[], str]) -> list[Signal.Kind]:
    """`names` are the customer's; `known` tells what their records and messages say, where that is asked."""
    if not drafted.strip() or drafted == sent:
        return []
    old = letters.parts(drafted)
    new = letters.parts(sent, letters.lines_after_closing(drafted))
    was, now = drafted[slice(*old.body)], sent[slice(*new.body)]
    found = {*_of_details(was, now, known), *_of_names(was, now, names), *_of_sentences(was, now, names)}
    if _lines(drafted, old) != _lines(sent, new):
        found.add(Kind.TONE)
    if not found:  # blanks and line breaks alone
        found.add(Kind.STRUCTURE)
    return [kind for kind in Kind if kind in found]


def _lines(text: str, where: letters.Parts) -> tuple[str, str]:
    return text[slice(*where.greeting)].strip(), text[slice(*where.closing)].strip()


def _of_details(was: str, now: str, known: Callable[[], str]) -> Iterable[Signal.Kind]:
    """One in the place of another corrects a fact; one that was put in may be the customer's own."""
    old, new = ({text[a:b]: kind for kind, a, b in slots.details(text)} for text in (was, now))
    gone = {one: kind for one, kind in old.items() if one not in new}
    come = [one for one in new if one not in old]
    if come and (gone or any(one not in known() for one in come)):
        yield Kind.FACT
    elif come:
        yield Kind.CUSTOMER
    elif any(kind in _PERSONAL for kind in gone.values()):
        yield Kind.PRIVACY
    elif gone:
        yield Kind.FACT


def _of_names(was: str, now: str, names: Iterable[str]) -> Iterable[Signal.Kind]:
    old, new = (set(_WORD.findall(text)) for text in (was, now))
    if any(one in old ^ new for one in names):
        yield Kind.CUSTOMER


def _of_sentences(was: str, now: str, names: tuple[str, ...]) -> Iterable[Signal.Kind]:
    old, new = ([_plain(text[a:b], names) for a, b in words.sentences(text)] for text in (was, now))
    if old != new and sorted(old) == sorted(new):
        yield Kind.STRUCTURE
        return
    for before, after in aligned(old, new):
        yield from _of_one(before, after)


def _plain(sentence: str, names: tuple[str, ...]) -> str:
    """With a hole for each name and detail; those are looked at by themselves."""
    return re.sub(r"\{\w+\}", "{}", slots.mask(sentence, names))


def _of_one(before: str, after: str) -> Iterable[Signal.Kind]:
    old, new = ([one.casefold() for one in _WORD.findall(text)] for text in (before, after))
    if old == new and "{}" in before + after:
        return
    other = set(old) ^ set(new)
    if _ruling(before) != _ruling(after) or (before and after and sense(before) != sense(after)):
        yield Kind.POLICY
    elif other <= _COURTEOUS and before != after:
        yield Kind.TONE
    elif not before or not after or not _SHORTER <= len(new) / max(1, len(old)) <= 1 / _SHORTER:
        yield Kind.STRUCTURE
    elif before.count("{}") == after.count("{}") or words.content(before) != words.content(after):
        yield Kind.FLUENCY


def _ruling(text: str) -> frozenset[str]:
    return _RULES & (words.content(text) | {one.casefold() for one in _WORD.findall(text)})
