"""A backlog of due events: how quickly workers drain it, and whether an event costs more the longer it is.

The backlog is written by COPY, a fifth as many conversations as events. Events are applied one by one in this
process, with 1,000 waiting and with 100,000; bar: at most 1.2 times the cost of each. Then two workers and the
sweep, as `make run` starts them, drain it for a while, or to its end (`python -m benchmarks.drain 100000 all`).
"""

import json
import math
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from uuid import UUID

from benchmarks.house import ROOT, figure, house, middle, process

SHORT, LONG = 1_000, 100_000
APPLIED = 300  # one by one, in turns of
TURN = 50
DRAINED_SECONDS = 40.0


def main(words: list[str]) -> int:
    long = int(words[0]) if words else LONG
    seconds = math.inf if "all" in words else DRAINED_SECONDS
    with house(LOG_LEVEL="ERROR"):
        connection = _connection()
        _fill(connection, 0, SHORT)
        few = _cost()
        _fill(connection, SHORT, SHORT + long)
        many = _cost()
        rate, left = _drain(seconds)
    print(f"Draining events, {SHORT} and {long} of them waiting:")
    figure("an event with few waiting", few, "ms")
    figure("an event with many waiting", many, "ms")
    figure("many beside few", many / few, "x", "bar: at most 1.200")
    figure(f"two workers, with {left} still waiting", rate, "/s")
    return 0


def _connection() -> UUID:
    from interactions.crm.signing import new_secret
    from interactions.models import Connection
    from people.models import Team

    team = Team.objects.create(name="Support", slug="support", email="support@example.com")
    connection = Connection(name="CRM", team=team)
    connection.set_secrets([new_secret()])
    connection.save()
    return connection.pk


def _fill(connection: UUID, start: int, end: int) -> None:
    from django.db import connection as database

    columns = "connection_id, key, type, body, state, reason, attempts, due_at, received_at"
    with database.cursor() as cursor:
        with cursor.copy(f"COPY interactions_inboxevent ({columns}) FROM STDIN") as copy:
            for row in _rows(connection, start, end):
                copy.write_row(row)
        cursor.execute("ANALYZE interactions_inboxevent")


def _rows(connection: UUID, start: int, end: int) -> Iterator[tuple[object, ...]]:
    came = datetime.now(UTC) - timedelta(hours=6)
    for number in range(start, end):
        at = came + timedelta(milliseconds=100 * number)
        body = json.dumps(_event(number, at)).encode()
        yield (connection, f"evt-{number}", "message.received", body, "recorded", "", 0, at, at)


def _event(number: int, at: datetime) -> dict[str, object]:
    talk = f"c-{number // 5}"
    return {
        "type": "message.received",
        "timestamp": at.isoformat(),
        "data": {
            "conversation": {"id": talk, "subject": "Export stops"},
            "contact": {"id": f"p-{talk}", "name": "Kim Ito", "email": f"{talk}@example.com"},
            "message": {"id": f"m-{number}", "text": "Why does the export stop?", "sent_at": at.isoformat()},
        },
    }


def _cost() -> float:
    """Milliseconds an event, found and applied, the middle of some turns."""
    turns = []
    for _ in range(APPLIED // TURN):
        started = time.perf_counter()
        _apply(TURN)
        turns.append((time.perf_counter() - started) / TURN * 1000)
    return middle(turns)


def _apply(count: int) -> None:
    from interactions import inbox

    for event_id in inbox.due_events(count):
        inbox.apply(event_id)


def _drain(seconds: float) -> tuple[float, int]:
    """Events a second that two real workers apply, and how many were left in the end."""
    with ExitStack() as stack:
        stack.enter_context(process(sys.executable, str(ROOT / "manage.py"), "sweep"))
        words = (sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", "inbox", "-c", "2",
                 "--without-gossip", "--without-mingle")  # fmt: skip
        stack.enter_context(process(*words))
        before = _waiting()
        while _waiting() == before:
            time.sleep(0.2)
        before, started = _waiting(), time.monotonic()
        while (left := _waiting()) and time.monotonic() - started < seconds:
            time.sleep(0.5)
        return (before - left) / (time.monotonic() - started), left


def _waiting() -> int:
    from interactions.models import InboxEvent

    return InboxEvent.objects.filter(state__in=InboxEvent.DUE).count()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
