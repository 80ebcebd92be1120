"""Tell from a reply whether it keeps a promise, without a model: rather too seldom than once too often.

A promise that is still open is seen by its owner the next morning; one that was closed by mistake is forgotten.
"""

import re

from copilot.words import content, is_closing, is_greeting, sentences

ENOUGH = 0.6  # of what was promised, from where a sentence that says "done" speaks of it
SAME = 0.7
LENGTHY = 4  # content words beside those of the promise, from where a sentence is about something else
_DONE = re.compile(
    r"\b(?:i|we|our team|my colleague)(?:['’]ve| have| has)? (?:now |just |already |also )?(?:sent|attached"
    r"|refunded|credited|updated|fixed|shipped|booked|changed|added|moved|prepared|called|spoken|checked"
    r"|asked|arranged|issued|corrected|replaced|ordered|confirmed|forwarded|enclosed|uploaded|set up"
    r"|put together|looked into|removed)\b|\b(?:is|are|was|were|has been|have been) (?:now "
    r"|just )?(?:attached|enclosed|done|fixed|refunded|credited|sent|shipped|updated|corrected|booked|changed"
    r"|added|set up|ready|replaced|issued|on (?:its|the|their) way)\b|\b(?:attached|enclosed) (?:is|are"
    r"|you)\b|\bplease find\b|\bhere (?:is|are|comes)\b|\bhere['’]s\b"
    r"|\bas promised\b",
    re.I,
)
_NOT_YET = re.compile(r"\bnot\b|n['’]t\b|\bstill\b|\byet\b|\bnearly\b|\balmost\b|\?\s*$|\bif\b|\bonce\b", re.I)
_ANSWERS = re.compile(
    r"\b(?:get|come|be) back\b|\bfollow up\b|\blet you know\b|\bupdate you\b|\bkeep you (?:posted|informed)\b"
    r"|\breply\b"
    r"|\bin touch\b|\breport back\b|\bwrite back\b|\b(?:hear|answer|reply|decision) (?:from|by)\b",
    re.I,
)
_CALLS = re.compile(r"\b(?:calls?|ring|phone)\b", re.I)
_CALLED = re.compile(
    r"\b(?:our|the|today['’]s|this morning['’]s) (?:phone )?call\b|\bon the phone\b"
    r"|\bwe spoke\b|\bgood (?:to|talking)\b",
    re.I,
)
_BEGINS = re.compile(r"\b(?:i|we|you)(?:['’]ll| will| shall)\b", re.I)
# What every promise is made of, and says nothing of what it is about.
_COMMON = content(
    "will shall send sends call ring phone write email mail share get back come follow let know look check"
    " promise you your our the new by today tomorrow tonight morning afternoon evening noon week weeks day days"
    " hour hours month monday tuesday wednesday thursday friday saturday sunday january february march april"
    " may june july august september october november december next end before within latest soon shortly again"
    " also then please fix solve resolve sort"
)


def about(promise: str) -> set[str]:
    """What is promised, by its content words; what is said before it is no part of it."""
    begins = _BEGINS.search(promise)
    said = promise[begins.start() :] if begins else promise
    return {word for word in content(said) if word not in _COMMON and not word[0].isdigit()}


def is_same(promise: str, other: str) -> bool:
    """The same thing, perhaps by another day."""
    one, two = about(promise), about(other)
    if not one and not two:  # a word by some day, or a call
        return any(deed.search(promise) and deed.search(other) for deed in (_ANSWERS, _CALLS))
    return len(one & two) >= SAME * len(one | two)


def words_that_keep(promise: str, reply: str, *, answers: bool = False) -> str:
    """The sentence that says it is done; empty where none does.

    `answers`: the reply goes on where the promise was made and promises nothing new, so that "I'll get back to
    you" is kept by what it says.
    """
    wanted = about(promise)
    told = [reply[start:end] for start, end in sentences(reply)]
    told = [one for one in told if not one.startswith(">") and not is_greeting(one) and not is_closing(one)]
    for one in told:
        if _NOT_YET.search(one):
            continue
        if _DONE.search(one) and _speaks_of(content(one), wanted):
            return one
        if not wanted and _CALLS.search(promise) and _CALLED.search(one):
            return one
    if answers and _ANSWERS.search(promise) and not any(_NOT_YET.search(one) for one in told):
        return next((one for one in told if len(content(one)) > 2), "")
    return ""


def _speaks_of(said: set[str], wanted: set[str]) -> bool:
    both = said & wanted
    return bool(both) and len(both) >= ENOUGH * len(wanted) and len(said) <= LENGTHY + 2 * len(wanted)
