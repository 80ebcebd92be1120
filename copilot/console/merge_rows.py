"""What the pages of contacts and merges show: two contacts side by side, and what was decided about them."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SideLine:
    """One thing that is known of a contact, such as its address or its newest notes."""

    name: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Side:
    id: int
    name: str
    role: str  # as whom they are shown, or would be
    lines: tuple[SideLine, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """Two contacts side by side; `warnings` say what drafts would know once they are one."""

    sides: tuple[Side, Side]
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Other:
    """A contact that is, was or may be the same person; `url` leads to both."""

    name: str
    about: str
    note: str
    url: str
    link: str = "Look at both"
