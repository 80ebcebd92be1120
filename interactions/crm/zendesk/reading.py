"""Turn what Zendesk tells of a ticket, a user or an organization into facts."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationError

from customers.facts import AccountFact, ContactFact
from interactions.crm import events as e
from interactions.crm.base import Agent, ConversationFact, Fact, MessageFact, RatingFact, Unreadable
from interactions.crm.generic import in_words

# Where Zendesk waits for somebody, the conversation is still open; only its own solving ends it.
STATUS_HERE = {
    "new": "open", "open": "open", "pending": "open", "hold": "open",
    "solved": "resolved", "closed": "resolved",
}  # fmt: skip
STAFF = {"agent", "admin"}
SCORES = {"good": 5, "bad": 1}
CHANNELS = {"native_messaging": "chat", "voice": "phone"}
ITSELF = "-1"  # the author of what Zendesk's own rules write

MOMENT = timedelta(microseconds=1)  # less than Zendesk tells
# What the audits call it, and the field of the fact.
_STANDING = {"status": "status", "assignee_id": "assignee", "tags": "labels"}


def _empty(value: object) -> object:
    return "" if value is None else value


def _no_rows(value: object) -> object:
    return [] if value is None else value


def _no_fields(value: object) -> object:
    return {} if value is None else value


Words = Annotated[str, BeforeValidator(_empty)]
Number = Annotated[e.Id | None, BeforeValidator(lambda value: None if value in ("", "0", 0) else value)]
Fields = Annotated[dict[str, Any], BeforeValidator(_no_fields)]


class Organization(e.Part):
    id: e.Id
    name: Words = ""
    domain_names: Annotated[list[str], BeforeValidator(_no_rows)] = []
    organization_fields: Fields = {}
    updated_at: e.Moment | None = None


class User(e.Part):
    id: e.Id
    name: Words = ""
    email: Words = ""
    phone: Words = ""
    role: Words = ""
    locale: Words = ""
    organization_id: Number = None
    user_fields: Fields = {}
    updated_at: e.Moment | None = None


class File(e.Part):
    file_name: Words = ""
    size: int | None = None
    content_type: Words = ""
    content_url: Words = ""


class AuditEvent(e.Part):
    """A comment, a change of a field, or one of some thirty other kinds, which are passed over."""

    id: Number = None
    type: Words = ""
    field_name: Words = ""
    body: Words = ""
    html_body: Words = ""
    public: bool | None = None
    author_id: Number = None
    attachments: Annotated[list[File], BeforeValidator(_no_rows)] = []


class Mark(e.Part):
    rapport: Words = ""
    rapport_connection: Words = ""


class Metadata(e.Part):
    custom: Annotated[Mark, BeforeValidator(_no_fields)] = Mark()


class Audit(e.Part):
    id: e.Id
    created_at: e.Past
    author_id: Number = None
    metadata: Annotated[Metadata, BeforeValidator(_no_fields)] = Metadata()
    events: Annotated[list[AuditEvent], BeforeValidator(_no_rows)] = []


class Rating(e.Part):
    score: Words = ""
    comment: Words = ""


class Via(e.Part):
    channel: Words = ""


class Ticket(e.Part):
    id: e.Id
    subject: Words = ""
    status: Words = ""
    tags: Annotated[list[str], BeforeValidator(_no_rows)] = []
    requester_id: Number = None
    assignee_id: Number = None
    email_cc_ids: Annotated[list[e.Id], BeforeValidator(_no_rows)] = []
    satisfaction_rating: Rating | None = None
    via: Annotated[Via, BeforeValidator(_no_fields)] = Via()
    created_at: e.Past
    updated_at: e.Past

    @property
    def channel(self) -> str:
        return CHANNELS.get(self.via.channel, self.via.channel[:20]) or "email"


class Told(e.Part):
    """What `asking.ticket` brings together."""

    connection: str = ""
    ticket: Ticket
    audits: list[Audit]
    users: list[User] = []
    organizations: list[Organization] = []

    def person(self, number: str | None) -> User | None:
        return next((one for one in self.users if one.id == number), None)

    def contact(self, number: str | None) -> ContactFact | None:
        found = self.person(number)
        return contact_of(found, self.organizations) if found else None

    def agent(self, number: str | None) -> Agent:
        found = self.person(number)
        return Agent(found.id, found.name[:200], found.email) if found else Agent(number or "")

    def is_ours(self, audit: Audit) -> bool:
        return bool(self.connection) and audit.metadata.custom.rapport_connection == self.connection


class ToldUser(e.Part):
    user: User
    organizations: list[Organization] = []


class ToldOrganization(e.Part):
    organization: Organization


def ticket_facts(told: Mapping[str, Any], since: datetime | None) -> list[Fact]:
    """How the ticket stands, and what was said in it since then, or ever."""
    found = _read(Told, told)
    found.audits.sort(key=lambda one: (one.created_at, len(one.id), one.id))
    _set_apart(found.audits)
    return [*_messages(found, since), *_standing(found), *_ratings(found)]


def _set_apart(audits: list[Audit]) -> None:
    """Zendesk tells whole seconds, and what came later in one is the newer word on it all the same."""
    for earlier, later in pairwise(audits):
        later.created_at = max(later.created_at, earlier.created_at + 2 * MOMENT)


def user_facts(told: Mapping[str, Any]) -> list[Fact]:
    """A customer; colleagues are no contacts."""
    found = _read(ToldUser, told)
    return [] if found.user.role in STAFF else [contact_of(found.user, found.organizations)]


def organization_facts(told: Mapping[str, Any]) -> list[Fact]:
    return [account_of(_read(ToldOrganization, told).organization)]


def _read[Model: e.Part](model: type[Model], told: Mapping[str, Any]) -> Model:
    try:
        return model.model_validate(told)
    except ValidationError as error:
        raise Unreadable(in_words(error)) from None


def contact_of(user: User, organizations: list[Organization]) -> ContactFact:
    home = next((one for one in organizations if one.id == user.organization_id), None)
    account = account_of(home) if home else None
    if account is None and user.organization_id:
        account = AccountFact(user.organization_id, "")
    return ContactFact(
        external_id=user.id, name=user.name[:200], email=user.email[:254], phone=user.phone[:40],
        language=user.locale.partition("-")[0].lower()[:8], account=account, fields=user.user_fields,
        changed_at=user.updated_at,
    )  # fmt: skip


def account_of(organization: Organization) -> AccountFact:
    domain = organization.domain_names[0] if organization.domain_names else ""
    return AccountFact(
        organization.id, organization.name[:200], organization.organization_fields, domain[:200],
        changed_at=organization.updated_at,
    )  # fmt: skip


def _messages(told: Told, since: datetime | None) -> Iterator[MessageFact]:
    for audit in told.audits:
        if since is None or audit.created_at >= since:
            for event in audit.events:
                if event.type == "Comment" and event.id:
                    yield _message(told, audit, event)


def _message(told: Told, audit: Audit, comment: AuditEvent) -> MessageFact:
    """Who asked is the customer, whatever else they are; what Zendesk's own rules wrote is a note."""
    ticket, author = told.ticket, comment.author_id or audit.author_id
    person = told.person(author)
    from_staff = author == ITSELF or (person is not None and person.role in STAFF)
    by_us = from_staff and author != ticket.requester_id
    ccs = [one.email for number in ticket.email_cc_ids if (one := told.person(number)) and one.email]
    return MessageFact(
        by_us=by_us,
        conversation=ticket.id,
        subject=ticket.subject[:300],
        channel=ticket.channel,
        contact=told.contact(ticket.requester_id if by_us else author),
        external_id=comment.id or "",
        text=comment.body,
        html=comment.html_body,
        sent_at=audit.created_at,
        cc=() if by_us else tuple(ccs),
        attachments=tuple(_file(one) for one in comment.attachments),
        author=_writer(told, author) if by_us else Agent(),
        echo_of=audit.metadata.custom.rapport,
        private=by_us and (comment.public is False or author == ITSELF),
    )


