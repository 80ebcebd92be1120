"""The details of one reply as slots named by fields of a record, and the slots filled from another record."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from rapidfuzz import fuzz

type Field = tuple[str, str]  # its name and its value as words; a list is several fields of one name

MOST_RECORDS = 4
MOST_GAPS = 2
SHORTEST = 3  # letters of a value that is no number; "no" is a word and not a detail
SLOT = re.compile(r"\{([^{}\n]{1,60})\}")
_DETAIL = re.compile(r"\d+|(?<=[\w,;] )[A-ZÀ-Þ][a-zß-ÿ]{2,}")


def fields_of(records: Iterable[Mapping[str, object]]) -> list[Field]:
    """Of the newest record first; what it says is not looked up in an older one."""
    known: set[str] = set()
    found: list[Field] = []
    for record in list(records)[:MOST_RECORDS]:
        fresh = {name: value for name, value in record.items() if name not in known}
        found += [(name, one) for name, value in fresh.items() for one in plain(value)]
        known |= fresh.keys()
    return found


def plain(value: object) -> list[str]:
    """A value, or the values of a list, as words; nothing is left out without a trace."""
    many = value if isinstance(value, list | tuple) else [value]
    return [str(one) for one in many if one is not None and str(one)]


def slotted(text: str, fields: Iterable[Field]) -> str:
    """The text with every value of the record as `{name of its field}`, the longest first."""
    for name, value in sorted(fields, key=lambda field: -len(field[1])):
        if (len(value) >= SHORTEST or value.isdigit()) and value in text:
            text = f"{{{name}}}".join(re.split(rf"(?<!\w){re.escape(value)}(?!\w)", text))
    return text


def refilled(wording: str, fields: Sequence[Field], typed: str, gaps: Mapping[str, str]) -> str | None:
    """The wording with its slots filled; None where something is lacking that is no gap, or for too many gaps.

    Of several values the one most like what was typed, then the next like it. `gaps`: what stands, by the name
    of a slot, for a detail that a person has to look up.
    """
    used: Counter[str] = Counter()
    missing, left = False, 0

    def value_of(slot: re.Match[str]) -> str:
        nonlocal missing, left
        values = [value for name, value in fields if name == slot[1]]
        if not values and slot[1] in gaps:
            left += 1
            return gaps[slot[1]]
        missing = missing or not values
        place = min(used[slot[1]], len(values) - 1)
        used[slot[1]] += 1
        return _by_likeness(values, typed)[place] if values else ""

    text = SLOT.sub(value_of, wording)
    return None if missing or left > MOST_GAPS else text


def _by_likeness(values: list[str], typed: str) -> list[str]:
    if len(values) == 1:
        return values
    low = typed.lower()
    return sorted(
        values, key=lambda one: -fuzz.partial_token_set_ratio(low, one.lower()) - fuzz.ratio(low, one.lower())
    )


def foreign(text: str, *known: str) -> set[str]:
    """Numbers and names that stand in nothing that is known here."""
    return {one for one in _DETAIL.findall(text) if not any(one in told for told in known)}
