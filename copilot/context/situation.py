"""What somebody typed and all that was known then, and by which words a like situation is found again."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from itertools import pairwise
from math import log

from copilot import words
from copilot.context.refill import Field, slotted

_WORTH = {
    "word": 1.5, "after": 1.0, "record": 0.7, "value": 0.7, "pair": 0.5, "team": 0.5, "asked": 0.4,
    "since": 0.2, "person": 0.2,
    "state": 0.2,
}  # fmt: skip
NUMBER = " number"  # of a record: the end of the name of the field that tells it from all others
STEM = 6
_SINCE = 5  # answers by which a conversation is told
_PLACE = ("after", "state", "record", "team", "value", "person")
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")
_LONGEST = 60  # characters of an answer or a value by which a situation is told


@dataclass(frozen=True, slots=True)
class Situation:
    """`asked`: the customer's last words; `told`: all that we answered here, the newest first; `known`: all
    that was said and looked up here; `fields`: of the records, the newest first; `record`: of the newest
    alone, None without one; `fresh`: it came in since our last answer; `gaps`: what may stand for a detail that
    nobody told, by its slot."""

    typed: str
    asked: str = ""
    told: tuple[str, ...] = ()
    known: str = ""
    fields: tuple[Field, ...] = ()
    record: tuple[Field, ...] | None = None
    fresh: bool = False
    team: str = ""
    person: str = ""
    gaps: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Pair:
    """One situation and the wording sent in it, its details as slots. `far`: from what was typed to what was
    sent, 0 to 1."""

    cues: tuple[str, ...]
    typed: str
    wording: str
    far: float
    asked: frozenset[str] = field(repr=False)
    place: Mapping[str, str] = field(repr=False)


def said(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def cues_of(one: Situation) -> tuple[str, ...]:
    """Each begins with its kind."""
    typed = said(one.typed)
    found = [f"word {word[:STEM]}" for word in dict.fromkeys(typed)]
    found += [f"pair {a[:STEM]} {b[:STEM]}" for a, b in dict.fromkeys(pairwise(typed))]
    found += [f"asked {word[:STEM]}" for word in dict.fromkeys(said(one.asked))]
    found += [f"{kind} {place}" for kind, place in _place(one).items()]
    found += [f"since {_gist(text, one)}" for text in dict.fromkeys(one.told[1:_SINCE])]
    found.append(f"person {one.person}")
    return (*found, *_values(one))


def _gist(text: str, one: Situation) -> str:
    """The beginning of an answer without its details."""
    return " ".join(said(_NUMBER.sub("0", slotted(text, one.fields))))[:_LONGEST]


def _place(one: Situation) -> dict[str, str]:
    """Where in a conversation this is: the answer before, the record at hand, the team."""
    state = "none" if one.record is None else "fresh" if one.fresh else "old"
    before = _gist(one.told[0], one) if one.told else ""
    names = " ".join(sorted({name for name, _ in one.record or ()}))
    return {"after": before, "state": state, "record": f"{state} {names}", "team": one.team}


def _values(one: Situation) -> list[str]:
    """Short values in words, such as a state; numbers and long texts find nothing alike."""
    told = ((name, value) for name, value in one.record or () if not name.endswith(NUMBER))
    return [f"value {k}={v}" for k, v in told if not v.isdigit() and len(v) < _LONGEST]


def pair_of(one: Situation, sent: str) -> Pair:
    return kept_pair(cues_of(one), one.typed, slotted(sent, one.fields), words.distance(one.typed, sent))


def kept_pair(cues: Sequence[str], typed: str, wording: str, far: float) -> Pair:
    """From what is kept of it."""
    told: dict[str, list[str]] = {}
    for cue in cues:
        kind, _, what = cue.partition(" ")
        told.setdefault(kind, []).append(what)
    place = {name: " ".join(told.get(name, ())) for name in _PLACE}
    return Pair(tuple(cues), typed.lower(), wording, far, frozenset(told.get("asked", ())), place)


def key_of(wording: str) -> str:
    """By which a wording is told from another without its words."""
    return blake2b(wording.encode(), digest_size=8).hexdigest()


def worth(cue: str, found: int, of: int) -> float:
    """What sharing a cue says that so many pairs have: the rarer the more, and words typed more than others."""
    return _WORTH[cue[: cue.index(" ")]] * log(1 + of / found)
