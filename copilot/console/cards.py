"""What a draft card and its why-panel show: plain frozen values, filled by the views.

Nothing here asks the database. Whatever a person may not see must be left out before.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from copilot.console.asked import Asked, Other, OurWords

CardState = Literal[
    "none", "queued", "thinking", "streaming", "ready", "abstained", "editing", "writing", "stale", "failed",
    "waiting", "approved", "sent", "refused", "unknown", "escalated", "answered_elsewhere", "discarded",
]  # fmt: skip
Verb = Literal[
    "approve", "edit", "escalate", "discard", "redraft", "stop", "undo", "settle", "release", "write", "note",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Head:
    """How a state is named: its word, its glyph, its colour, and how firm the margin line is."""

    word: str
    glyph: str
    tone: str = ""
    line: str = "grey"


HEADS: Final[dict[str, Head]] = {
    "none": Head("No draft", "pencil", "", "grey"),
    "queued": Head("Queued", "dotted", "", "dotted"),
    "thinking": Head("Reading", "dashed", "pencil", "dashed"),
    "streaming": Head("Writing", "half", "pencil", "dashed"),
    "ready": Head("Draft ready", "target", "pencil", "solid"),
    "abstained": Head("Asks you first", "ask", "amber", "solid"),
    "editing": Head("Editing", "pencil", "pine", "solid"),
    "writing": Head("Your reply", "pencil", "pine", "pine"),
    "stale": Head("Out of date", "clock", "amber", "amber"),
    "failed": Head("Draft failed", "triangle", "red", "grey"),
    "waiting": Head("Waits for a release", "lock", "amber", "pine"),
    "approved": Head("Sending", "clock", "pine", "pine"),
    "sent": Head("Sent", "done", "pine", "pine"),
    "refused": Head("Not sent", "triangle", "red", "solid"),
    "unknown": Head("Nobody knows", "ask", "amber", "amber"),
    "escalated": Head("With", "away", "", "grey"),
    "answered_elsewhere": Head("Answered", "reply", "", "grey"),
    "discarded": Head("Discarded", "dropped", "", "grey"),
}


def plural(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


@dataclass(frozen=True, slots=True)
class Person:
    """A customer (round disc) or a colleague (rounded square). `name` may be empty."""

    name: str
    colleague: bool = False
    id: int | None = None
    note: str = ""
    is_you: bool = False

    @property
    def first_name(self) -> str:
        return self.name.split(" ")[0]

    @property
    def called(self) -> str:
        return "you" if self.is_you else self.first_name


@dataclass(frozen=True, slots=True)
class Run:
    """One sentence of a draft, and its sources' numbers. `flag`: "unsupported" or "goal", said in `words`."""

    text: str
    marks: tuple[int, ...] = ()
    flag: str = ""
    words: str = ""

    @property
    def head(self) -> str:
        """All but the last word, which is glued to its marks."""
        return self.text.rpartition(" ")[0]

    @property
    def tail(self) -> str:
        return self.text.rpartition(" ")[2]


@dataclass(frozen=True, slots=True)
class Paragraph:
    runs: tuple[Run, ...]
    typed: bool = False  # a person's words over the draft's


def plain_paragraphs(text: str) -> tuple[Paragraph, ...]:
    """A text without marks, as a card shows it: blank lines part the paragraphs."""
    return tuple(Paragraph((Run(part.strip()),)) for part in text.split("\n\n") if part.strip())


@dataclass(frozen=True, slots=True)
class File:
    """`digest` is set where it can be chosen."""

    name: str
    size: str
    url: str = ""
    digest: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """All that leaves besides the words. `sender` is shown when it is not the usual one."""

    to: tuple[str, ...]
    subject: str = ""
    cc: tuple[str, ...] = ()
    bcc: tuple[str, ...] = ()
    sender: str = ""
    attachments: tuple[File, ...] = ()
    has_subject: bool = True


@dataclass(frozen=True, slots=True)
class Check:
    """One tick before approval; `id` is what the form sends under `ticks`."""

    id: str
    lead: str
    text: str
    ticked: bool = False


