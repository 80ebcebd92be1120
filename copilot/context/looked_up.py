"""A past reply as it would have been said to this customer: what its record said, by what ours says.

A record that was looked up for a reply is told as "title: name value, name value". Where both records have a
field of the same name, its value in the reply gives way to this customer's own.
"""

import re
from collections.abc import Mapping

LOOKED_UP = "Looked up: "
_NAME_WORDS = 2  # of which the name of a field may be made, as in "unit price"


def looked_up_in(asked: str) -> str:
    """The record among what a past reply is found by."""
    lines = (line for line in asked.splitlines() if line.startswith(LOOKED_UP))
    return next((line.removeprefix(LOOKED_UP) for line in lines), "")


def values(record: str) -> dict[str, str]:
    """What stands behind each name, the name taken as one word and as two; a name told twice has none."""
    found: dict[str, set[str]] = {}
    for part in record.partition(": ")[2].split(", "):
        words = part.strip().split(" ")
        for count in range(1, min(_NAME_WORDS, len(words) - 1) + 1):
            found.setdefault(" ".join(words[:count]), set()).add(" ".join(words[count:]).rstrip("."))
    return {name: told.pop() for name, told in found.items() if len(told) == 1}


def retold(text: str, theirs: str, own: Mapping[str, str]) -> str:
    """The text with their record's values replaced by our own record's; of a value that stands for two fields,
    none is sure."""
    instead: dict[str, set[str]] = {}
    for name, value in values(theirs).items():
        if name in own and value and value in text:
            instead.setdefault(value, set()).add(own[name])
    sure = {value: new.pop() for value, new in instead.items() if len(new) == 1}
    if not sure:
        return text
    longest = sorted(sure, key=len, reverse=True)
    pattern = rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)"
    return re.sub(pattern, lambda hit: sure[hit.group()], text)
