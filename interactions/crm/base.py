"""What a CRM must be able to do for us, and the facts it may tell, in our own words."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from customers.facts import AccountFact, ContactFact, RecordFact
from interactions.models import Connection, OutboxMessage


class CrmError(Exception):
    """Something went wrong with a CRM. `permanent`: trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool) -> None:
        super().__init__(message)
        self.permanent = permanent


class Unverified(CrmError):
    """The delivery is not proven to come from the CRM."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


class Unreadable(CrmError):
    """The delivery is the CRM's, and it makes no sense."""

    def __init__(self, message: str) -> None:
        super().__init__(message, permanent=True)


@dataclass(frozen=True, slots=True)
class Delivery:
    """One event of a delivery: its key is unique within the connection."""

    key: str
    type: str
    body: bytes


@dataclass(frozen=True, slots=True)
class MessageFact:
    """A message a customer wrote, or (`by_us`) one that a colleague sent outside of Rapport."""

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
    headers: Mapping[str, str] | None = None
    author: str = ""
    author_email: str = ""
    echo_of: str = ""  # the outbox id, when the CRM tells us of our own reply


type Fact = AccountFact | ContactFact | RecordFact | MessageFact


@dataclass(frozen=True, slots=True)
class Answer:
    """What a receiver said to one attempt. `sent`, `retry`, `dead`, `gone` or `unknown`."""

    result: str
    status: int | None = None
    body: str = ""
    retry_after: float | None = None
    duration_ms: int = 0


class Crm(Protocol):
    kind: str

    def verify(self, secrets: list[str], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
        """The delivery's key. Any exception at all means: not proven."""
        ...

    def split(self, key: str, body: bytes) -> list[Delivery]:
        """The events of a delivery; raises Unreadable."""
        ...

    def parse(self, type: str, body: bytes) -> Fact | None:
        """The fact it tells, or None for a type that is not ours; raises Unreadable."""
        ...

    def send(self, connection: Connection, row: OutboxMessage) -> Answer:
        """Deliver the row's payload; never raises for what the network does."""
        ...
