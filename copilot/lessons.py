"""Pure work with lessons: the changes by which they are applied to a letter, and whether it bears them out."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from copilot import words
from copilot.letters import Parts, kept_of, marked, parts, place_of, said_in, sentences

NEAR_ENOUGH = 0.6  # of the stems of the replies that a sentence was added to
ADDED = ("opening", "insert")
OF_A_TOPIC = (*ADDED, "order")  # belong into replies of a kind, where those that agree are of one
_PLACED = ("greeting", "closing", "opening", "insert")  # found by where they stand, not by what stands there
_FILLED = "{name}"
SINGLE = ("greeting", "closing", "length")  # a letter has one of each
ARRANGED = ("order", "length")  # which sentences stand where, whatever their words
_ANYWHERE = (*_PLACED, *ARRANGED)
OF_THEIR_OWN = 1  # sentences that somebody adds without wishing for longer letters
FIRST, LAST = "first", "last"
# One after the other: what stands first or last is found in the team's words, and what is added is never cut.
_PASSES = (("replace", "delete"), ("order",), ("length",), ("greeting", "closing", "opening", "insert"))


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
    """Characters `start` to `end` of a text become `text`; `taken`: from where in it that was moved.

    `whole`: sentences went with all that points to them.
    """

    start: int
    end: int
    text: str
    whole: bool = False
    taken: int | None = None

    def has(self, at: int, *, begins: bool = False) -> bool:
        """Whether a place, of the end or the beginning of something, is in what was moved here."""
        if self.taken is None:
            return False
        return self.taken + (not begins) <= at < self.taken + len(self.text.strip()) + (not begins)


@dataclass(frozen=True, slots=True)
class Shaped:
    """A letter with its rules applied, and the ids of those that it bears out, changed or so already."""

    text: str
    used: frozenset[int]
    steps: tuple[list[Change], ...]

    def place(self, at: int, *, begins: bool = False) -> int | None:
        """Where an offset into the former text stands; None where what it points to is gone."""
        for made in self.steps:
            moved_here = next((one for one in made if one.has(at, begins=begins)), None)
            if moved_here and moved_here.taken is not None:
                lead = len(moved_here.text) - len(moved_here.text.lstrip())
                at = moved(moved_here.start, made) + lead + at - moved_here.taken
            elif any(one.whole and one.start < at + begins <= one.end for one in made):
                return None
            else:
                put_before = sum(len(one.text) for one in made if (one.start, one.end) == (at, at))
                at = moved(at, made) + begins * put_before
        return at


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


def shaped(text: str, rules: Iterable[Rule], first_name: str) -> Shaped:
    steps: list[list[Change]] = []
    used: set[int] = set()
    told = list(rules)
    for kinds in _PASSES:
        some = [one for one in told if one.kind in kinds]
        if some:
            steps.append(_made(text, some, first_name, used))
            text = changed(text, steps[-1])
    return Shaped(text, frozenset(used), tuple(steps))


def _made(text: str, rules: Iterable[Rule], first_name: str, used: set[int]) -> list[Change]:
    """What these rules change, those left out that another was before; `used` takes those that it bears out."""
    found: list[Change] = []
    where = parts(text)
    for rule in rules:
        after = filled(rule.after, first_name)
        if after is None:
            continue
        made = _apart(rule, list(_changes(text, where, rule, after)), found)
        found += made
        if made or bears(text, rule, first_name):
            used.add(rule.id)
    return sorted(found, key=lambda one: (one.start, one.end))


def _apart(rule: Rule, made: list[Change], others: Sequence[Change]) -> list[Change]:
    """Those that touch nothing that another rule changes; a sentence is moved in both places or stays."""
    kept = [one for one in made if not _overlaps(one, others)]
    return kept if len(kept) == len(made) or rule.kind not in ARRANGED else []


def filled(text: str, first_name: str) -> str | None:
    """With the customer's first name in its slot; None where the name is not known."""
    if _FILLED in text and not first_name:
        return None
    return text.replace(_FILLED, first_name)


def bears(text: str, rule: Rule, first_name: str) -> bool:
    """Whether the text says it as the lesson does; what is left out shows nowhere."""
    if rule.kind in ARRANGED:
        return bool(stands_so(text, rule))
    after = filled(rule.after, first_name)
    return bool(after) and bool(_found(str(after), text))


