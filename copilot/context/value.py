"""What the model will see, as one frozen value. Nothing that is not in here reaches it."""

from dataclasses import dataclass
from datetime import datetime

from copilot.lessons import Rule

MOST_ITEM = 4000  # characters of one item
CUT = " […]"


def cut(text: str, most: int) -> str:
    """The text, or its beginning with a sign that there was more."""
    return text if len(text) <= most else text[:most] + CUT


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the conversation; `by` is customer, colleague or note (internal).

    Its `id` is that of the item by which it is cited.
    """

    by: str
    name: str
    text: str
    at: datetime
    id: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that is known and may be cited by its `id`, such as `r3` or `n12`.

    `kind`: record, note, promise, goal, message, past_reply, saved_reply, article or answer.
    `quotable` false: it guides the wording and is never shown as a fact about this customer.
    """

    id: str
    kind: str
    title: str
    text: str
    author: str = ""
    at: datetime | None = None
    url: str = ""
    internal: bool = False
    quotable: bool = True
    gaps: tuple[str, ...] = ()  # kinds of detail that its text leaves out
    words: tuple[str, ...] = ()  # a goal: what its manager wrote to be said to the customer as it stands
    with_record: bool = False  # a usual reply: most of those who said it had looked a record up for it
    fills: str = ""  # an answer: the gap that it was given for; empty: the whole question


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A line of the case so far; its `id` is that of the item with the message's words it stands on."""

    id: str
    text: str
    quote: str


@dataclass(frozen=True, slots=True)
class Unused:
    """Something read and left out, with the reason in words; never its content."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Example:
    """A past question and the reply that was really sent, for the offline engine's consensus.

    The texts belong to other customers: they are masked before any of it is used.
    """

    asked: str
    text: str
    customer: str
    author: str
    names: tuple[str, ...]
    score: float
    sent_at: datetime
    cues: frozenset[str] = frozenset()  # what the situation that it answered is known by


@dataclass(frozen=True, slots=True)
class Trial:
    """The lesson by which this draft tells what lessons bring; `held`: the draft goes without it."""

    lesson: int
    held: bool


@dataclass(frozen=True, slots=True)
class Context:
    conversation_id: int
    at: datetime  # now, in the team's zone
    subject: str
    channel: str
    language: str
    team: str
    closing: str  # the name the reply is signed with
    customer: str
    customer_first_name: str
    customer_email: str
    account: str
    about_account: tuple[str, ...]
    turns: tuple[Turn, ...]
    items: tuple[Item, ...]
    examples: tuple[Example, ...] = ()
    instructions: tuple[str, ...] = ()
    unused: tuple[Unused, ...] = ()
    way: str = ""  # of an alternative: how it is to differ
    case: tuple[CaseLine, ...] = ()
    lessons: tuple[Rule, ...] = ()
    trial: Trial | None = None
    outgrown: bool = False  # more was said than the turns and the case so far tell

    def item(self, item_id: str) -> Item | None:
        return next((item for item in self.items if item.id == item_id), None)

    @property
    def here(self) -> frozenset[str]:
        """Ids of the items that stand among the turns or in the case so far."""
        return frozenset((*(turn.id for turn in self.turns), *(line.id for line in self.case)))

    @property
    def question(self) -> str:
        """What the customer wrote since we last answered."""
        said: list[str] = []
        for turn in reversed(self.turns):
            if turn.by == "colleague":
                break
            if turn.by == "customer":
                said.append(turn.text)
        return "\n\n".join(reversed(said))
