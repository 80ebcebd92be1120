"""Which connections are told what, and when one is let alone: a receiver that fails again and again rests.

A receiver has one place for deliveries at a time, and while it is well it may take the one more that all share.
So slow or hanging ones hold up nobody else: together they hold one worker more than they are, of eight. A place
is a lock of the worker's database session: it is free again when the worker dies.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from django.db import connection as database
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from customers.models import Account
from interactions.crm.registry import crm_for
from interactions.models import Connection, Conversation
from people.audit import note_deed
from people.models import ApiKey, Team, User

AT_ONCE = 2  # the most deliveries of one receiver
MOST_FAILURES = 5
REST_SECONDS = 30
LONGEST_REST_SECONDS = 600
_LOCKS = 7_270_002  # the first half of the locks' names
_SHARED = 0  # the second half of the one that all share

# Deliveries that wait for a receiver that is down wait for it, not for us.
WELL = Q(connection=None) | Q(connection__failures__lt=MOST_FAILURES)
RESTED = Q(connection=None) | Q(connection__rests_until=None) | Q(connection__rests_until__lte=Now())


def listens(connection: Connection, type: str) -> bool:
    """Whether this connection takes events of the type now."""
    wanted = crm_for(connection.kind).about.takes
    if connection.subscriptions is not None:
        wanted &= set(connection.subscriptions) | {"reply.approved"}
    return type in wanted and has_way_out(connection)


def has_way_out(connection: Connection) -> bool:
    closed = connection.revoked_at or connection.disabled_reason
    return bool(connection.deliver_to or connection.sealed_credentials) and not closed


def listeners_to(conversation: Conversation, type: str) -> list[Connection]:
    """The conversation's own CRM, and whoever hears all of the team."""
    mine = Q(pk=conversation.connection_id) | Q(team=conversation.team_id, hears_team=True)
    return [one for one in Connection.objects.filter(mine).order_by("created_at") if listens(one, type)]


def listeners_of(team: Team, type: str) -> list[Connection]:
    """A team's own connections."""
    return [one for one in Connection.objects.filter(team=team).order_by("created_at") if listens(one, type)]


def listeners_about(account: Account, type: str) -> list[Connection]:
    """The CRMs that know the account, and whoever hears all of a team that looks after it."""
    sources = account.identities.values("source")
    mine = Q(pk__in=sources) | Q(team__in=account.teams.all(), hears_team=True)
    return [one for one in Connection.objects.filter(mine).order_by("created_at") if listens(one, type)]


@transaction.atomic
def change(connection: Connection, changes: Mapping[str, Any], person: User, key: ApiKey | None = None) -> None:
    """Set `subscriptions`, `hears_team` or `deliver_to`; a new address is a new receiver, and well."""
    if "deliver_to" in changes:
        changes = {**changes, "disabled_reason": "", "failures": 0, "rests_until": None}
    for name, value in changes.items():
        setattr(connection, name, value)
    connection.save(update_fields=list(changes))
    note_deed(person, "changed connection", connection, key=key, fields=sorted(changes))


@transaction.atomic
def enable(connection: Connection, person: User, key: ApiKey | None = None) -> None:
    """Deliver to it again: after a 410, or before its rest is over. The sweep rings for what has waited."""
    connection.disabled_reason, connection.failures, connection.rests_until = "", 0, None
    connection.save(update_fields=["disabled_reason", "failures", "rests_until"])
    note_deed(person, "enabled connection", connection, key=key)


# Each lock stands alone in its condition: of "a AND lock" PostgreSQL may take the lock and then find a untrue,
# and a lock whose name is not returned would be held for as long as the worker lives.
_TAKE = """
SELECT c.id IS NULL, CASE
    WHEN c.id IS NULL OR c.rests_until > statement_timestamp() THEN NULL
    WHEN pg_try_advisory_lock(%(locks)s, hashtext(c.id || ':0')) THEN hashtext(c.id || ':0')
    WHEN c.failures > 0 THEN NULL
    WHEN pg_try_advisory_lock(%(locks)s, %(shared)s) THEN %(shared)s
END
FROM interactions_outboxmessage o LEFT JOIN interactions_connection c ON c.id = o.connection_id
WHERE o.id = %(row)s
"""


@contextmanager
def place(row_id: str) -> Iterator[bool]:
    """A place at the row's receiver while the block runs; False when it rests or its places are taken."""
    found = _ask(_TAKE, {"row": row_id, "locks": _LOCKS, "shared": _SHARED})
    is_free, lock = found[0] if found else (False, None)
    try:
        yield bool(is_free) or lock is not None
    finally:
        if lock is not None:
            _ask("SELECT pg_advisory_unlock(%s, %s)", [_LOCKS, lock])


def _ask(sql: str, values: Any) -> list[tuple[Any, ...]]:
    with database.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall() if cursor.description else []


_FAILED = """
UPDATE interactions_connection SET failures = failures + 1, rests_until = CASE
    WHEN failures + 1 >= %(most)s THEN statement_timestamp() + make_interval(secs =>
        least(%(rest)s * 2 ^ least(failures + 1 - %(most)s, 20), %(longest)s))
END WHERE id = %(id)s
"""


def it_failed(connection: Connection) -> None:
    """One more in a row; from the fifth on it rests, twice as long each time, and one delivery tries it."""
    limits = {"most": MOST_FAILURES, "rest": REST_SECONDS, "longest": LONGEST_REST_SECONDS}
    _ask(_FAILED, {"id": connection.pk, **limits})


def it_answered(connection: Connection) -> None:
    """It is well, whatever it thought of the delivery."""
    Connection.objects.filter(pk=connection.pk, failures__gt=0).update(failures=0, rests_until=None)
