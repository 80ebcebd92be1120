"""Pure work on words: tokens, the smallest word-level edit between two texts, and its distance."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz.distance import Levenshtein

_TOKEN = re.compile(r"\w+(?:['’\-]\w+)*|[^\w\s]")
_PIECE = re.compile(r"\s+|\w+(?:['’\-]\w+)*|[^\w\s]")
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)]*\s+(?=[\"'“‘(]?\S)|\n+")
# A full stop that ends no sentence: Dr. Baumgart, no. 1042, am 20. April.
_TITLE = re.compile(r"\b(?:dr|mr|mrs|ms|prof)\.$", re.I)
_SHORTENED = re.compile(
    r"(?:\b(?:no|nr|st|art|ca|bzw|inkl|vgl|approx|incl|vs|e\.g|i\.e|z\.\s?b|p\.\s?ex)|(?<![\w.,])\d{1,2})\.$",
    re.I,
)
_GOES_ON = re.compile(
    r"\d|[a-zà-ÿ]|(?:Januar|Februar|März|April|Mai|Juni|Juli|August|September|Oktober|November|Dezember)\b"
)
_GREETING = re.compile(
    r"^\s*(hi|hello|hey|dear|good (morning|afternoon|evening)|hallo|guten (tag|morgen)|sehr geehrte[rs]?"
    r"|liebe[rs]?|bonjour|bonsoir|ch[eè]re?|hola|hej|ciao|beste)\b[^\n]{0,60}?[,!.]?\s*$",
    re.I,
)
_CLOSING = re.compile(
    r"^\s*((kind|best|warm|many)? ?(regards|wishes|thanks)|thanks( again)?|thank you|sincerely"
    r"|yours (sincerely|faithfully)|cheers|best|mit freundlichen gr[üu](ß|ss)en|viele gr[üu](ß|ss)e"
    r"|freundliche gr[üu](ß|ss)e|beste gr[üu](ß|ss)e|cordialement|bien cordialement|bien à vous"
    r"|saludos( cordiales)?|med vänlig hälsning|vänliga hälsningar|groeten|met vriendelijke groet)"
    r"\b[ ,.!]*([^\W\d_][^\n]{0,40})?$",
    re.I,
)


def tokens(text: str) -> list[str]:
    """Words with their case, and each punctuation mark as a token of its own."""
    return _TOKEN.findall(text)


def sentences(text: str) -> list[tuple[int, int]]:
    """Where each sentence stands, as (start, end) offsets without surrounding white space."""
    found, start = [], 0
    ends = (gap for gap in _SENTENCE_END.finditer(text) if not _is_inside(text, gap))
    for gap in [*ends, None]:
        end = gap.start() if gap else len(text)
        piece = text[start:end]
        if piece.strip():
            lead = len(piece) - len(piece.lstrip())
            found.append((start + lead, start + len(piece.rstrip())))
        start = gap.end() if gap else end
    return found


def _is_inside(text: str, gap: re.Match[str]) -> bool:
    """A blank after a full stop that only shortens a word or makes a number the so-manieth."""
    before, after = text[max(0, gap.start() - 12) : gap.start()], text[gap.end() :]
    if "\n" in gap.group():
        return False
    return bool(_TITLE.search(before) or (_SHORTENED.search(before) and _GOES_ON.match(after)))


def distance(drafted: str, sent: str) -> float:
    """Word edits divided by the longer length: 0 sent as drafted, 1 nothing kept."""
    return Levenshtein.normalized_distance(tokens(drafted), tokens(sent))


def is_greeting(line: str) -> bool:
    return bool(_GREETING.match(line))


def is_closing(line: str) -> bool:
    return bool(_CLOSING.match(line))


def body(text: str) -> str:
    """The letter without its greeting line and without its closing and signature."""
    lines = text.strip().splitlines()
    if lines and _GREETING.match(lines[0]):
        lines = lines[1:]
    for back in range(1, min(5, len(lines)) + 1):
        if _CLOSING.match(lines[-back]):
            lines = lines[:-back]
            break
    return "\n".join(lines).strip()


def body_distance(drafted: str, sent: str) -> float:
    return distance(body(drafted), body(sent))


@dataclass(frozen=True, slots=True)
class Edit:
    """`same`, `delete` or `insert`, and the words concerned, white space included."""

    op: str
    text: str


def script(drafted: str, sent: str) -> list[list[str]]:
    """The edit as [op, drafted words, sent words]; op is replace, delete or insert."""
    old, new = tokens(drafted), tokens(sent)
    return [
        [step.tag, " ".join(old[step.src_start : step.src_end]), " ".join(new[step.dest_start : step.dest_end])]
        for step in Levenshtein.opcodes(old, new)
        if step.tag != "equal"
    ]


def diff(drafted: str, sent: str) -> list[Edit]:
    """Both texts as one list of kept, deleted and inserted pieces, for showing."""
    old, new = _pieces(drafted), _pieces(sent)
    edits: list[Edit] = []
    for step in Levenshtein.opcodes([p.strip() for p in old], [p.strip() for p in new]):
        gone, come = old[step.src_start : step.src_end], new[step.dest_start : step.dest_end]
        if step.tag == "equal":
            edits.append(Edit("same", "".join(come)))
            continue
        edits += [Edit(op, "".join(part)) for op, part in (("delete", gone), ("insert", come)) if part]
    return edits


def _pieces(text: str) -> list[str]:
    """Tokens, each with the white space that follows it."""
    pieces: list[str] = []
    for part in _PIECE.findall(text):
        if part.isspace() and pieces:
            pieces[-1] += part
        else:
            pieces.append(part)
    return pieces


def changed_words(drafted: str, sent: str) -> tuple[int, int]:
    """How many words were changed, and of how many; a change of punctuation alone counts as one."""
    old, new = tokens(drafted), tokens(sent)
    old_words, new_words = ([one for one in side if one[0].isalnum()] for side in (old, new))
    changed = Levenshtein.distance(old_words, new_words) or int(old != new)
    return changed, max(len(old_words), len(new_words))


_STEM = 5
_DULL = frozenset(
    "the and for you your our are was were can could would will have has had this that with what when"
    " where how why who not any please thanks thank hello there from about been need want get got does"
    " did into its they them then than also just like know one two all but she his her him some out".split()
)
_LONG = re.compile(r"[^\W_]{3,}")


def content(text: str) -> set[str]:
    """What a text is about: its content words, cut short so that renew and renewal are one."""
    words = (word.lower() for word in _LONG.findall(text))
    return {word[:_STEM] for word in words if word not in _DULL}


def count_words(text: str) -> int:
    return sum(token[0].isalnum() for token in tokens(text))


def likeness(one: Sequence[str], other: Sequence[str]) -> float:
    """1 for the same words in the same order, 0 for none in common."""
    return Levenshtein.normalized_similarity(one, other)
