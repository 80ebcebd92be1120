"""Hear in a customer's words what is worth knowing for longer than the case: without a model, English only.

It takes what is said plainly and lets the rest go: a note that was not proposed can be written by a person, and
a wrong one costs their time. What the law holds to be private (health, belief) is never proposed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from copilot.words import sentences

PLAINLY, MAYBE = "said plainly", "said with a maybe"
LONGEST, SHORTEST = 300, 12
_WHEN = (
    r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december|spring|summer"
    r"|autumn|winter|quarter|next (?:week|month|year)|this (?:month|year)|end of (?:the )?(?:month|year)|20\d\d"
    r"|\d{1,2}(?:st|nd|rd|th)|mondays?|tuesdays?|wednesdays?|thursdays?|fridays?|q[1-4])\b"
)
_LASTING = (
    r"\b(?:always|never|usually|normally|generally|in general|in future|from now on|going forward|as a rule"
    r"|every (?:time|week|month|quarter|year)|by (?:e-?mail|phone|post|letter|text)|mails?|e-?mails?|letters?"
    r"|phone|calls?|mornings?|afternoons?|noon|\w+days|dates?|in (?:english|german|french|swedish|norwegian))\b"
)
_SENSITIVE = re.compile(
    r"\b(?:ill|sick|illness|disease|hospital|surgery|operation|cancer|pregnan\w+|therapy|depress\w+"
    r"|diagnos\w+|disab\w+"
    r"|funeral|died|death|passed away|divorc\w+|church|mosque|religio\w+|ramadan|union|sexual\w*)\b",
    re.I,
)
_HEDGED = re.compile(r"\b(?:maybe|perhaps|might|may|could|probably|possibly|i think|not sure yet)\b", re.I)
# {who}: of whom it is said; {am}: are, is or am after them.
_RULES: tuple[tuple[str, str], ...] = (
    ("risk",
     r"\b(?:looking at|considering|evaluating|talking to|comparing|in talks with)\b.{0,30}"
     r"\b(?:other (?:providers?|vendors?|suppliers?|options|tools)|alternatives?|competitors?)\b"
     r"|\b(?:thinking (?:of|about)|considering|talking about) (?:cancel+|leav|switch|quitt)ing\b"
     r"|\b(?:will|would|['’]ll|['’]d|may|might) (?:have|need|be forced) to (?:look elsewhere|switch|leave"
     r"|cancel)\b"
     r"|\bbudgets? (?:is|was|were|has been|have been|will be) (?:cut|frozen|reduced|halved)\b"
     r"|\b(?:offer|quote) from (?:one of )?(?:your|a|another) (?:competitors?|provider|vendor)\b"
     r"|\b(?:(?:do|does) ?n[o'’]t plan|not planning|not going) to (?:renew|extend)\b|\bdo not plan to renew\b"),
    ("personal",
     r"\b{who}(?:['’]ll| will)?(?: be)? ?{am}? ?(?:away )?(?:on|going on)"
     r" (?:holiday|vacation|(?:parental|maternity|paternity|family)? ?leave|sabbatical)\b.*\b(?:until|till"
     r"|from|to|in)\b"
     r"|\b{who} ?(?:{am}|will be|['’]ll be) (?:retiring|leaving the company|getting married)\b"
     r"|\b(?:my|his|her) (?:daughter|son|kids|children|wife|husband|partner)\b"),
    ("concern",
     r"\b{who} ?{am} (?:(?:really|very|quite|still|also|a (?:bit|little)|increasingly|rather) )?(?:worried"
     r"|concerned"
     r"|nervous|uneasy|not (?:at all )?(?:happy|comfortable|satisfied)|unhappy|dissatisfied|frustrated"
     r"|disappointed)"
     r" (?:about|by|that|with|at|over)\b|\b(?:our|my|their) (?:main |biggest |only )?(?:concern|worry) is\b"
     r"|\b(?:worries|concerns|bothers) (?:me|us|them)\b"),
    ("way_of_working",
     r"\b(?:all|every|each)(?: of)? ?(?:our |their )?(?:invoices?|orders?|changes?|requests?|contracts?"
     r"|deliver(?:y|ies)"
     r"|payments?|purchases?|reports?)\b.*\b(?:must|ha(?:s|ve) to|needs?|should (?:go|be sent)"
     r"|goe?s? through)\b"
     r"|\bneeds? (?:an? )?(?:purchase order|po)(?: number)?\b|\bplease always (?:copy|cc|include|add|put)\b"
     r"|\b(?:our|their) (?:procurement|process|purchasing|legal team|policy|procedure|works council)\b"
     r".*\b(?:takes|requires?|needs?|means)\b"
     r"|\b{who} only (?:deploy|release|pay|order|sign|approve|accept|work)s?\b"),
    ("commitment",
     r"\b{who} (?:have|has|['’]ve)? ?decided to (?:renew|extend|stay|upgrade|sign|order|go)\b"
     r"|\b{who}(?:['’]ll| will|(?: {am}) (?:going|ready|happy|glad) to) (?:renew|sign|extend|upgrade"
     r"|go ahead|roll out"
     r"|order|stay with)\b|\b(?:board|management|cfo|ceo|boss) (?:has )?(?:approved|agreed|said yes)\b"),
    ("milestone",
     r"\b{who} ?(?:{am}|will|['’]ll)? ?(?:be )?(?:go(?:ing|es)? live|launch(?:ing|es)?|open(?:ing|s)?"
     r"|mov(?:e|es|ing) to"
     r"|merg(?:e|es|ing) with|migrat(?:e|es|ing)|expand(?:s|ing)?)\b.*" + _WHEN
     + r"|\b(?:our|their) (?:audit|go-?live|launch|board meeting|fiscal year|financial year|budget year"
     r"|contract"
     r"|peak season|inspection|opening|merger|move)\b (?:is|starts|begins|ends|takes place|opens)\b.*" + _WHEN),
    ("preference",
     r"\b{who}(?:['’]d| would)?(?: much)? prefers?\b.*" + _LASTING + r"|" + _LASTING + r".*\b{who} prefers?\b"
     r"|\b{who}(?:['’]d| would) rather\b.*\bthan\b|\b(?:best|easiest) (?:way|time) to (?:reach|call) (?:me"
     r"|us|them)\b"
     r"|\bplease (?:always|only|never) (?:call|phone|ring|e-?mail|mail|write|text|send|message)\b"
     r"|\bplease (?:do not|don['’]t) (?:call|phone|ring)\b"
     r"|\b(?:going forward|from now on|in future)\b.*\b(?:please|send|call|write)\b"),
)  # fmt: skip
_CUSTOMER = {"who": r"(?:i|we|my boss|our team)", "am": r"(?:am|are|is|['’]m|['’]re|['’]s)"}
_COLLEAGUE = {"who": r"(?!(?:i|we|you)\b)(?:\w+)", "am": r"(?:am|are|is|['’]m|['’]re|['’]s)"}


def _compiled(words: dict[str, str]) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Not by `format`: the rules count with braces of their own."""
    told = ((kind, rule.replace("{who}", words["who"]).replace("{am}", words["am"])) for kind, rule in _RULES)
    return tuple((kind, re.compile(rule, re.I)) for kind, rule in told)


