"""What the pages around a draft show: the frame, the list, the conversation, accounts, settings.

Frozen values, filled by the views; nothing here asks the database.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from django.utils.safestring import SafeString

from copilot.console.cards import HEADS, Card, Choice, File, Head, Line, Person, Why
from copilot.console.compared import Diff


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of the navigation; `name` is the address name, `key` follows `g`, `single` opens it alone."""

    name: str
    label: str
    url: str
    icon: str = ""
    key: str = ""
    count: int | None = None
    current: bool = False
    parts: tuple["Place", ...] = ()
    single: str = ""


@dataclass(frozen=True, slots=True)
class Banner:
    """A line above the pane it concerns; `tone` is empty or amber."""

    text: str
    glyph: str = "triangle"
    tone: str = "amber"
    person: Person | None = None
    action: str = ""
    url: str = ""
    post: bool = False
    delivery: str = ""  # a reply of which a person says whether it arrived


@dataclass(frozen=True, slots=True)
class Status:
    """The one status line. `quiet` is only spoken; `url` with `post` is a form, else a link.

    A `whole` form leaves for another page; the others swap the draft card.
    """

    text: str
    glyph: str = "check"
    action: str = ""
    url: str = ""
    key: str = ""
    post: bool = False
    version: int = 0
    quiet: bool = False
    whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """The frame of every signed-in page."""

    person: Person
    places: tuple[Place, ...]
    role: str = ""
    theme: str = "system"
    single_keys: bool = True
    banners: tuple[Banner, ...] = ()


