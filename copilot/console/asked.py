"""What a draft card asks its reader, and the other wordings that it offers."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Asked:
    """A question of the draft's; with an `answer`, what may be kept of it for the next time."""

    id: int
    text: str
    gap: str = ""
    knows: str = ""  # who may know, and why
    answer: str = ""
    account: str = ""  # empty: it cannot be kept as a note


@dataclass(frozen=True, slots=True)
class Other:
    """Another wording; where there is none, `note` says that it is being written, or why not."""

    id: int
    way: str
    text: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class HouseWording:
    """`worded` is set where the reader may have it never offered again."""

    text: str
    evidence: str
    worded: str = ""


@dataclass(frozen=True, slots=True)
class OurWords:
    """What was asked for in the editor; `own` is what the person had typed, and stays within reach."""

    own: str
    offers: tuple[HouseWording, ...] = ()
    note: str = ""