def heeded(rule: Rule, drafted: str, sent: str, first_name: str, added: Collection[str] = ()) -> bool | None:
    """Whether a reply was sent as the lesson has it; None where the lesson says nothing about its draft.

    `added`: sentences of other lessons, which count for no length.
    """
    after = filled(rule.after, first_name)
    if after is None or not (
        _stands(rule.before, drafted) or _stands(after, drafted) or rule.kind in _ANYWHERE
    ):
        return None
    made = list(_changes(drafted, parts(drafted), rule, after))
    if rule.kind == "delete":
        return rule.before not in sent if made else None
    if rule.kind == "length":
        own = [one for one in sentences(drafted) if one not in added]
        return kept_of(own, sentences(sent)) <= int(rule.after) if len(own) > int(rule.after) else None
    if rule.kind == "order":
        way = moved_away(rule, drafted, sent)
        return way < 0 if made and way is not None else None
    return bears(sent, rule, first_name) if made or bears(drafted, rule, first_name) else None


def without(text: str, rule: Rule, first_name: str) -> str | None:
    """The draft as it would stand without the lesson that shaped it; None where that cannot be told."""
    before, after = filled(rule.before, first_name), filled(rule.after, first_name)
    if rule.kind in ARRANGED or not after or before is None or (not before and rule.kind not in ADDED):
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
    if rule.kind == "length":
        return len(sentences(sent)) > len(sentences(drafted)) + OF_THEIR_OWN
    if rule.kind == "order":
        return (moved_away(rule, drafted, sent) or 0) > 0
    return bears(drafted, rule, first_name) and not bears(sent, rule, first_name)


def _changes(text: str, where: Parts, rule: Rule, after: str) -> Iterable[Change]:
    match rule.kind:
        case "greeting":
            yield from _line(text, where.greeting, after)
        case "closing":
            yield from _line(text, where.closing, after)
        case kind if kind in ADDED:
            yield from _sentence(text, where.body, rule, after)
        case "delete":
            yield from (Change(*span, "", whole=True) for span in _whole(text, rule.before))
        case "order":
            yield from _put(text, where.body, rule)
        case "length":
            yield from _cut(text, where.body, int(rule.after))
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


def stands_so(text: str, rule: Rule) -> bool | None:
    """Whether a letter is as long, or a sentence where, the lesson has it; None where there is no such one."""
    said = sentences(text)
    if rule.kind == "length":
        return 0 <= len(said) - int(rule.after) <= OF_THEIR_OWN
    at = marked(said, rule.before) if len(said) > 1 else None
    return None if at is None else at == _place(rule, len(said))


def moved_away(rule: Rule, drafted: str, sent: str) -> int | None:
    """By how many of the draft's sentences the one that a lesson puts first or last was moved away from there;
    None where it was left out."""
    was, now = sentences(drafted), sentences(sent)
    old, new = marked(was, rule.before), marked(now, rule.before)
    if old is None or new is None:
        return None
    there = {at: place_of(one, now) for at, one in enumerate(was) if at != old}
    if rule.after == FIRST:
        return sum((to < new) - (at < old) for at, to in there.items() if to is not None)
    return sum((to > new) - (at > old) for at, to in there.items() if to is not None)


def _place(rule: Rule, of: int) -> int:
    return 0 if rule.after == FIRST else of - 1


def _put(text: str, body: tuple[int, int], rule: Rule) -> Iterable[Change]:
    """The sentence before the first one or behind the last one."""
    where = said_in(text, body) if is_near(rule.near, text[slice(*body)]) else []
    at = marked([text[slice(*one)] for one in where], rule.before)
    to = _place(rule, len(where))
    if at is None or at == to:
        return
    said = text[slice(*where[at])]
    yield from (Change(*span, "") for span in _whole(text, said))
    if to == 0:
        yield Change(where[0][0], where[0][0], f"{said} ", taken=where[at][0])
    else:
        yield Change(where[-1][1], where[-1][1], f" {said}", taken=where[at][0])


def _cut(text: str, body: tuple[int, int], most: int) -> Iterable[Change]:
    said = said_in(text, body)
    if len(said) > most:
        yield Change(said[most - 1][1], said[-1][1], "", whole=True)


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
