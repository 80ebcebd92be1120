"""Fetch from CRMs: news beside the webhooks (poll), what was before us (backfill), what differs (compare).

The row is the queue and its cursor the progress: each run is one step, which asks the CRM outside any
transaction and then keeps what came together with the cursor behind it. A poll and a comparison stand
for as long as their connection does; a backfill passes.
"""

import logging
import time
from datetime import datetime, timedelta
from datetime import time as clock
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

import bell
from interactions import comparing, inbox
from interactions.crm.base import About, CrmError, Page
from interactions.crm.registry import CRMS, crm_for
from interactions.models import Connection, InboxEvent, Sync
from people.audit import note_deed
from people.models import ApiKey, User

log = logging.getLogger(__name__)
State, Kind = Sync.State, Sync.Kind

FETCH = "interactions.tasks.fetch"
# Longer than a worker may take for a task (CELERY_TASK_TIME_LIMIT), so that no two work on a row.
LEASE = timedelta(seconds=150)
POLL_EVERY = timedelta(seconds=60)
# Between two pages: even a page of fifty requests then stays within what vendors allow (Chatwoot, HubSpot and
# Zendesk allow hundreds a minute).
PAUSE = timedelta(seconds=5)
# Seconds after each failed attempt, the last again and again: the CRM comes back some day.
SCHEDULE = (5, 30, 60, 300, 900)
# No more old mail is asked for while so much of it still waits to be applied.
MOST_WAITING = 1000
NIGHT = clock(3)


class CannotFetch(Exception):
    """This cannot be asked of this connection; the message says why, for people."""


class _Lost(Exception):
    """The row is no longer ours: it was stopped, its connection paused, or its lease is over."""


def waiting() -> QuerySet[Sync]:
    """What is to be fetched from connections that listen, now or later."""
    # A subquery and no join: the state is then checked again on the row itself when it is claimed.
    return Sync.objects.filter(state=State.DUE, connection__in=_listening())


def _listening() -> QuerySet[Connection]:
    return Connection.objects.filter(paused_at=None, revoked_at=None)


def due_syncs(limit: int) -> list[int]:
    return list(waiting().filter(due_at__lte=Now()).order_by("due_at").values_list("pk", flat=True)[:limit])


def fetch(sync_id: int) -> None:
    """One step of a due row; what goes wrong is written on it."""
    sync = _claim(sync_id)
    if sync is None:
        return
    try:
        _STEPS[Kind(sync.kind)](sync)
    except _Lost:
        _mine(sync).update(state=State.DUE, lease_until=None)  # paused meanwhile; the step is done again
    except CrmError as error:
        _failed(sync, str(error), permanent=error.permanent, wait=error.retry_after)
    except Exception as error:
        log.exception("sync %s: an error of ours", sync.pk)
        _failed(sync, f"an error of ours: {type(error).__name__}", permanent=False)


def _claim(sync_id: int) -> Sync | None:
    claimed = (
        waiting()
        .filter(pk=sync_id, due_at__lte=Now())
        .update(state=State.WORKING, lease_until=Now() + LEASE, fence=F("fence") + 1)
    )
    return Sync.objects.select_related("connection__team").get(pk=sync_id) if claimed else None


def _mine(sync: Sync) -> QuerySet[Sync]:
    return Sync.objects.filter(pk=sync.pk, state=State.WORKING, fence=sync.fence)


def _settle(sync: Sync, *, after: timedelta | datetime | None, **fields: Any) -> None:
    """End the step: due again `after` so long, or done for None. Raises _Lost when the row is not ours now."""
    due = {} if after is None else {"due_at": Now() + after if isinstance(after, timedelta) else after}
    state = State.DONE if after is None else State.DUE
    ours = _mine(sync).filter(connection__in=_listening())
    if not ours.update(state=state, lease_until=None, **due, **fields):
        raise _Lost
    _tell(sync.connection)


def _poll(sync: Sync) -> None:
    page = crm_for(sync.connection.kind).poll(sync.connection, sync.cursor)
    with transaction.atomic():
        _hold(sync)
        new = inbox.keep(sync.connection, page.deliveries)
        moved = page.cursor is not None and dict(page.cursor) != sync.cursor
        _keep_page(sync, page, after=PAUSE if new and moved else POLL_EVERY)


