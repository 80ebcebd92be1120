"""What a CRM must be able to do for us, and the facts it may tell, in our own words.

A vendor is one file that speaks this interface. What it receives is verified bytes, what it tells is
facts; the rest of the house never sees a vendor's names.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from customers.facts import AccountFact, ContactErasedFact, ContactFact, NoteFact, RecordFact
from interactions.models import Connection, OutboxMessage

# Every event that leaves. A vendor's connector carries those that its CRM has a place for.
OUTBOUND = frozenset(
    {
        "draft.ready", "reply.approved", "reply.sent", "conversation.escalated", "conversation.changed",
        "note.accepted", "promise.made", "lesson.activated",
    }
)  # fmt: skip


class CrmError(Exception):
    """Something went wrong with a CRM. `permanent`: trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.permanent = permanent
        self.retry_after = retry_after  # seconds, when the vendor said so


class Unverified(CrmError):
    """The delivery is not proven to come from the CRM."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class Unreadable(CrmError):
    """The delivery is the CRM's, and it makes no sense."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


@dataclass(frozen=True, slots=True)
class Call:
    """A delivery as it came in. `url` is the public one, which some vendors sign; headers in lower case."""

    url: str
    headers: Mapping[str, str]
    body: bytes


def with_headers(headers: Mapping[str, str], body: bytes) -> bytes:
    """A body under the headers that it is read by, as in a mail."""
    lines = [f"{name}: {value}\r\n".encode() for name, value in headers.items()]
    return b"".join([*lines, b"\r\n", body])


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event of a delivery: its key is unique within the connection.

    `broken` says why it cannot be read; it is then kept as dead, and its neighbours are applied.
    """

    key: str
    type: str
    body: bytes
    broken: str = ""


@dataclass(frozen=True, slots=True)
class Agent:
    """A colleague as the CRM knows them."""

    external_id: str = ""
    name: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class MessageFact:
    """A message a customer wrote, one that a colleague sent outside of Rapport (`by_us`), or a colleague's
    internal note (`by_us` and `private`)."""

    by_us: bool
    conversation: str
    subject: str
    channel: str
    contact: ContactFact | None
    external_id: str
    text: str
    html: str
    sent_at: datetime
    cc: tuple[str, ...] = ()
    attachments: tuple[Mapping[str, Any], ...] = ()
    contents: Mapping[str, bytes] = field(default_factory=dict)  # of attachments that came along, by sha256
    headers: Mapping[str, str] | None = None
    author: Agent = Agent()
    echo_of: str = ""  # the outbox id, when the CRM tells us of our own reply
    private: bool = False
    to: tuple[str, ...] = ()
    references: tuple[str, ...] = ()  # of a mail: the Message-IDs it answers, the oldest first
    unproven: bool = False  # it says who sent it, and the proof failed


@dataclass(frozen=True, slots=True)
class ConversationFact:
    """How a conversation stands in the CRM; None means not told. An empty Agent: assigned to nobody."""

    conversation: str
    changed_at: datetime
    subject: str = ""
    channel: str = ""
    status: str | None = None  # open, snoozed or resolved
    snoozed_until: datetime | None = None
    assignee: Agent | None = None
    labels: tuple[str, ...] | None = None
    contact: ContactFact | None = None


@dataclass(frozen=True, slots=True)
class RatingFact:
    """What the customer thought of it: 1 (bad) to 5 (good), whatever scale the vendor has."""

    conversation: str
    score: int
    comment: str
    rated_at: datetime


type Fact = (
    AccountFact
    | ContactFact
    | ContactErasedFact
    | RecordFact
    | NoteFact
    | MessageFact
    | ConversationFact
    | RatingFact
)


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said to one attempt: `sent`, `retry`, `dead`, `gone` or `unknown`.

    `external_id` is the CRM's id of what it made from it, by which its echo is known.
    """

    result: str
    status: int | None = None
    body: str = ""
    retry_after: float | None = None
    duration_ms: int = 0
    external_id: str = ""


