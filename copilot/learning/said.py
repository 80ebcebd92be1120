"""A lesson as a person says it in a sentence, read without a model: "Say X, not Y", "Always close with X"."""

import re

from copilot.learning.mine import Delta
from copilot.letters import QUESTION

_OPEN, _SHUT = "“„\"'‘«", "”“\"'’»"
_X = rf"(?:[{_OPEN}](?P<x>.+?)[{_SHUT}]|(?P<bare_x>.+?))"
_Y = rf"(?:[{_OPEN}](?P<y>.+?)[{_SHUT}]|(?P<bare_y>.+?))"
_SPEAK = r"(?:please\s+)?(?:always\s+)?(?:say|write|use|call it|put)"
_NEVER = r"(?:never|do(?:n['’]t| not)) (?:say|write|use)"
_KEEP = r"(?:always\s+)?(?:write|keep (?:it|them|(?:every |each |the )?repl(?:y|ies)) to)"
_NUMBERS = "one two three four five six seven eight nine ten".split()
_NUMBER = "|".join(_NUMBERS)
_ASKING = ("question", "questions")
_FORMS: tuple[tuple[str, str], ...] = (
    ("length", rf"(?:{_KEEP})?\s*(?:at most|no more than)?\s*(?P<x>\d+|{_NUMBER})\s+sentences?"),
    ("order", rf"(?:always\s+)?(?:put|answer|say|mention)\s+(?:what is said (?:of|about)\s+)?(?:the\s+)?{_X}"
              r"(?:\s+(?:part|sentence|question))?\s+(?P<y>first|last)"),
    ("replace", rf"{_SPEAK}\s+{_X}[,;]?\s+(?:instead of|rather than|not|and not|never)\s+{_Y}"),
    ("replace", rf"(?:instead of|rather than)\s+{_Y}[,;]?\s+(?:please\s+)?(?:say|write|use)\s+{_X}"),
    ("replace", rf"(?:replace|change)\s+{_Y}\s+(?:with|by|to|into)\s+{_X}"),
    ("greeting", rf"(?:always\s+)?(?:greet (?:them |customers |people )?(?:with|by)|the greeting is)\s+{_X}"),
    ("closing", rf"(?:always\s+)?(?:close|sign off|end the letter)\s+with\s+{_X}"),
    ("opening", rf"(?:always\s+)?(?:begin|start|open)\s+(?:every reply |each reply |the reply )?with\s+{_X}"),
    ("insert", rf"(?:always\s+)?(?:add|end with|mention at the end)\s+{_X}"),
    ("insert", rf"always\s+(?:say|write|mention)\s+{_X}"),
    ("delete", rf"(?:always\s+)?(?:leave out|drop|omit|remove|{_NEVER})\s+{_X}"),
)  # fmt: skip


def read(sentence: str) -> Delta | None:
    """The change that the sentence asks for; None where it takes none of the forms."""
    told = " ".join(sentence.split())
    for kind, form in _FORMS:
        hit = re.fullmatch(rf"{form}[.!]?", told, re.I)
        if hit:
            return _delta(kind, _part(hit, "x"), _part(hit, "y"))
    return None


def _part(hit: re.Match[str], name: str) -> str:
    told = hit.groupdict()
    return (told.get(name) or told.get(f"bare_{name}") or "").strip()


def _delta(kind: str, said: str, instead_of: str) -> Delta:
    match kind:
        case "length":
            number = _NUMBERS.index(said.lower()) + 1 if said.lower() in _NUMBERS else int(said)
            return Delta(kind, "", str(number))
        case "order":
            sign = QUESTION if said.lower() in _ASKING else said.lower()
            return Delta(kind, sign, instead_of.lower())
        case "replace":
            return Delta(kind, instead_of, said)
        case "delete" if said[-1:] in ".!?":
            return Delta(kind, said, "")
        case "delete":  # words within a sentence
            return Delta("replace", said, "")
        case "greeting" | "closing":
            return Delta(kind, "", said.rstrip(",!:. "))
    return Delta(kind, "", said if said[-1:] in ".!?" else f"{said}.")
