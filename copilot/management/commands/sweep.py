"""The sweep: rings again for every row that is due and nobody works on, and forgets what is kept no longer.

Losing Valkey, a ring or a worker costs a moment, never work. Only one sweep runs at a time: it
holds an advisory lock of the database.
"""

import logging
import signal
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connection

import bell
from copilot.api.idempotency import forget_old_answers
from copilot.drafting import opening, work
from interactions import inbox, outbox

log = logging.getLogger(__name__)

LOCK = 7_270_001
EVERY_SECONDS = 0.25
RING_AGAIN_SECONDS = 5.0
MOST_ROWS = 500
TIDY_SECONDS = 60.0


class Command(BaseCommand):
    help = "Ring again for rows that are due; runs until it is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        rung: dict[tuple[str, str], float] = {}
        tidy_at = 0.0
        while not stop.wait(EVERY_SECONDS):
            try:
                close_old_connections()
                if _alone():
                    sweep_once(rung)
                    if time.monotonic() >= tidy_at:
                        tidy_at = time.monotonic() + (0 if tidy_up() else TIDY_SECONDS)
            except (OperationalError, InterfaceError):
                log.warning("sweep: the database is away")
                connection.close()
                stop.wait(1)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def _ring(task: str, row_id: str) -> None:
    if task == inbox.APPLY:
        bell.ring_batch(task, int(row_id))
    else:
        bell.ring(task, row_id if task == outbox.DELIVER else int(row_id))


def sweep_once(rung: dict[tuple[str, str], float]) -> None:
    """Release what dead workers held, then ring for what is due, each row every five seconds."""
    work.release_expired()
    outbox.release_expired()
    inbox.wake_snoozed()
    now = time.monotonic()
    due = {
        *((inbox.APPLY, str(pk)) for pk in inbox.due_events(MOST_ROWS)),
        *((opening.DRAFT, str(pk)) for pk in work.due_drafts(MOST_ROWS)),
        *((outbox.DELIVER, pk) for pk in outbox.due_rows(MOST_ROWS)),
    }
    for row in due:
        if now - rung.get(row, 0) > RING_AGAIN_SECONDS:
            _ring(*row)
            rung[row] = now
    for row in [row for row, at in rung.items() if row not in due and now - at > 60]:
        del rung[row]


def tidy_up() -> bool:
    """A batch of what is kept no longer; True while there is more of it."""
    return MOST_ROWS in (forget_old_answers(MOST_ROWS), inbox.empty_old_bodies(MOST_ROWS))
