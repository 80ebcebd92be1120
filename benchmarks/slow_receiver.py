"""Webhook ingest while a receiver of our deliveries hangs, beside the same while nothing is to be delivered.

The sending workers and the sweep run throughout. Bars: p99 at most 1.5 times, and a receiver that is well
gets what is queued behind the hanging one within 5 s.
"""

import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from benchmarks.house import ROOT, figure, house, middle, process, wsgi
from benchmarks.ingest import CLIENTS, REQUESTS, Turn, generic_connection, generic_turn

TURNS = 5
# Together they hold four of the eight sending workers until their first time-outs, and three after that.
HANGING = 3
ROWS = 100  # due at each receiver
PATIENCE_SECONDS = 60


def main() -> None:
    with house(), ExitStack() as stack:
        connection_id, secret = generic_connection()
        port, pid = stack.enter_context(wsgi())
        worker = ("celery", "-A", "config", "worker", "-Q", "sending", "-c", "8", "-l", "WARNING")
        stack.enter_context(process(sys.executable, "-m", *worker))
        stack.enter_context(process(sys.executable, str(ROOT / "manage.py"), "sweep", "--skip-checks"))
        path = f"/webhooks/{connection_id}"
        generic_turn(port, pid, path, secret, 50)
        quiet = [generic_turn(port, pid, path, secret, REQUESTS) for _ in range(TURNS)]
        for _ in range(HANGING):
            _queue(stack.enter_context(_hanging()), ROWS)
        _wait_until(lambda: _count(state="sending") >= HANGING, "No delivery hangs.")
        stuck = [generic_turn(port, pid, path, secret, REQUESTS) for _ in range(TURNS)]
        spent = _good_one_gets_its(stack.enter_context(_good()))
        _report(quiet, stuck, spent)


@contextmanager
def _hanging() -> Iterator[str]:
    """Takes every connection and says nothing."""
    with socket.socket() as ear:
        ear.bind(("127.0.0.1", 0))
        ear.listen(64)
        yield f"http://127.0.0.1:{ear.getsockname()[1]}/"


class _Thanks(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        pass


@contextmanager
def _good() -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Thanks)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()


def _queue(url: str, rows: int) -> Any:
    from interactions import outbox
    from interactions.crm.signing import new_secret
    from interactions.models import Connection
    from people.models import Team

    receiver = Connection(name=url, team=Team.objects.get(), deliver_to=url)
    receiver.set_secrets([new_secret()])
    receiver.save()
    for number in range(rows):
        outbox.queue_event(receiver, "draft.ready", {"draft": {"id": number}})
    return receiver


def _count(**rows: Any) -> int:
    from interactions.models import OutboxMessage

    return OutboxMessage.objects.filter(**rows).count()


def _good_one_gets_its(url: str) -> float:
    """Seconds until a receiver that is well has all of its rows, queued last."""
    started = time.perf_counter()
    receiver = _queue(url, ROWS)
    _wait_until(lambda: _count(connection=receiver, state="sent") == ROWS, "The good receiver waits.")
    return time.perf_counter() - started


def _wait_until(true: Any, problem: str) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not true():
        if time.monotonic() > end:
            raise SystemExit(problem)
        time.sleep(0.05)


def _report(quiet: list[Turn], stuck: list[Turn], spent: float) -> None:
    calm, slow = middle([one.p99 for one in quiet]), middle([one.p99 for one in stuck])
    print(
        f"Ingest, {CLIENTS} clients, {TURNS} turns of {CLIENTS * REQUESTS} requests, {HANGING} receivers hang:"
    )
    figure("p99 while nothing is to be delivered", calm, "ms")
    figure("p99 while they hang", slow, "ms")
    figure("the one beside the other", slow / calm, "x", "bar: at most 1.500")
    figure(f"a good receiver has its {ROWS} deliveries after", spent, "s", "bar: at most 5")


if __name__ == "__main__":
    main()
