"""Pure work with lessons: a letter's parts, and the changes by which lessons are applied to a text."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from copilot import words

NEAR_ENOUGH = 0.6  # of the stems of the replies that a sentence was added to
_PLACED = ("greeting", "closing", "opening", "insert")  # found by where they stand, not by what stands there
_LINE = 60  # characters of a greeting or a closing line
_FILLED = "{name}"
SINGLE = ("greeting", "closing")  # a letter has one of each


@dataclass(frozen=True, slots=True)
class Rule:
    """One lesson in use. `near` empty: a sentence belongs into every reply."""

    id: int
    kind: str
    before: str
    after: str
    title: str = ""
    scope: str = ""
    near: tuple[str, ...] = ()
    own: bool = False
    tiers: tuple[str, ...] = ()  # empty: customers of every tier
    proof: int = 0  # conversations that agree


@dataclass(frozen=True, slots=True)
class Change:
    """Characters `start` to `end` of a text become `text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Parts:
    """Where a letter's greeting, body and closing phrase stand, as (start, end); empty ones are (n, n)."""

    greeting: tuple[int, int]
    body: tuple[int, int]
    closing: tuple[int, int]


def parts(text: str, lines_after: int | None = None) -> Parts:
    """Of a letter. `lines_after`: a closing in words of their own is the line with so many below it."""
    spans = [(m.start(), m.end()) for m in re.finditer(r"[^\n]*\S[^\n]*", text)]
    first = text[slice(*spans[0])] if spans else ""
    greets = len(spans) > 1 and (words.is_greeting(first) or _is_salute(first, text, spans))
    greeting = spans[0] if greets else (0, 0)
    below = _closing(text, spans, lines_after)
    closing = spans[below] if below is not None else (len(text), len(text))
    return Parts(greeting, (greeting[1], closing[0]), closing)


def _is_salute(line: str, text: str, spans: Sequence[tuple[int, int]]) -> bool:
    """Short, ending as a greeting ends, with an empty line below it."""
    gap = text[spans[0][1] : spans[1][0]]
    return len(line) <= _LINE and line.rstrip()[-1:] in (",", "!", ":") and gap.count("\n") > 1


def _closing(text: str, spans: Sequence[tuple[int, int]], lines_after: int | None) -> int | None:
    for back in range(1, min(5, len(spans) - 1) + 1):
        if words.is_closing(text[slice(*spans[-back])]):
            return len(spans) - back
    own = len(spans) - 1 - (lines_after if lines_after is not None else len(spans))
    if own < 1:
        return None
    line, gap = text[slice(*spans[own])], text[spans[own - 1][1] : spans[own][0]]
    short = len(line) <= _LINE and line.rstrip()[-1:] not in (".", "?")
    return own if short and gap.count("\n") > 1 else None


def lines_after_closing(text: str) -> int | None:
    """How many lines stand below the closing phrase; None without one."""
    closing = parts(text).closing
    below = text[closing[1] :]
    return sum(bool(line.strip()) for line in below.split("\n")) if closing[0] < len(text) else None


def most_specific(rules: Iterable[Rule], tier: str) -> list[Rule]:
    """Those for customers of this tier, one for each place in a letter: the person's own, then the tier's,
    then the better proven, then the newer."""
    fitting = [one for one in rules if not one.tiers or tier in one.tiers]
    fitting.sort(key=lambda one: (not one.own, not one.tiers, -one.proof, -one.id))
    places: dict[tuple[str, str], Rule] = {}
    for one in fitting:
        told = "" if one.kind in SINGLE else f"{one.before}|{'' if one.before else one.after}"
        places.setdefault((one.kind, told), one)
    return list(places.values())


def changes(text: str, rules: Iterable[Rule], first_name: str) -> tuple[list[Change], frozenset[int]]:
    """What the rules change in a letter, and the ids of those that it bears out, changed or so already."""
    found: list[Change] = []
    used: set[int] = set()
    where = parts(text)
    for rule in rules:
        after = filled(rule.after, first_name)
        if after is None:
            continue
        made = [one for one in _changes(text, where, rule, after) if not _overlaps(one, found)]
        found += made
        if made or bears(text, rule, first_name):
            used.add(rule.id)
    return sorted(found, key=lambda one: (one.start, one.end)), frozenset(used)


def filled(text: str, first_name: str) -> str | None:
    """With the customer's first name in its slot; None where the name is not known."""
    if _FILLED in text and not first_name:
        return None
    return text.replace(_FILLED, first_name)


def bears(text: str, rule: Rule, first_name: str) -> bool:
    """Whether the text says it as the lesson does; what is left out shows nowhere."""
    after = filled(rule.after, first_name)
    return bool(after) and bool(_found(str(after), text))


def heeded(rule: Rule, drafted: str, sent: str, first_name: str) -> bool | None:
    """Whether a reply was sent as the lesson has it; None where the lesson says nothing about its draft."""
    after = filled(rule.after, first_name)
    if after is None or not (_stands(rule.before, drafted) or _stands(after, drafted) or rule.kind in _PLACED):
        return None
    made = list(_changes(drafted, parts(drafted), rule, after))
    if rule.kind == "delete":
        return rule.before not in sent if made else None
    return bears(sent, rule, first_name) if made or bears(drafted, rule, first_name) else None


def without(text: str, rule: Rule, first_name: str) -> str | None:
    """The draft as it would stand without the lesson that shaped it; None where that cannot be told."""
    before, after = filled(rule.before, first_name), filled(rule.after, first_name)
    if not after or before is None or (not before and rule.kind not in ("opening", "insert")):
        return None
    found = _found(after, text)
    made = [Change(at, at + len(after), before) for at in found]
    if not before:  # a sentence, with its blank
        made = [Change(one.start - (text[one.start - 1 : one.start] == " "), one.end, "") for one in made]
    return changed(text, made) if made else None


def _stands(phrase: str, text: str) -> bool:
    return bool(phrase) and phrase.casefold() in text.casefold()


def takes_back(kind: str, before: str, used: Iterable[Rule]) -> bool:
    """Whether a sentence was left out that a lesson had put there: that is no new one."""
    return kind == "delete" and any(one.after == before for one in used)


def origin(kind: str, before: str, used: Iterable[Rule]) -> str:
    """What a wording takes the place of once the lesson that had put `before` there is gone."""
    theirs = (one.before for one in used if one.kind == kind == "replace" and one.after == before)
    return next(theirs, before)


def is_taken_out(rule: Rule, drafted: str, sent: str, first_name: str) -> bool:
    """Whether a lesson that shaped a draft was undone in what was sent."""
    if rule.kind == "delete":
        return rule.before in sent and rule.before not in drafted
    return bears(drafted, rule, first_name) and not bears(sent, rule, first_name)


def _changes(text: str, where: Parts, rule: Rule, after: str) -> Iterable[Change]:
    match rule.kind:
        case "greeting":
            yield from _line(text, where.greeting, after)
        case "closing":
            yield from _line(text, where.closing, after)
        case "opening" | "insert":
            yield from _sentence(text, where.body, rule, after)
        case "delete":
            yield from (Change(*span, "") for span in _whole(text, rule.before))
        case _:
            yield from _replaced(text, where.body, rule.before, after)


def _line(text: str, span: tuple[int, int], after: str) -> Iterable[Change]:
    """The line in place of the one that is there; a comma or none stays as it was."""
    if span[0] == span[1]:
        return
    line = text[slice(*span)].rstrip()
    phrase = line.rstrip(",!:. ")
    if phrase != after:
        yield Change(span[0], span[0] + len(phrase), after)


def _sentence(text: str, body: tuple[int, int], rule: Rule, after: str) -> Iterable[Change]:
    said = text[slice(*body)]
    if not said.strip() or after in text or not is_near(rule.near, said):
        return
    start, end = body[0] + len(said) - len(said.lstrip()), body[0] + len(said.rstrip())
    yield Change(start, start, f"{after} ") if rule.kind == "opening" else Change(end, end, f" {after}")


def is_near(near: Sequence[str], text: str) -> bool:
    return not near or len(words.content(text) & set(near)) >= NEAR_ENOUGH * len(near)


def _whole(text: str, sentence: str) -> Iterable[tuple[int, int]]:
    """A sentence with the blank behind it, or at the end of a paragraph the one before it."""
    for start, end in words.sentences(text):
        if text[start:end] == sentence:
            behind = text[end : end + 1] == " "
            yield start - (not behind and text[start - 1 : start] == " "), end + behind


def _replaced(text: str, body: tuple[int, int], before: str, after: str) -> Iterable[Change]:
    if after and _found(after, text[slice(*body)]) and before in after:
        return  # it is the longer one: doing it twice would stretch it
    for start in _found(before, text, *body):
        said = text[start : start + len(before)]
        new = after[:1].upper() + after[1:] if said[:1].isupper() and not before[:1].isupper() else after
        yield Change(start, start + len(before), new)


def _found(phrase: str, text: str, start: int = 0, end: int | None = None) -> list[int]:
    """Where the phrase stands as whole words, also with a capital at its beginning."""
    if not phrase:
        return []
    first = phrase[:1]
    head = f"[{re.escape(first)}{re.escape(first.upper())}]" if first.isalpha() else re.escape(first)
    pattern = re.compile(rf"(?<!\w){head}{re.escape(phrase[1:])}(?!\w)")
    return [hit.start() for hit in pattern.finditer(text, start, len(text) if end is None else end)]


def _overlaps(one: Change, others: Iterable[Change]) -> bool:
    return any(one.start < other.end and other.start < one.end for other in others)


def changed(text: str, made: Sequence[Change]) -> str:
    for one in reversed(made):
        text = text[: one.start] + one.text + text[one.end :]
    return text


def moved(at: int, made: Sequence[Change]) -> int:
    """Where an offset into the text stands once it is changed."""
    shift = 0
    for one in made:
        if one.end <= at and (one.start, one.end) != (at, at):
            shift += len(one.text) - (one.end - one.start)
        elif one.start < at < one.end:
            return one.start + shift + len(one.text)
    return at + shift