_SAID_BY_THEM, _TOLD_BY_US = _compiled(_CUSTOMER), _compiled(_COLLEAGUE)


@dataclass(frozen=True, slots=True)
class Noted:
    """What might be kept: its kind (one of Note.Kind), the words themselves, and how surely they were said."""

    kind: str
    quote: str
    confidence: str = PLAINLY


def notes_in(text: str, *, by_us: bool = False) -> Iterator[Noted]:
    """In a customer's message; `by_us`: in what a colleague wrote down of a call with them."""
    for start, end in sentences(text):
        quote = text[start:end]
        if quote.startswith(">") or not SHORTEST <= len(quote) <= LONGEST or is_private(quote):
            continue
        kind = None if quote.endswith("?") else _kind(quote, _TOLD_BY_US if by_us else _SAID_BY_THEM)
        if kind:
            yield Noted(kind, quote, MAYBE if _HEDGED.search(quote) else PLAINLY)


def is_private(text: str) -> bool:
    """Of what the law holds to be nobody's business; no note is proposed on it, whoever noticed it."""
    return bool(_SENSITIVE.search(text))


def _kind(sentence: str, rules: tuple[tuple[str, re.Pattern[str]], ...]) -> str | None:
    return next((kind for kind, rule in rules if rule.search(sentence)), None)