def _backfill(sync: Sync) -> None:
    if _unapplied(sync.connection) >= MOST_WAITING:
        _settle(sync, after=PAUSE)
        return
    page = crm_for(sync.connection.kind).history(sync.connection, sync.cursor)
    with transaction.atomic():
        _hold(sync)
        inbox.keep(sync.connection, page.deliveries, is_history=True)
        if page.cursor is None:
            _keep_page(sync, page, after=None, ended_at=Now())
        else:
            _keep_page(sync, page, after=PAUSE)


def _hold(sync: Sync) -> None:
    """The row first, then its events: so does whoever stops it."""
    if not _mine(sync).select_for_update(no_key=True).exists():
        raise _Lost


def _keep_page(sync: Sync, page: Page, *, after: timedelta | None, **fields: Any) -> None:
    cursor = sync.cursor if page.cursor is None else dict(page.cursor)
    _settle(
        sync, after=after, cursor=cursor, seen=F("seen") + len(page.deliveries),
        total=sync.total if page.total is None else page.total, attempts=0, reason="", **fields,
    )  # fmt: skip


def _unapplied(connection: Connection) -> int:
    old = InboxEvent.objects.filter(connection=connection, state__in=InboxEvent.DUE, is_history=True)
    return old[:MOST_WAITING].count()


def _compare(sync: Sync) -> None:
    """A stretch of tonight's comparison; after the last one it is due again in the next night."""
    cursor = sync.cursor or comparing.begin(sync.connection)
    report = sync.report if sync.cursor else {"began_at": timezone.now().isoformat()}
    stretch = comparing.step(sync.connection, cursor)
    report = comparing.told(report, stretch)
    seen = stretch.looked if not sync.cursor else sync.seen + stretch.looked
    if stretch.cursor is None:
        after: timedelta | datetime = next_night(sync.connection)
        ended = {"ended_at": timezone.now()}
        report["ended_at"] = ended["ended_at"].isoformat()
    else:
        after, ended = PAUSE, {}
    _settle(
        sync, after=after, cursor=dict(stretch.cursor or {}), report=report, seen=seen, attempts=0, reason="",
        **ended,
    )  # fmt: skip


_STEPS = {Kind.POLL: _poll, Kind.BACKFILL: _backfill, Kind.COMPARE: _compare}


def next_night(connection: Connection) -> datetime:
    """The next three o'clock in the morning where the connection's team is."""
    there = timezone.now().astimezone(ZoneInfo(connection.team.time_zone))
    tonight = datetime.combine(there.date(), NIGHT, there.tzinfo)
    return (
        tonight if tonight > there else datetime.combine(there.date() + timedelta(days=1), NIGHT, there.tzinfo)
    )


def _failed(sync: Sync, reason: str, *, permanent: bool, wait: float | None = None) -> None:
    """Tried again later, or, where that cannot help, not before a person starts it again."""
    pause = max(wait or 0, SCHEDULE[min(sync.attempts, len(SCHEDULE) - 1)])
    ended = {"ended_at": Now()} if permanent else {}
    _mine(sync).update(
        state=State.FAILED if permanent else State.DUE, reason=reason[:500], lease_until=None,
        attempts=min(sync.attempts + 1, 1000), due_at=Now() + timedelta(seconds=pause), **ended,
    )  # fmt: skip
    log.warning("sync %s (%s): %s (%s)", sync.pk, sync.kind, "failed" if permanent else "again later", reason)
    _tell(sync.connection)


def _tell(connection: Connection) -> None:
    """Open pages that show the connection look again."""
    bell.tell(f"connection:{connection.pk}", int(time.time() * 1000))


def start_backfill(connection: Connection, person: User | None, key: ApiKey | None = None) -> Sync:
    """Ask for the CRM's past conversations; one that was stopped or failed goes on where it was.

    Raises CannotFetch.
    """
    return start(connection, Kind.BACKFILL, person, key)


