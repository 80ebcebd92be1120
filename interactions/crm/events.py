"""The generic CRM's events as typed models; their JSON Schemas are published from here."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field


def _identifier(value: object) -> object:
    """CRMs number things with integers as often as with strings; a bool is neither."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _believable(moment: datetime) -> datetime:
    """One mail from the far future would make every later one late, for ever."""
    if moment.year < 1970 or moment > datetime.now(UTC) + timedelta(days=1):
        raise ValueError("lies before 1970 or more than a day in the future")
    return moment.astimezone(UTC)  # PostgreSQL refuses offsets of 16 hours and more


def _storable(moment: datetime) -> datetime:
    if not 1 < moment.year < 9999:
        raise ValueError("is not a year that can be kept")
    return moment.astimezone(UTC)


Past = Annotated[AwareDatetime, AfterValidator(_believable)]
Moment = Annotated[AwareDatetime, AfterValidator(_storable)]
Id = Annotated[str, BeforeValidator(_identifier), Field(min_length=1, max_length=200)]
Name = Annotated[str, Field(max_length=200)]
Short = Annotated[str, Field(max_length=300)]
Text = Annotated[str, Field(max_length=500_000)]


class Part(BaseModel):
    """Unknown keys are allowed: a CRM may send more than we read."""

    model_config = ConfigDict(extra="ignore", strict=False)


class Conversation(Part):
    id: Id
    subject: Short = ""
    channel: Annotated[str, Field(max_length=20)] = "email"


class AccountRef(Part):
    id: Id
    name: Name = ""


class ContactRef(Part):
    id: Id
    name: Name = ""
    email: Annotated[str, Field(max_length=254)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""


class Attachment(Part):
    name: Name
    size: int | None = None
    type: Annotated[str, Field(max_length=100)] = ""
    url: Annotated[str, Field(max_length=2000)] = ""


class Message(Part):
    id: Id
    text: Text = ""
    html: Text = ""
    sent_at: Past
    cc: list[Annotated[str, Field(max_length=254)]] = Field(default=[], max_length=50)
    attachments: list[Attachment] = Field(default=[], max_length=50)
    headers: dict[str, str] = Field(
        default={}, description="Mail headers; used to tell bounces and automatic answers."
    )


class SentMessage(Message):
    author: Name = ""
    author_email: Annotated[str, Field(max_length=254)] = ""
    author_id: Annotated[str, BeforeValidator(_identifier), Field(max_length=200)] = ""
    delivery_id: str = Field(default="", description="Our webhook-id, when it echoes our reply.")
    private: bool = Field(default=False, description="An internal note, which the customer does not see.")


class MessageReceivedData(Part):
    conversation: Conversation
    contact: ContactRef
    account: AccountRef | None = None
    message: Message


class MessageSentData(Part):
    conversation: Conversation
    contact: ContactRef | None = None
    account: AccountRef | None = None
    message: SentMessage


class ContactChangedData(ContactRef):
    title: Short = ""
    language: Annotated[str, Field(max_length=8)] = ""
    account: AccountRef | None = None
    fields: dict[str, Any] = {}


class AccountChangedData(Part):
    id: Id
    name: Name
    domain: Name = ""
    tier: Annotated[str, Field(max_length=40)] = ""
    fields: dict[str, Any] = {}


class RecordChangedData(Part):
    id: Id
    kind: Annotated[str, Field(min_length=1, max_length=40)]
    title: Name = ""
    status: Annotated[str, Field(max_length=60)] = ""
    account_id: Annotated[str, BeforeValidator(_identifier), Field(max_length=200)] = ""
    contact_id: Annotated[str, BeforeValidator(_identifier), Field(max_length=200)] = ""
    occurred_at: Moment | None = None
    fields: dict[str, Any] = {}


class ContactErasedData(Part):
    id: Id


class NoteChangedData(Part):
    id: Id
    account_id: Annotated[str, BeforeValidator(_identifier), Field(max_length=200)] = ""
    contact_id: Annotated[str, BeforeValidator(_identifier), Field(max_length=200)] = ""
    text: Annotated[str, Field(min_length=1, max_length=20_000)]
    author_email: Annotated[str, Field(max_length=254)] = ""


class Assignee(Part):
    id: Annotated[str, BeforeValidator(_identifier), Field(max_length=200)] = ""
    name: Name = ""
    email: Annotated[str, Field(max_length=254)] = ""


class ConversationChangedData(Conversation):
    contact: ContactRef | None = None
    account: AccountRef | None = None
    status: Literal["open", "snoozed", "resolved"] | None = None
    snoozed_until: Moment | None = None
    assignee: Assignee | None = Field(default=None, description="With no field told: assigned to nobody.")
    labels: list[Annotated[str, Field(max_length=60)]] | None = Field(default=None, max_length=50)


class ConversationRatedData(Part):
    conversation: Conversation
    score: Annotated[int, Field(ge=1, le=5, description="1 is bad, 5 is good.")]
    comment: Annotated[str, Field(max_length=5000)] = ""
    rated_at: Past


class Envelope(Part):
    timestamp: Past


class MessageReceived(Envelope):
    type: Literal["message.received"]
    data: MessageReceivedData


class MessageSent(Envelope):
    type: Literal["message.sent"]
    data: MessageSentData


class ContactChanged(Envelope):
    type: Literal["contact.changed"]
    data: ContactChangedData


class AccountChanged(Envelope):
    type: Literal["account.changed"]
    data: AccountChangedData


class RecordChanged(Envelope):
    type: Literal["record.changed"]
    data: RecordChangedData


class ContactErased(Envelope):
    type: Literal["contact.erased"]
    data: ContactErasedData


class NoteChanged(Envelope):
    type: Literal["note.changed"]
    data: NoteChangedData


class ConversationChanged(Envelope):
    type: Literal["conversation.changed"]
    data: ConversationChangedData


class ConversationRated(Envelope):
    type: Literal["conversation.rated"]
    data: ConversationRatedData


EVENTS: dict[str, type[Envelope]] = {
    "message.received": MessageReceived,
    "message.sent": MessageSent,
    "contact.changed": ContactChanged,
    "account.changed": AccountChanged,
    "record.changed": RecordChanged,
    "contact.erased": ContactErased,
    "note.changed": NoteChanged,
    "conversation.changed": ConversationChanged,
    "conversation.rated": ConversationRated,
}


def schema(event_type: str) -> dict[str, Any]:
    """JSON Schema (2020-12) of an event that the generic CRM may send."""
    made = EVENTS[event_type].model_json_schema()
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **made}
