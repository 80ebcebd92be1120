"""What the pages about the copilot itself show: topics with their records, costs, what it can and cannot do.

Frozen values; nothing here asks the database.
"""

from dataclasses import dataclass
from datetime import date

from copilot.console.cards import Choice, Line


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicRow:
    """One topic; `standing` says in words whether drafts on it are written here."""

    id: int
    name: str
    n: int = 0
    unchanged: int = 0
    edited: int = 0
    rewritten: int = 0
    escalated: int = 0
    discarded: int = 0
    unsupported: int = 0
    reopened: int = 0
    labelled: int = 0
    standing: str = ""
    tone: str = ""
    glyph: str = "done"
    drafting: tuple[Choice, ...] = ()
    others: tuple[Choice, ...] = ()  # what it can be merged into


@dataclass(frozen=True, slots=True)
class CostDay:
    day: date
    drafts: int
    read: int
    written: int
    money: str
    x: int = 0
    y: int = 0
    height: int = 0


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that the copilot can or cannot do, with its lines."""

    title: str
    lines: tuple[Line, ...]
    note: str = ""