@dataclass(frozen=True, slots=True)
class Page:
    """A stretch of what a CRM was asked for, and where to go on; `cursor` None: that was all."""

    deliveries: Sequence[Delivery]
    cursor: Mapping[str, Any] | None
    total: int | None = None  # conversations in all, where the vendor says so


@dataclass(frozen=True, slots=True)
class Names:
    """A stretch of a CRM's list of conversations, by its own ids; `cursor` None: that was all."""

    names: Sequence[str]
    cursor: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class Setting:
    """A field of the form in which an admin sets a connection up."""

    name: str
    label: str
    help: str = ""
    secret: bool = False  # kept sealed, never shown again
    required: bool = True
    example: str = ""


@dataclass(frozen=True, slots=True)
class About:
    """What the house must know to offer a kind of CRM."""

    label: str
    settings: tuple[Setting, ...] = ()
    makes_secret: bool = True  # we make the signing secret; False: the vendor shows one, to be pasted
    repeats_safely: bool = False  # it knows a delivery that is sent twice by its id
    fetches: bool = False  # some of its events only point at what happened
    polls: bool = False  # is asked for news beside its webhooks
    has_history: bool = False  # can be asked for its past conversations
    hears_others: bool = False  # may also be told of conversations that came another way
    takes: frozenset[str] = frozenset()  # the outbound types it can carry
    most_bytes: int = 1024 * 1024  # of one delivery at the door
    keeps: tuple[str, ...] = ()  # headers without which the body cannot be read later
    sends_files: bool = False  # a reply's attachments can leave by it
    is_mail: bool = False  # its messages name no conversation: where one belongs is found out here


class Crm(Protocol):
    """Whatever is asked over the network (fetch, read, poll, history, recent, agents) raises CrmError."""

    kind: str
    about: About

    def verify(self, secrets: list[str], call: Call, now: datetime) -> str:
        """The delivery's key. Any exception at all means: not proven."""
        ...

    def split(self, key: str, body: bytes) -> list[Delivery]:
        """The events of a delivery; raises Unreadable when nothing of it can be read."""
        ...

    def fetch(self, connection: Connection, type: str, body: bytes) -> bytes | None:
        """What the event only points at; None when it tells all itself."""
        ...

    def parse(self, type: str, body: bytes, fetched: bytes | None) -> Sequence[Fact]:
        """The facts it tells, none for a type that is not ours; raises Unreadable, and nothing else."""
        ...

    def send(self, connection: Connection, row: OutboxMessage, as_agent: Agent | None) -> Answer:
        """Deliver the row's payload once; never raises for what the network does.

        `as_agent`: whom the CRM knows the person who acts as, where people were mapped.
        """
        ...

    def arrived(self, connection: Connection, row: OutboxMessage) -> Answer:
        """Ask whether an uncertain delivery is there: `sent`, `retry` (it is not) or `unknown`."""
        ...

    def read(self, connection: Connection, conversation: str) -> Sequence[Fact]:
        """One conversation as the CRM has it now: how it stands, and its messages."""
        ...

    def poll(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        """What changed since the cursor, which is empty the first time: then from now on."""
        ...

    def history(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        """A page of past conversations from the cursor on, which is empty at the start."""
        ...

    def recent(self, connection: Connection, since: datetime, cursor: Mapping[str, Any]) -> Names:
        """Which conversations something happened in since then: a page of names for one request."""
        ...

    def agents(self, connection: Connection) -> list[Agent]:
        """The CRM's people, to be mapped to people here; it also proves that the credentials work."""
        ...


@runtime_checkable
class Sampled(Protocol):
    """A CRM of which we can make a delivery ourselves, by which an admin tries a connection out."""

    about: About

    def sample(self, connection: Connection, url: str, now: datetime) -> Call:
        """A delivery about an invented customer, signed with the connection's newest secret."""
        ...