def _writer(told: Told, author: str | None) -> Agent:
    return Agent(name="Zendesk") if author == ITSELF else told.agent(author)


def _file(one: File) -> dict[str, Any]:
    return {"name": one.file_name[:200], "size": one.size, "type": one.content_type, "url": one.content_url}


def _standing(told: Told) -> Iterator[ConversationFact]:
    """Status, assignee and labels, each as of its own last change; what we set ourselves is no news."""
    by_time: dict[datetime, dict[str, Any]] = {}
    for source, name in _STANDING.items():
        audit = _last_change(told, source)
        if audit is None or not told.is_ours(audit):
            # An audit says how the ticket stands behind its comment: one that is made solved is solved.
            at = audit.created_at + MOMENT if audit else told.ticket.created_at
            by_time.setdefault(at, {})[name] = _value(told, name)
    for at, values in sorted(by_time.items()):
        yield ConversationFact(
            conversation=told.ticket.id, changed_at=at, subject=told.ticket.subject[:300],
            channel=told.ticket.channel, contact=told.contact(told.ticket.requester_id), **values,
        )  # fmt: skip


def _last_change(told: Told, field: str) -> Audit | None:
    changing = [
        audit
        for audit in told.audits
        if any(one.type in ("Create", "Change") and one.field_name == field for one in audit.events)
    ]
    return changing[-1] if changing else None


def _value(told: Told, name: str) -> Any:
    match name:
        case "status":
            return STATUS_HERE.get(told.ticket.status)
        case "assignee":
            return told.agent(told.ticket.assignee_id)
    return tuple(told.ticket.tags)


def _ratings(told: Told) -> Iterator[RatingFact]:
    rating = told.ticket.satisfaction_rating
    if rating and rating.score in SCORES:
        rated = [audit.created_at for audit in told.audits if any(_rates(one) for one in audit.events)]
        at = rated[-1] if rated else told.ticket.updated_at
        yield RatingFact(told.ticket.id, SCORES[rating.score], rating.comment[:5000], at)


def _rates(event: AuditEvent) -> bool:
    return event.type == "SatisfactionRating" or event.field_name.startswith("satisfaction_")
