"""What HubSpot sends and answers, as typed models of the parts that are read.

Events: https://developers.hubspot.com/docs/api-reference/latest/webhooks/guide
Threads: https://developers.hubspot.com/docs/api-reference/conversations-conversations-v3/guide
"""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from interactions.crm.events import Id, Moment, Part, Past, Text

# A generic subscription names the kind of object by its number.
# https://developers.hubspot.com/docs/apps/legacy-apps/public-apps/create-generic-webhook-subscriptions
OBJECT_TYPES = {"0-1": "contact", "0-2": "company", "0-3": "deal", "0-5": "ticket"}
PLURALS = {"contact": "contacts", "company": "companies", "deal": "deals", "ticket": "tickets"}


def _text_of(value: object) -> object:
    """HubSpot leaves out what is empty, or says null; ids come as numbers and as texts."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


def _cut(most: int) -> BeforeValidator:
    return BeforeValidator(lambda value: value[:most] if isinstance(value, str) else value)


def _list_of(value: object) -> object:
    return [] if value is None else value


Word = Annotated[str, BeforeValidator(_text_of), Field(max_length=200)]
Line = Annotated[str, _cut(300), BeforeValidator(_text_of)]
Body = Annotated[Text, BeforeValidator(_text_of)]


class Event(Part):
    """One of a delivery; an association has two ends and no object of its own."""

    portalId: Id  # noqa: N815
    subscriptionId: Id  # noqa: N815
    eventId: Id  # noqa: N815
    subscriptionType: Annotated[str, Field(min_length=1, max_length=60)]  # noqa: N815
    occurredAt: Past  # noqa: N815
    objectId: Word = ""  # noqa: N815
    objectTypeId: Word = ""  # noqa: N815
    fromObjectId: Word = ""  # noqa: N815
    toObjectId: Word = ""  # noqa: N815
    primaryObjectId: Word = ""  # noqa: N815
    newObjectId: Word = ""  # noqa: N815
    messageId: Word = ""  # noqa: N815
    propertyName: Word = ""  # noqa: N815
    propertyValue: Body = ""  # noqa: N815

    @property
    def family(self) -> str:
        """contact, company, deal, ticket or conversation."""
        family = self.subscriptionType.partition(".")[0]
        return OBJECT_TYPES.get(self.objectTypeId, "") if family == "object" else family

    @property
    def action(self) -> str:
        return self.subscriptionType.partition(".")[2]

    @property
    def about(self) -> str:
        """The id of what there is to look at; a merge leaves one, under a new number or its own."""
        return self.newObjectId or self.primaryObjectId or self.objectId or self.fromObjectId


class Identifier(Part):
    type: Word = ""
    value: Word = ""


class Person(Part):
    """A sender or a recipient. An actor is "A-<user>", "V-<contact>", "B-<bot>", "I-<app>" and the like."""

    actorId: Word = ""  # noqa: N815
    name: Line = ""
    deliveryIdentifier: Identifier | None = None  # noqa: N815
    recipientField: Word = ""  # noqa: N815

    @property
    def address(self) -> str:
        told = self.deliveryIdentifier
        return told.value.strip().lower() if told and told.type == "HS_EMAIL_ADDRESS" else ""


class File(Part):
    type: Word = ""
    name: Line = ""
    url: Annotated[str, _cut(2000), BeforeValidator(_text_of)] = ""


class Client(Part):
    clientType: Word = ""  # noqa: N815


class Message(Part):
    """A MESSAGE, a COMMENT, or the news that a thread was closed or assigned."""

    id: Id
    type: Word
    createdAt: Past  # noqa: N815
    client: Client = Client()
    direction: Word = ""
    text: Body = ""
    richText: Body = ""  # noqa: N815
    subject: Line = ""
    senders: Annotated[list[Person], BeforeValidator(_list_of)] = []
    recipients: Annotated[list[Person], BeforeValidator(_list_of)] = []
    attachments: Annotated[list[File], BeforeValidator(_list_of)] = []
    channelId: Word = ""  # noqa: N815
    channelAccountId: Word = ""  # noqa: N815
    newStatus: Word = ""  # noqa: N815
    assignedTo: Word = ""  # noqa: N815

    @property
    def sender(self) -> Person:
        return self.senders[0] if self.senders else Person()


class Thread(Part):
    id: Id
    status: Word = ""
    createdAt: Past  # noqa: N815
    closedAt: Past | None = None  # noqa: N815
    latestMessageTimestamp: Past | None = None  # noqa: N815
    associatedContactId: Word = ""  # noqa: N815
    assignedTo: Word = ""  # noqa: N815
    originalChannelId: Word = ""  # noqa: N815
    spam: bool = False


class Association(Part):
    id: Id


class Associated(Part):
    results: list[Association] = []


class Object(Part):
    """A contact, company, deal or ticket with the properties that were asked for."""

    id: Id
    properties: dict[str, Any] = {}
    createdAt: Moment | None = None  # noqa: N815
    updatedAt: Past | None = None  # noqa: N815
    associations: dict[str, Associated] = {}

    def told(self, name: str, most: int = 200) -> str:
        value = self.properties.get(name)
        return value.strip()[:most] if isinstance(value, str) else ""

    def linked(self, plural: str) -> str:
        """The id of the first of what it is associated with."""
        found = self.associations.get(plural)
        return found.results[0].id if found and found.results else ""


class Actor(Part):
    id: Id
    name: Line = ""
    email: Annotated[str, BeforeValidator(_text_of), Field(max_length=254)] = ""


class Found(Part):
    """What was asked for because an event only pointed at it."""

    object: Object | None = None
    company: Object | None = None
    thread: Thread | None = None
    messages: list[Message] = []
    actors: list[Actor] = []
