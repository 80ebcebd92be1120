"""What the pages of rehearsals show: plain frozen values, filled by the views."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RehearsalRow:
    url: str
    seed: int
    size: int
    of: int
    done: int
    state: str
    word: str
    by: str
    at: datetime
    id: int = 0
    until: datetime | None = None  # a budget that is used up opens again then
    why: str = ""  # it was stopped though nobody stopped it

    @property
    def waits(self) -> int:
        return self.size - self.done


@dataclass(frozen=True, slots=True, kw_only=True)
class ResultRow:
    """Distances in words of a hundred; `says` where there are enough drafts."""

    topic: str
    n: int
    drafted: int
    as_sent: int
    abstained: int
    failed: int
    unsupported: int
    money: str
    enough: int
    says: bool = False
    mean: int = 0
    low: int = 0
    high: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplyRow:
    """One reply; `url` is empty where the viewer may not see its conversation."""

    topic: str
    at: datetime
    word: str
    url: str = ""
    far: int | None = None
    unsupported: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class NeighbourRow:
    """How drafts on a topic fared in another team: counts, and nothing that anybody wrote."""

    topic: str
    team: str
    n: int
    unchanged: int
    edited: int
    of_no_use: int
    unsupported: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    id: int
    place: str
    by: str
    at: datetime
    why: str
    state: str
    word: str
    decided_by: str = ""
    reason: str = ""
    may_decide: bool = False
