"""The sweep: rings again for every row that is due and nobody works on, and forgets what is kept no longer.

Losing Valkey, a ring or a worker costs a moment, never work. Only one sweep runs at a time: it
holds an advisory lock of the database.
"""

import logging
import signal
import threading
import time
from collections.abc import Sequence
from typing import Any

from django.core.management.base import BaseCommand
from django.db import InterfaceError, OperationalError, close_old_connections, connection

import bell
from copilot import daily, naming, reading, rehearsing
from copilot.api.idempotency import forget_old_answers
from copilot.drafting import alternatives, case, exploring, opening, work
from copilot.insight import records
from copilot.knowledge import embedding
from copilot.learning import ledger, sense_kept, together
from copilot.relationship import notes, strategies
from interactions import asking, delivering, inbox, outbox, sync

log = logging.getLogger(__name__)

LOCK = 7_270_001
EVERY_SECONDS = 0.25  # for what waits until its time: a burst to end, an undo time
ALL_EVERY_SECONDS = 1.0  # for what a lost ring left: its many questions would take a tenth of a processor
RING_AGAIN_SECONDS = 5.0
MOST_ROWS = 500
LONG_QUEUE = 300
TIDY_SECONDS = 60.0

type Rung = dict[tuple[str, int | str], float]


class Command(BaseCommand):
    help = "Ring again for rows that are due; runs until it is stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        rung: Rung = {}
        all_at = tidy_at = 0.0
        while not stop.wait(EVERY_SECONDS):
            try:
                close_old_connections()
                if not _alone():
                    continue
                ring_in_time(rung)
                if time.monotonic() >= all_at:
                    sweep_once(rung)
                    all_at = time.monotonic() + ALL_EVERY_SECONDS
                if time.monotonic() >= tidy_at:
                    tidy_at = time.monotonic() + (0 if _keep_true() else TIDY_SECONDS)
            except (OperationalError, InterfaceError):
                log.warning("sweep: the database is away")
                connection.close()
                stop.wait(1)


def _alone() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK])
        return bool(cursor.fetchone()[0])


def ring_in_time(rung: Rung) -> None:
    _ring(opening.DRAFT, work.due_drafts(MOST_ROWS), rung)
    _ring(outbox.DELIVER, delivering.due_rows(MOST_ROWS), rung)


def sweep_once(rung: Rung) -> None:
    """Release what dead workers held, then ring for what is due, each row every five seconds."""
    work.release_expired()
    delivering.release_expired()
    sync.release_expired()
    inbox.wake_snoozed()
    now = time.monotonic()
    for row in [row for row, at in rung.items() if now - at > RING_AGAIN_SECONDS]:
        del rung[row]
    ring_in_time(rung)
    _ring(inbox.APPLY, inbox.due_events(MOST_ROWS), rung)
    _ring(alternatives.WRITE, alternatives.due(MOST_ROWS), rung)
    _ring(strategies.EXPLORE, exploring.due_strategies(MOST_ROWS), rung)
    _ring(case.SUMMARISE, case.due_cases(MOST_ROWS), rung)
    _ring(asking.ASK, asking.due_questions(MOST_ROWS), rung)
    _ring(sync.FETCH, sync.due_syncs(MOST_ROWS), rung)
    _ring(records.COUNT, records.due_topics(MOST_ROWS), rung)
    _ring(reading.READ, reading.due_readings(MOST_ROWS), rung)
    _ring(rehearsing.REHEARSE, rehearsing.due_replies(), rung)
    _ring(daily.MAIL, daily.due_mails(MOST_ROWS), rung)
    _ring(ledger.LEARN, ledger.due_signals(MOST_ROWS), rung)
    _ring(ledger.NAME, naming.due_names(MOST_ROWS), rung)
    _ring(embedding.EMBED, embedding.due(), rung)
    _ring(inbox.APPLY_HISTORY, inbox.due_events(MOST_ROWS, is_history=True), rung)


def _ring(task: str, rows: Sequence[int | str], rung: Rung) -> None:
    """A long queue gets no more messages: its workers are busy, and rows that are due now are due then too."""
    unrung = [row for row in rows if (task, row) not in rung]
    if not unrung or bell.waiting(task) > LONG_QUEUE:
        return
    ring = bell.ring_batch if task in (inbox.APPLY, inbox.APPLY_HISTORY) else bell.ring
    for row in unrung:
        ring(task, row)
        rung[task, row] = time.monotonic()


def _keep_true() -> bool:
    """What nobody rings for. True while there is more to tidy up."""
    sync.keep_standing()
    records.keep_fresh()
    together.refresh()
    daily.open_due()
    rehearsing.end_finished()
    return tidy_up()


def tidy_up() -> bool:
    """A batch of what is kept or true no longer; True while there is more of it."""
    done = (forget_old_answers(MOST_ROWS), inbox.empty_old_bodies(MOST_ROWS), notes.expire_due(MOST_ROWS))
    return MOST_ROWS in done or sense_kept.keep_due() == sense_kept.AT_ONCE
