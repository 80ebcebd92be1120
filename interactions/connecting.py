"""What an admin does with a connection: make it, try it, turn its secrets over, let it rest, end it.

Each verb writes down who did it, in the same transaction. Permissions are the caller's.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils import timezone

from interactions import inbox
from interactions.crm.api import Away, Refused
from interactions.crm.base import CrmError, Fact, Sampled, Unreadable, Unverified
from interactions.crm.registry import crm_for
from interactions.crm.signing import new_secret
from interactions.mapping import fields_of
from interactions.models import AgentLink, Connection, FieldRule, InboxEvent
from people.audit import note_deed
from people.models import ApiKey, AuditEntry, Scope, Team, User

# For as long a vendor may go on signing with the secret before.
OVERLAP = timedelta(hours=24)
_NO_SECRET = "There is no signing secret yet. Paste the one that the CRM shows first."
_NO_POST = "It has no secret, so no provider can post to it. Write a mail to one of its addresses instead."
MOST_READ = 20  # of the last events, for the fields they carry


@dataclass(frozen=True, slots=True)
class Made:
    """A new connection, and what is shown of it this once."""

    connection: Connection
    secret: str
    key: str


@dataclass(frozen=True, slots=True)
class Tried:
    """What a test event came to: `problem`, or the state of its row and the facts it told."""

    type: str = ""
    state: str = ""
    problem: str = ""
    facts: Sequence[Fact] = ()


def address(connection: Connection) -> str:
    """The public address that the CRM calls; some vendors sign it."""
    return settings.PUBLIC_URL + reverse("webhook", args=[connection.pk])


def is_told_at_address(kind: str) -> bool:
    """A kind without credentials is told at an address, and may ask over REST with a key of its own."""
    return not any(setting.secret for setting in crm_for(kind).about.settings)


@transaction.atomic
def make(
    person: User, *, kind: str, name: str, team: Team, deliver_to: str, config: Mapping[str, str],
    credentials: Mapping[str, str],
) -> Made:  # fmt: skip
    about = crm_for(kind).about
    connection = Connection(kind=kind, name=name, team=team, deliver_to=deliver_to, config=dict(config))
    secret, text = new_secret() if about.makes_secret else "", ""
    connection.set_secrets([secret] if secret else [])
    if credentials:
        connection.set_credentials(credentials)
    if is_told_at_address(kind):
        connection.api_key, text = ApiKey.make(name, [Scope.READ, Scope.WRITE])
    connection.save()
    note_deed(person, "made connection", connection, kind=kind)
    if credentials:
        note_deed(person, "set credentials", connection, names=sorted(credentials))
    return Made(connection, secret, text)


@transaction.atomic
def rename(connection: Connection, person: User, name: str, team: Team) -> None:
    connection.name, connection.team = name, team
    _keep(connection, person, "renamed connection", "name", "team")


@transaction.atomic
def rotate(connection: Connection, person: User, pasted: str = "") -> str:
    """The new secret, or the one the vendor made; the last one stays valid for a day, or until it is ended."""
    secret = pasted or new_secret()
    connection.set_secrets([secret, *(one for one in connection.secrets if one != secret)])
    connection.overlap_ends_at = timezone.now() + OVERLAP
    _keep(connection, person, "rotated secret", "sealed_secrets", "overlap_ends_at")
    return secret


@transaction.atomic
def end_overlap(connection: Connection, person: User) -> None:
    connection.set_secrets(connection.secrets[:1])
    _keep(connection, person, "ended overlap", "sealed_secrets")


@transaction.atomic
def pause(connection: Connection, person: User) -> None:
    """What comes in from now on is kept, and waits."""
    connection.paused_at = timezone.now()
    _keep(connection, person, "paused connection", "paused_at")


@transaction.atomic
def resume(connection: Connection, person: User) -> None:
    """The sweep rings for what has waited."""
    connection.paused_at = None
    _keep(connection, person, "resumed connection", "paused_at")


@transaction.atomic
def revoke(connection: Connection, person: User) -> None:
    """For good: it is answered 410, nothing is delivered to it, and its history stays."""
    connection.revoked_at = timezone.now()
    _keep(connection, person, "revoked connection", "revoked_at")
    if connection.api_key:
        connection.api_key.revoked_at = connection.revoked_at
        connection.api_key.save(update_fields=["revoked_at"])


@transaction.atomic
def set_settings(
    connection: Connection, person: User, config: Mapping[str, str], credentials: Mapping[str, str]
) -> None:
    """Credentials that are not told again stay as they are."""
    connection.config = {**connection.config, **config}
    _keep(connection, person, "changed settings", "config")
    if credentials:
        connection.set_credentials({**connection.credentials, **credentials})
        _keep(connection, person, "set credentials", "sealed_credentials", names=sorted(credentials))


def _keep(connection: Connection, person: User, deed: str, *columns: str, **detail: Any) -> None:
    connection.save(update_fields=columns)
    note_deed(person, deed, connection, **detail)


def deeds(connection: Connection) -> list[AuditEntry]:
    """What was done with it, the newest first."""
    target = f"{connection._meta.model_name}:{connection.pk}"
    return list(AuditEntry.objects.filter(target=target).select_related("person").order_by("-at")[:30])


def told_at(done: Iterable[AuditEntry]) -> dict[str, datetime]:
    """When each credential was last set."""
    found: dict[str, datetime] = {}
    for deed in done:
        for name in deed.detail.get("names", []):
            found.setdefault(name, deed.at)
    return found


def check(connection: Connection) -> int:
    """How many people the CRM shows us. Raises CrmError."""
    return len(crm_for(connection.kind).agents(connection))


def in_plain_words(error: CrmError) -> str:
    """What went wrong when the CRM was asked, and what to do."""
    match error:
        case Refused(status=401 | 403):
            return f"{error}: it does not accept the credentials. Paste fresh ones, with all their rights."
        case Refused(status=404):
            return f"{error}: the address leads to nothing there. Look at the address and the account's number."
        case Refused(status=429):
            return f"{error}: it was asked too often. Wait a minute, then check again."
        case Away():
            return f"{error}. Look at the address, and whether its server is up."
    if error.permanent and "the address is not" in str(error):
        return f"{error}. Rapport asks a CRM by https at a public address only."
    return f"{error}. Look at the settings, then check again."


def try_event(connection: Connection, person: User) -> Tried:
    """Send a signed sample through the door and apply it, then take all of it back.

    Nothing of it stays but the deed: no event, no conversation, no draft.
    """
    crm = crm_for(connection.kind)
    if not isinstance(crm, Sampled):
        return Tried(problem="No test event can be made for this kind. Let the CRM send one.")
    if not connection.secrets:
        return Tried(problem=_NO_POST if crm.about.is_mail else _NO_SECRET)
    note_deed(person, "sent test event", connection)
    with transaction.atomic():
        tried = _tried(connection, crm)
        transaction.set_rollback(True)
    return tried


def _tried(connection: Connection, crm: Sampled) -> Tried:
    at_door = Connection.objects.annotate(read_as=RawSQL(inbox.VERSION, [])).get(pk=connection.pk)
    at_door.version = at_door.read_as
    call = crm.sample(at_door, address(connection), timezone.now())
    try:
        event_id, _ = inbox.record(at_door, call)
    except (Unverified, Unreadable) as error:
        return Tried(problem=f"It was turned away at the door: {error}.")
    event = InboxEvent.objects.select_related("connection").get(pk=event_id)
    if crm_for(connection.kind).about.fetches:  # no network while a transaction is open
        facts, _ = facts_of(event, list(connection.field_rules.all()))
        return Tried(event.type, event.state, facts=facts)
    inbox.apply(event_id)
    event.refresh_from_db()
    facts, problem = facts_of(event, list(connection.field_rules.all()))
    return Tried(event.type, event.state, problem or event.reason, facts)


def facts_of(event: InboxEvent, rules: Sequence[FieldRule]) -> tuple[Sequence[Fact], str]:
    """What an event tells, and why it cannot be read; nothing once its body is gone."""
    if not event.body:
        return (), ""
    try:
        return inbox.read(event, rules), ""
    except Unreadable as error:
        return (), str(error)


def last_events(connection: Connection, most: int = MOST_READ) -> list[InboxEvent]:
    return list(connection.events.select_related("connection").order_by("-pk")[:most])


def fields_seen(connection: Connection) -> dict[tuple[str, str], Any]:
    """The own fields that the last events carried, as the CRM names them, each with its newest value."""
    found: dict[tuple[str, str], Any] = {}
    for event in last_events(connection):
        for kind, name, value in fields_of(facts_of(event, [])[0]):
            found.setdefault((kind, name), value)
    return dict(sorted(found.items()))


@transaction.atomic
def set_rules(connection: Connection, person: User, rules: Sequence[FieldRule]) -> None:
    connection.field_rules.all().delete()
    FieldRule.objects.bulk_create(rules)
    note_deed(person, "set field rules", connection, rules=[str(one) for one in rules])


def fetch_people(connection: Connection, person: User) -> int:
    """Ask the CRM for its agents; whoever is new is mapped by address. Raises CrmError."""
    found = {one.external_id: one for one in crm_for(connection.kind).agents(connection) if one.external_id}
    here = {user.email.lower(): user for user in User.objects.filter(is_active=True)}
    links = [
        AgentLink(
            connection=connection, external_id=one.external_id[:200], name=one.name[:200],
            email=one.email[:254], user=here.get(one.email.lower()),
        )
        for one in found.values()
    ]  # fmt: skip
    with transaction.atomic():
        AgentLink.objects.bulk_create(
            links, update_conflicts=True, update_fields=["name", "email"],
            unique_fields=["connection", "external_id"],
        )  # fmt: skip
        note_deed(person, "fetched people", connection, people=len(links))
    return len(links)


@transaction.atomic
def map_agents(connection: Connection, person: User, chosen: Mapping[int, User | None]) -> None:
    """Who each agent is here; agents that are not named stay as they are."""
    links = list(connection.agents.filter(pk__in=chosen))
    for link in links:
        link.user = chosen[link.pk]
    AgentLink.objects.bulk_update(links, ["user"])
    note_deed(person, "mapped agents", connection, agents=len(links))
