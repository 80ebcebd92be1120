"""What the pages of the lessons show: plain frozen values, filled by the views."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from copilot.console.compared import Piece
from copilot.lessons import ARRANGED
from copilot.models import Lesson

_KINDS = Lesson.Kind
_LABELS = {
    _KINDS.REPLACE.value: ("Before", "After"),
    _KINDS.DELETE.value: ("Before", ""),
    _KINDS.ORDER.value: ("A word of the sentence, or ? for the question", "first or last"),
    _KINDS.LENGTH.value: ("", "Sentences at most"),
}


def labels_of(kind: str) -> dict[str, Any]:
    """How a lesson of this kind is shown, and reworded."""
    before, after = _LABELS.get(kind, ("", "After"))
    return {"before_label": before, "after_label": after, "shows_words": kind not in ARRANGED}


@dataclass(frozen=True, slots=True, kw_only=True)
class LessonRow:
    id: int
    url: str
    title: str
    kind: str
    before: str
    after: str
    scope: str
    state: str
    word: str  # the state in words
    tone: str = ""
    glyph: str = "dotted"
    agree: int = 0
    against: int = 0
    uses: int = 0
    moved: str = ""  # what happened last, and who did it
    version: int = 1
    may_move: bool = False
    before_label: str = ""  # of the field for other words; none where it takes none
    after_label: str = ""
    shows_words: bool = True  # its title says it all where it is about order or length
    offerable: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferRow:
    """A lesson, an article or a saved reply that one team offers to another."""

    id: int
    title: str
    before: str
    after: str
    from_team: str
    team: str
    agree: int
    kept: int
    of: int
    state: str
    word: str
    at: datetime
    why: str = ""
    by: str = ""
    version: int = 1
    may_decide: bool = False
    before_label: str = ""  # of the field for other words; none where it takes none
    after_label: str = ""
    shows_words: bool = True  # its title says it all where it is about order or length
    has_lesson: bool = True
    heading: str = ""  # of an article or a saved reply
    body: str = ""
    evidence: tuple[str, ...] = ()  # of each team, where it belongs together
    url: str = ""  # of the lesson that came of it


@dataclass(frozen=True, slots=True)
class EffectRow:
    """In words of a hundred; an interval that holds nothing is said to show nothing."""

    n: int
    is_enough: bool
    mean: float = 0.0
    low: float = 0.0
    high: float = 0.0

    @property
    def shows(self) -> str:
        if self.low > 0:
            return "It brings drafts nearer to what is sent."
        return (
            "It does harm: drafts come out farther from what is sent."
            if self.high < 0
            else "No effect is shown."
        )


@dataclass(frozen=True, slots=True)
class MeasuredRow:
    """Words changed of a hundred in `held` replies without the lesson and in `given` with it; what it saves."""

    held: int = 0
    given: int = 0
    is_enough: bool = False
    shows_nothing: bool = False
    without: float = 0.0
    with_it: float = 0.0
    mean: float = 0.0
    low: float = 0.0
    high: float = 0.0


@dataclass(frozen=True, slots=True)
class ShadowRow:
    """A past draft as the lesson would have had it, word by word."""

    lines: tuple[tuple[Piece, ...], ...]
    url: str
    show: str = "changes"


@dataclass(frozen=True, slots=True)
class MoveRow:
    deed: str
    by: str
    why: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Proof:
    """One conversation for or against; `url` is empty where the viewer may not see it."""

    by: str
    agrees: bool
    undone: bool
    at: datetime
    url: str = ""


@dataclass(frozen=True, slots=True)
class SpreadRow:
    """One thing in one team; `steps` are the teams to which it went on from there."""

    title: str
    team: str
    url: str = ""
    said: str = ""  # how it came there, and when
    at: datetime | None = None
    brought: str = ""
    steps: tuple["SpreadRow", ...] = ()