@dataclass(frozen=True, slots=True)
class Lesson:
    title: str
    origin: str = ""
    proof: str = ""
    url: str = ""
    id: int | None = None
    own: bool = False  # it is for one person only


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that is read while a draft is made; `state` is done, now or later."""

    text: str
    state: Literal["done", "now", "later"]
    origin: str = ""


@dataclass(frozen=True, slots=True)
class Said:
    """A few words of somebody, quoted in a card."""

    person: Person
    text: str


@dataclass(frozen=True, slots=True)
class Choice:
    value: str
    label: str
    note: str = ""
    person: Person | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """A draft in any of its states. Fields that a state does not show stay empty."""

    conversation_id: int
    state: CardState
    n: int = 0
    version: int = 0
    customer: str = ""  # first name
    person: Person | None = None  # who acted: receiver, sender, editor, whoever discarded
    at: datetime | None = None
    meta: str = ""  # what stands beside the state; empty: made from the counts below
    paragraphs: tuple[Paragraph, ...] = ()
    text: str = ""  # plain, for the textarea and the growing draft
    envelope: Envelope | None = None
    sources: int = 0
    unsupported: int = 0
    serving: int = 0  # sentences that serve a goal
    words: int = 0
    checks: tuple[Check, ...] = ()
    notices: tuple[Check, ...] = ()  # to know of, not to tick
    lessons: tuple[Lesson, ...] = ()
    held: Lesson | None = None  # what chance left out
    learnt: tuple[Lesson, ...] = ()  # sent: what the reply taught
    steps: tuple[Step, ...] = ()
    said: Said | None = None
    question: str = ""  # an abstention, or the reason of an escalation or a discard
    missing: tuple[str, ...] = ()
    questions: tuple[Asked, ...] = ()  # what the draft lacks
    others: tuple[Other, ...] = ()  # wordings beside this one
    ours: OurWords | None = None  # wordings of the house for what is typed
    ways: tuple[str, ...] = ()  # in which others may be asked for
    takes_words: bool = False  # and in a person's own words
    picked: str = ""
    wishes: tuple[str, ...] = ()  # what was asked for so far
    keeps: tuple[Asked, ...] = ()  # answers that may serve again
    reason: str = ""  # failed, refused, unknown: what happened, in plain words
    delivery: str = ""  # unknown: the id of what a person settles; waiting: of what a second person releases
    waits_for: str = ""  # waiting: whose yes is missing
    kept: str = ""  # what was not lost
    reference: str = ""
    elapsed: int = 0
    seconds_left: int = 0
    undo_seconds: int = 10
    saved_at: datetime | None = None
    edits: int = 0
    offline: bool = False  # no language model wrote it
    people_only: str = ""  # why this customer is answered by people only
    asks: bool = False  # "none": a draft may be asked for
    promise: str = ""  # sent: the promise it opened
    problem: str = ""  # the last action was refused; nothing was lost
    typed: str = ""  # what was typed when it was refused and no field is left for it
    can: frozenset[Verb] = frozenset()

    @property
    def head(self) -> Head:
        return HEADS[self.state]

    @property
    def word(self) -> str:
        if self.state == "escalated" and self.person:
            return f"With {self.person.name}"
        if self.state == "waiting" and self.waits_for:
            return f"Waits for {self.waits_for}"
        if self.state == "answered_elsewhere" and self.person:
            return f"Answered by {self.person.first_name}"
        return self.head.word

    @property
    def beside(self) -> str:
        if self.meta:
            return self.meta
        parts = [plural(self.sources, "source")] if self.sources else []
        if self.questions:
            parts.append(f"{plural(len(self.questions), 'gap')} to fill")
        if self.unsupported:
            parts.append(f"{plural(self.unsupported, 'sentence')} without a source")
        elif self.checks:
            parts.append(f"{len(self.checks)} to check")
        return " · ".join(parts) if self.state in ("ready", "refused") else ""

    @property
    def beside_short(self) -> str:
        """The same for a narrow screen."""
        one = self.beside.replace(" sentences without a source", " sentence without a source")
        return one.replace(" sentence without a source", " without")

    @property
    def spoken(self) -> str:
        """What the status line says to a screen reader when the card comes to this state."""
        if self.state != "ready":
            gap = " " if self.beside.startswith(("to ", "by ", "in ")) else ", "
            learnt = f" {plural(len(self.learnt), 'lesson')} learnt." if self.learnt else ""
            return f"{self.word}{gap}{self.beside}".rstrip(" ,.") + "." + learnt
        parts = ["Draft ready", plural(self.words, "word"), plural(self.sources, "source")]
        counts = (self.unsupported, "unsupported"), (self.serving, "serving a goal")
        return ", ".join([*parts, *(f"{count} {what}" for count, what in counts if count)]) + "."

    @property
    def approve_id(self) -> str:
        return f"approve-{self.n}"

    @property
    def edit_id(self) -> str:
        return f"edit-{self.n}"

    @property
    def answer_id(self) -> str:
        return f"answer-{self.n}"

    @property
    def is_open_text(self) -> bool:
        return self.state in ("editing", "writing")


@dataclass(frozen=True, slots=True)
class Source:
    """One cited source. `quote` is verbatim; `lead` is what stands before the comma."""

    n: int
    title: str
    quote: str
    age: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Contradiction:
    one: Source
    other: Source

    @property
    def halves(self) -> tuple[Source, Source]:
        return self.one, self.other


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a list with a glyph: `strong` is said with weight at its end."""

    text: str
    glyph: str = "dotted"
    strong: str = ""
    note: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Pair:
    name: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """What a draft rests on. `hidden` counts the sources this person may not see."""

    account: str = ""
    customer: str = ""
    sources: tuple[Source, ...] = ()
    hidden: int = 0
    contradictions: tuple[Contradiction, ...] = ()
    promises: tuple[Line, ...] = ()
    do_not_repeat: tuple[Line, ...] = ()
    missing: tuple[str, ...] = ()
    lessons: tuple[Lesson, ...] = ()
    held: Lesson | None = None
    unused: tuple[Line, ...] = ()
    topic: str = ""
    record: tuple[Line, ...] = ()  # how drafts on the topic fared here
    model: tuple[Pair, ...] = ()
    seconds: str = ""

    @property
    def is_empty(self) -> bool:
        told = (self.sources, self.missing, self.lessons, self.unused, self.model, self.promises, self.record)
        return not any(told) and not self.do_not_repeat


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """The question an escalation asks: to whom, why, and what they should decide."""

    card: Card
    receivers: tuple[Choice, ...]  # values as in REST: user:<id>, team:<id>
    reasons: tuple[Choice, ...]
    question: str = ""
    problem: str = ""