ROW_HEADS: dict[str, Head] = {
    **HEADS,
    "snoozed": Head("Until", "moon"),
    "resolved": Head("Resolved", "done", "pine"),
    "none": Head("No draft", "dotted"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One conversation in the list. `word` replaces the state's own word ("With Jonas")."""

    id: int
    person: Person
    account: str = ""
    subject: str = ""
    waiting_since: datetime | None = None
    over_target: bool = False
    state: str = "none"
    word: str = ""
    note: str = ""
    unread: bool = False
    selected: bool = False
    url: str = ""

    @property
    def head(self) -> Head:
        return ROW_HEADS[self.state]


@dataclass(frozen=True, slots=True, kw_only=True)
class RowList:
    """The list beside the conversation. `views` and `sorts` are menus; `next_url` loads more."""

    title: str
    count: int | None
    rows: tuple[Row, ...]
    url: str
    views: tuple[Place, ...] = ()
    sorts: tuple[Place, ...] = ()
    view: str = ""
    next_url: str = ""
    empty: str = "Nothing waiting."
    empty_next: str = ""
    empty_url: str = ""
    empty_label: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message. `html` must come sanitised; without it `text` is shown."""

    id: int
    by: Literal["customer", "colleague", "note"]
    person: Person
    at: datetime
    text: str = ""
    html: SafeString | None = None
    line: str = ""  # "to Mara Lind, cc Priya Nair"
    quoted: str = ""
    quoted_label: str = ""
    files: tuple[File, ...] = ()
    kind: str = ""  # "Out of office", "Bounced"
    delivery: str = ""  # "Sent", "Sending", "Not sent"
    folded: bool = False

    @property
    def first_line(self) -> str:
        return self.text.strip().split("\n")[0][:160]


@dataclass(frozen=True, slots=True)
class Earlier:
    """Messages folded away at the top of a long conversation."""

    count: int
    summary: str = ""
    span: str = ""
    people: tuple[Person, ...] = ()
    letters: tuple[Letter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A conversation with its draft."""

    id: int
    subject: str
    person: Person
    account: str = ""
    account_id: int | None = None
    contact_id: int | None = None
    channel: str = "Email"
    assigned: str = ""
    labels: tuple[str, ...] = ()
    topic: str = ""
    topic_is_proposed: bool = False
    viewers: tuple[Person, ...] = ()
    earlier: Earlier | None = None
    letters: tuple[Letter, ...] = ()
    case: tuple[Line, ...] = ()  # the case so far, of a long one
    card: Card | None = None
    why: Why | None = None
    diff: Diff | None = None
    banners: tuple[Banner, ...] = ()
    back_url: str = "/inbox/"
    can_note: bool = True
    can_teach: bool = True
    colleagues: tuple[Choice, ...] = ()  # to whom it can be given
    mine: bool = False
    status: str = "open"  # open, snoozed, resolved
    live_url: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    note: str = ""
    warn: bool = False


@dataclass(frozen=True, slots=True)
class GoalLine:
    text: str
    note: str = ""
    done: int = 0
    steps: int = 0
    id: int = 0  # ended by its form, where the viewer may

    @property
    def pips(self) -> tuple[bool, ...]:
        return tuple(i < self.done for i in range(self.steps))


@dataclass(frozen=True, slots=True)
class PromiseLine:
    text: str
    who: str = ""
    due: str = ""
    late: bool = False
    id: int = 0  # where the reader may settle it
    day: str = ""  # due, as a date field has it
    words: str = ""  # by which it was kept, as the copilot read them


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing on an account's timeline; `kind` picks its icon."""

    kind: str  # conversation, call, note, record, promise, goal, change
    title: str
    origin: str
    when: str
    text: str = ""
    url: str = ""
    link: str = "Open"


@dataclass(frozen=True, slots=True)
class Span:
    """Timeline entries under one heading, such as "This week"."""

    title: str
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class NoteLine:
    kind: str
    text: str
    origin: str = ""
    quotes: tuple[str, ...] = ()
    internal: bool = False


@dataclass(frozen=True, slots=True)
class RecordLine:
    title: str
    kind: str
    status: str = ""
    when: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of an account's timeline is shown: one kind of it, of one contact, of one channel, with these words,
    before then."""

    kind: str = ""
    words: str = ""
    contact: int | None = None
    channel: str = ""
    before: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    id: int
    name: str
    manager: Person | None = None
    about: tuple[str, ...] = ()
    people_only: str = ""
    facts: tuple[Fact, ...] = ()
    goals: tuple[GoalLine, ...] = ()
    promises: tuple[PromiseLine, ...] = ()
    kinds: tuple[Place, ...] = ()
    asked: Asked = field(default_factory=Asked)
    channels: tuple[Choice, ...] = ()  # over which the account was spoken with
    spans: tuple[Span, ...] = ()
    next_url: str = ""
    notes: tuple[NoteLine, ...] = ()
    people: tuple[Person, ...] = ()
    merges: tuple[Place, ...] = ()  # who may be one person, and waits to be decided
    records: tuple[RecordLine, ...] = ()
    may_set: bool = False  # the viewer says what matters with the account
    may_log: bool = False  # the viewer looks after the account, and may write down a call
    second_by: str = ""  # whose second yes its replies need
    second_why: str = ""
    second_roles: tuple[Choice, ...] = ()  # empty: the viewer may not change it


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    id: int
    name: str
    about: str = ""
    manager: Person | None = None
    waiting: int = 0
    promises: int = 0
    last_spoke: datetime | None = None
    people_only: bool = False


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a found text; `marked` is one of the words that were looked for."""

    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTalk:
    """A conversation that search found; `said_by` is empty where its subject alone matched."""

    url: str
    subject: str
    person: Person
    account: str
    status: str
    at: datetime
    said_by: str = ""
    pieces: tuple[Piece, ...] = ()


@dataclass(frozen=True, slots=True)
class SwitchLine:
    """Where drafting is off, on request or always. `name` is the form's field name."""

    name: str
    label: str
    mode: str
    note: str = ""
    inherited: bool = False


SECOND = (Choice("lead", "A lead"), Choice("account_manager", "The account manager"))


@dataclass(frozen=True, slots=True)
class SecondYes:
    """Which of a team's replies need a second person's yes, and whose."""

    above: str = ""
    by: str = "lead"
    topics: tuple[SwitchLine, ...] = ()
    roles: tuple[Choice, ...] = SECOND


@dataclass(frozen=True, slots=True)
class TeamSwitches:
    id: int
    team: str
    members: tuple[Person, ...]
    lines: tuple[SwitchLine, ...]
    modes: tuple[Choice, ...] = (
        Choice("off", "Off"),
        Choice("on_request", "On request"),
        Choice("always", "Always"),
    )
    may_change: bool = False
    pilot: tuple[Choice, ...] = ()
    second: SecondYes = SecondYes()


@dataclass(frozen=True, slots=True)
class MemberLine:
    person: Person
    email: str
    roles: tuple[str, ...] = ()
    seen: str = ""
    is_active: bool = True


@dataclass(frozen=True, slots=True)
class EventLine:
    """One row of what came in or went out; `tone` colours its state, `lines` unfold."""

    id: str
    type: str
    state: str
    when: datetime
    tone: str = ""
    glyph: str = "done"
    reason: str = ""
    where: str = ""
    attempts: int = 0
    lines: tuple[Line, ...] = field(default=())
    url: str = ""
    replay: str = ""  # where to post to have it tried again
