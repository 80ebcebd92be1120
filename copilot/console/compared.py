"""What a person made of a draft, side by side with it: plain frozen values, filled by `fill_diff`."""

from dataclasses import dataclass
from typing import Literal

from copilot.console.cards import Choice, Person, plural


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a diff; `op` is "same", "added" or "removed"."""

    text: str
    op: Literal["same", "added", "removed"] = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Diff:
    """What a person changed. `show` is changes, draft or sent."""

    conversation_id: int
    n: int
    person: Person
    changed: int
    total: int
    percent: int
    body_percent: int
    lines: tuple[tuple[Piece, ...], ...] = ()
    drafted: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    show: Literal["changes", "draft", "sent"] = "changes"
    elsewhere: bool = False
    version: int = 0
    kinds: str = ""
    reason: str = ""
    reasons: tuple[Choice, ...] = ()

    @property
    def headline(self) -> str:
        who = "You" if self.person.is_you else self.person.first_name
        if self.elsewhere:
            return f"{who} wrote {self.changed} of {self.total} words differently"
        if not self.changed:
            return f"{who} sent it as drafted"
        return f"{who} changed {self.changed} of {plural(self.total, 'word')}"
