"""Which of the customer's questions the draft leaves open, judged by the words that it takes up."""

import re

from copilot.drafting.checks.facts import facts_in
from copilot.words import content, sentences

_COURTESY = re.compile(
    r"\b(?:can|could|would|will) (?:you|someone|anyone) (?:please )?(?:help|look|check|advise)\b[^?]{0,25}\?"
    r"|\bhow are you\b|\bany (?:news|ideas?|update)\b|\bright\?|\bwie geht|\bkönnen sie (?:mir|uns) helfen\b"
    r"|\bpouvez-vous m['’]aider\b|\bça va\b",
    re.I,
)
_DULL = frozenset(
    "could possi still alrea maybe pleas know tell thing somet anyth there where which while until after"
    " befor much"
    " many does have been being will would might shall quest answe möcht könne können müsse muss wurde werde"
    " wird gibt"
    " noch auch oder aber wenn eine einen einer unser unsere ihre ihren bitte hast haben kann kannst mein"
    " meine sagen"
    " nicht dass sind wann wer wie was wo est-c vous votre nous notre pouve puis-j ce-que est les des une"
    " dans pour"
    " avec elle il mon mes ton tes quand quoi comme combi quel quell que qui dire peux peut encor deja bien"
    " sont".split()
)
# What kind of fact settles a question; where there is one, it is answered.
_ASKS_FOR = (
    (re.compile(r"\b(?:how long|wie lange|combien de temps)\b", re.I), {"span", "date"}),
    (re.compile(r"\b(?:when|until when|from which day|which dates?|wann"
                r"|quand)\b", re.I), {"date", "day", "span"}),
    (re.compile(r"\b(?:what .{0,30}(?:pay|cost|price)|how much|was kostet|wie teuer"
                r"|combien .{0,12}co[uû]te)\b", re.I),
     {"amount"}),
    (re.compile(r"\b(?:how many|wie viele|combien d)\b", re.I), {"number", "word"}),
)  # fmt: skip
_BACK = re.compile(r"\b(?:it|its|them|they|that|this|one|ones|es|das|dies|sie|ça|cela|celle|celui)\b", re.I)
_YES_OR_NO = re.compile(
    r"^(?:\w+[,:] )?(?:(?:and|und|et) )?(?:is|are|do|does|did|can|could|may|will|would|has|have|kann|können"
    r"|ist|sind|haben|hast|gibt"
    r"|est-ce|puis-je|pouvons|peut|as-tu|avez)\b", re.I,
)  # fmt: skip
_SAYS_SO = re.compile(r"(?:^|[.!?\n]\s*)(?:(?:and|und|et) )?(?:yes|no|ja|nein|doch|oui|non|si)\b[,.!:]", re.I)


def unanswered(asked: str, answer: str, cited: str) -> list[str]:
    """Questions of which neither the answer nor what it cites takes up anything that only they ask."""
    questions = [one for one in _questions(asked) if not _COURTESY.search(one)]
    said, kinds = _about(f"{answer} {cited}"), {fact.kind for fact in facts_in(answer)}
    found = []
    for question in questions:
        others = set[str]().union(*(_about(one) for one in questions if one != question))
        own = (_about(question) - others) or _about(question)
        plain = bool(_YES_OR_NO.match(question) and _SAYS_SO.search(answer))
        settled = plain or any(pattern.search(question) and kinds & wanted for pattern, wanted in _ASKS_FOR)
        if len(own) >= _enough(question) and not own & said and not settled:
            found.append(question)
    return found


def _enough(question: str) -> int:
    """Content words that tell what is asked; "Can you add it?" rests on what stood before it."""
    return 3 if _BACK.search(question) else 2


def _questions(asked: str) -> list[str]:
    said = (asked[start:end] for start, end in sentences(asked))
    return [" ".join(one.split()) for one in said if one.endswith("?")]


def _about(text: str) -> set[str]:
    return {word for word in content(text) if word not in _DULL} | set(re.findall(r"\d+", text))