@transaction.atomic
def start(connection: Connection, kind: str, person: User | None, key: ApiKey | None = None) -> Sync:
    """Start it, or start it again; a comparison that waits for the night begins now. Raises CannotFetch."""
    connection = Connection.objects.select_for_update(no_key=True).select_related("team").get(pk=connection.pk)
    if why := why_not(connection, kind):
        raise CannotFetch(why)
    last = Sync.objects.select_for_update().filter(connection=connection, kind=kind).order_by("-pk").first()
    if last is None or last.state == State.DONE:
        last = Sync.objects.create(connection=connection, kind=kind, due_at=Now(), started_by=person)
    elif last.state in (State.STOPPED, State.FAILED):
        _again(last, person, state=State.DUE, attempts=0, reason="", ended_at=None)
    elif last.state == State.DUE and kind == Kind.COMPARE and last.attempts == 0:
        _again(last, person)
    last.refresh_from_db()
    note_deed(person, f"started {kind}", connection, key=key)
    _tell(connection)
    bell.ring(FETCH, last.pk)
    return last


def go_on(connection: Connection, person: User) -> None:
    """What failed is tried again: its connection has other credentials or settings now."""
    failed = Sync.objects.filter(connection=connection, state=State.FAILED)
    for kind in failed.exclude(kind=Kind.BACKFILL).values_list("kind", flat=True).distinct():
        if not why_not(connection, kind):
            start(connection, kind, person)


def _again(sync: Sync, person: User | None, **fields: Any) -> None:
    Sync.objects.filter(pk=sync.pk).update(due_at=Now(), started_by=person, **fields)


@transaction.atomic
def stop(sync: Sync, person: User, key: ApiKey | None = None) -> bool:
    """Ask for nothing more; False when it has ended. What came is kept, and starting it again goes on there."""
    running = Sync.objects.filter(pk=sync.pk, state__in=(State.DUE, State.WORKING))
    stopped = running.update(
        state=State.STOPPED, lease_until=None, ended_at=Now(), reason=f"{person.name} stopped it."[:500]
    )
    if stopped:
        note_deed(person, f"stopped {sync.kind}", sync.connection, key=key)
        _tell(sync.connection)
    return bool(stopped)


def kinds_of(connection: Connection) -> list[str]:
    """What can be asked of its CRM at all."""
    about = crm_for(connection.kind).about
    # A mail never changes, so there is nothing in a mailbox to compare with.
    compares = (about.polls or about.has_history) and not about.is_mail
    can = {Kind.POLL: about.polls, Kind.BACKFILL: about.has_history, Kind.COMPARE: compares}
    return [kind.value for kind, able in can.items() if able]


def why_not(connection: Connection, kind: str) -> str:
    """Why it cannot be started, in a sentence; empty where it can."""
    if kind not in kinds_of(connection):
        return f"This kind of connection cannot be asked for a {kind}: it only tells what it wants to tell."
    if connection.revoked_at:
        return "This connection was revoked. Nothing is fetched from it any more."
    if not connection.sealed_credentials:
        return "The CRM can be asked once the connection has its credentials. Enter them in its settings."
    return ""


def keep_standing() -> None:
    """Every connection that can be polled or compared has its standing rows; of a revoked one none goes on."""
    gone = Sync.objects.filter(state__in=(State.DUE, State.WORKING), connection__revoked_at__isnull=False)
    gone.update(
        state=State.STOPPED, lease_until=None, ended_at=Now(), reason="The connection was revoked."
    )  # fmt: skip
    live = Connection.objects.filter(revoked_at=None).exclude(sealed_credentials="").select_related("team")
    for connection in live.filter(kind__in=[kind for kind, crm in CRMS.items() if _stands(crm().about)]):
        stand(connection)


def _stands(about: About) -> bool:
    return bool(about.polls or about.has_history)


def stand(connection: Connection) -> None:
    """Make the connection's standing rows where they are missing; call it when one was set up."""
    known = set(Sync.objects.filter(connection=connection).values_list("kind", flat=True))
    first = {Kind.POLL: timezone.now(), Kind.COMPARE: next_night(connection)}
    missing = [kind for kind in first if kind in kinds_of(connection) and kind not in known]
    Sync.objects.bulk_create(
        [Sync(connection=connection, kind=kind, due_at=first[kind]) for kind in missing], ignore_conflicts=True
    )


def release_expired() -> int:
    """A worker that died leaves its row behind; what it asked for was kept with the cursor, or not at all."""
    dead = Sync.objects.filter(state=State.WORKING, lease_until__lt=Now())
    return dead.update(state=State.DUE, lease_until=None, due_at=Now())
