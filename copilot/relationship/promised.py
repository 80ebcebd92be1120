"""Hear a promise in what a colleague wrote to a customer.

A promise is somebody of us who will do something for the customer. What only may be, is asked, hangs on the
customer, or is said not to happen is none. English; another language is found by nobody here.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from copilot.relationship.when import due
from copilot.words import sentences

LONGEST = 300

# After "I'll": what is no deed, or is none for the customer. "See to it" and "look into" are.
_NO_DEED = (
    r"(?:be(?! (?:back )?in touch\b| with you\b| back with)|need|miss|hope|assume|guess|think|remember|admit"
    r"|agree|charge|bill|want|wait|appreciate|accept|understand|know|treat|only|never|always|not|no longer"
    r"|probably|likely|close|stop|expect|consider|like|love|learn|enjoy|say|try|use|lose|win|do my best"
    r"|do our best|do(?! it| this| that| so)|leave(?! (?:it|this|that) with)|see(?! to| what| whether| if"
    r"| that| who)|take(?! care| up| over| down| off)|look(?! into| at| through| up| for (?:it|the|your|a)\b"
    r"| after)|continue|remain|stay|have(?! (?:someone|somebody|an? \w+|our \w+) (?:call|look|check|contact"
    r"|come|ring|write|send)\b|.*\b(?:ready|for you|done|fixed)\b))\b"
)
_ADVERB = (
    r"(?: (?:also|then|personally|gladly|certainly|now|immediately|definitely|happily|of course|still|just"
    r"|again))*"
)
_WILL = r"(?:['’]ll| will| shall)"
# What a colleague who is named, or a team, does for a customer.
_FOR_YOU = (
    r"(?:re)?sends?|calls?|ring|phone|contact|visit|write|e-?mail|mail|reply|respond|answer|follow up"
    r"|get back|come back|update|look into|look at|check|review|investigate|fix|repair|install|issue|refund"
    r"|credit|deliver|bring|arrange|take care|help|prepare|confirm|let you know|be in touch|be with you"
    r"|monitor|replace"
)
_OURS = (
    r"(?:(?:my|our|the|an?) (?:\w+ ){0,2}(?:team|colleague|engineer|technician|manager|department|specialist"
    r"|expert|lawyers?|support|director|fitter)(?: [A-Z]\w+)?|(?:some(?:one|body)"
    r"|a colleague) from [\w ]{2,30}?)"
)
_THING = r"(?:the|your|a|an|our)(?!.{0,20}\b(?:colleague|team)\b)(?: [\w-]+){1,4}?"
_SAYS = re.compile(
    rf"\b(?:i|we)(?:{_WILL}| promise to| guarantee|['’]m going to|['’]re going to| (?:am"
    rf"|are) going to){_ADVERB} (?!{_NO_DEED})\w|\b(?:i|we)\b[^.]*,? (?:and"
    rf"|then) (?:then )?will{_ADVERB} (?!{_NO_DEED})\w|\b{_OURS}(?:{_WILL}| is going to"
    rf"| are going to){_ADVERB} (?:{_FOR_YOU})\b|, (?:who|which) will{_ADVERB} (?:{_FOR_YOU})\b"
    r"|\blet me (?!know\b)\w+\b[^:]*\b(?:and|then)\b[^:]*\b(?:you|back)\b"
    r"|\bmy colleague (?:\w+ )?is sending you\b|\bexpect\b.*\bfrom (?:me|us|our|my|[A-Z]\w+)\b"
    r"|\bexpect (?:our|my|an?|the) (?:\w+ )?(?:answer|reply|call|decision|offer|update|mail|proposal)\b"
    r"|\byou(?:['’]ll| will| should)(?: \w+)? (?:have|get|receive|hear)\b(?=.*\b(?:by|before|from (?:me|us"
    r"|our|my))\b)"
    rf"|\b{_THING}(?: will (?:be with you|reach you|be in your|be on your|go out|leave"
    r"|be (?:sent|shipped|refunded|credited|issued|posted|dispatched))| ships| goes out"
    r"| leaves)\b(?=.*\b(?:by|on|before"
    r"|within|in|tomorrow|today|tonight|this|next)\b)",
    re.I,
)
_NAMED = re.compile(
    r"(?:^|[,;] )(?!(?:They|You|He|She|It|This|That|There|Nobody)\b)[A-Z][a-zà-ÿ]+"
    rf"(?: from [\w ]{{2,25}}?)?(?:['’]ll| will) (?:{_FOR_YOU})\b"
)
_IS_DOING = re.compile(
    r"\b(?:i['’]m|i am|we['’]re|we are) (?:just |now )?(?:sending|calling|shipping|booking|ordering"
    r"|forwarding|refunding"
    r"|visiting|installing|posting)\b(?!.*\b(?:because|since)\b)", re.I
)  # fmt: skip
_WROTE_DOWN = re.compile(
    r"\b(?:i|we)? ?(?:promised|agreed|offered|undertook)(?: \w+)? (?:to|that we|that i)\b", re.I
)
_NO_PROMISE = re.compile(
    r"^(?:please )?(?:just )?(?:send|tell|share|confirm|reply|return|fill|sign|upload|attach|answer"
    r"|let me know)\b.*\band (?:i|we)(?:['’]ll| will)\b|\?\s*$"
    r"|(?<!see )(?<!check )(?<!know )(?<!ask )(?<!out )(?<!confirm )\bif\b|\bunless\b|(?:^|, )should (?:the"
    r"|this|it|that|your|any|you|we|i|there)\b|\b(?:once|when|after|as soon as) (?:you|your|(?:the )?payment"
    r"|we (?:have|receive|get)\b|we['’]ve)|\bnever\b|\bwon['’]t\b|\b(?:will|shall) not\b|\byou (?:wrote|said"
    r"|mentioned)\b|\bevery \w+day\b"
    r"|\b(?:mon|tues|wednes|thurs|fri)days\b|\b(?:terms|rules?|polic(?:y|ies)) (?:say|state)s?\b",
    re.I,
)
# What makes the clause that it stands in no promise.
_HEDGES = re.compile(
    r"\b(?:hope|hoping|aim|try|trying|expect) to\b|\b(?:hope|think|believe) (?:that )?(?:we|i|it)\b"
    r"|\b(?:can(?:no|['’])t|cannot|not) promise\b|\bunable to\b|\b(?:perhaps|maybe|probably|possibly"
    r"|hopefully)\b"
    r"|\b(?:normally|usually|generally|always)\b|\bany (?:questions?|time)\b",
    re.I,
)
_QUOTED = re.compile(r"“[^”]*”|\"[^\"]*\"|«[^»]*»")
_CLAUSE = re.compile(r"[,;:]|\bbut\b", re.I)


@dataclass(frozen=True, slots=True)
class Heard:
    """One sentence that promises. `due` is in the zone of the moment at which it was said."""

    quote: str
    due: datetime | None


def promises_in(text: str, said_at: datetime, *, wrote_down: bool = False) -> Iterator[Heard]:
    """`said_at` in the writer's zone; `wrote_down`: it is no letter, but what was said in a call."""
    for start, end in sentences(text):
        sentence = text[start:end]
        if sentence.startswith(">") or len(sentence) > LONGEST:
            continue  # somebody else's words, or too many to be one promise
        own = _QUOTED.sub("“”", sentence)  # what is quoted was said before, or by somebody else
        when = due(own, said_at)
        rules = [_SAYS, _NAMED]
        rules += [_IS_DOING] if when else []  # without a time it is a remark
        rules += [_WROTE_DOWN] if wrote_down else []
        if not _NO_PROMISE.search(own) and any(_says(rule, own) for rule in rules):
            yield Heard(sentence, when)


def _says(rule: re.Pattern[str], sentence: str) -> bool:
    """In a clause that does not take it back."""
    found = rule.search(sentence)
    return found is not None and not _HEDGES.search(_clause(sentence, found.end()))


def _clause(sentence: str, at: int) -> str:
    """The part of the sentence, up to the next comma on either side, in which `at` stands."""
    ends = [0, *(gap.end() for gap in _CLAUSE.finditer(sentence)), len(sentence)]
    start = max(end for end in ends if end < at)
    return sentence[start : min(end for end in ends if end >= at)]
