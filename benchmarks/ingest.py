"""Webhook ingest beside a bare view on the same WSGI server, in turns; then with Valkey frozen.

Bars: at least 60 % of the bare view's requests a second with 8 clients, p99 at most 25 ms, and
the same p99 while Valkey is stopped.
"""

import http.client
import json
import os
import signal
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from benchmarks.house import House, cpu_seconds, figure, house, middle, quantile, wsgi

CLIENTS = 8
REQUESTS = 250  # of each client, in each turn
TURNS = 5
FROZEN_TURNS = 3


type Work = list[tuple[bytes, dict[str, str]]]


@dataclass(frozen=True, slots=True)
class Turn:
    rate: float
    p50: float
    p99: float
    cpu_ms: float


def main() -> None:
    with house() as place:
        connection_id, secret = generic_connection()
        bare_table()
        bare_path = f"/bare/{secret.removeprefix('whsec_')}"
        with (
            wsgi() as (port, pid),
            wsgi(DJANGO_SETTINGS_MODULE="benchmarks.bare_settings") as (bare_port, bare_pid),
        ):
            generic_turn(port, pid, f"/webhooks/{connection_id}", secret, 50)
            generic_turn(bare_port, bare_pid, bare_path, secret, 50)
            ours, bare = [], []
            for _ in range(TURNS):
                ours.append(generic_turn(port, pid, f"/webhooks/{connection_id}", secret, REQUESTS))
                bare.append(generic_turn(bare_port, bare_pid, bare_path, secret, REQUESTS))
            frozen = [
                _frozen(place, port, pid, f"/webhooks/{connection_id}", secret) for _ in range(FROZEN_TURNS)
            ]
        _report(ours, bare, frozen)


def generic_connection() -> tuple[str, str]:
    from interactions.crm.signing import new_secret
    from interactions.models import Connection
    from people.models import Team

    team = Team.objects.create(name="Support", slug="support")
    connection, secret = Connection(name="CRM", team=team), new_secret()
    connection.set_secrets([secret])
    connection.save()
    return str(connection.pk), secret


def bare_table() -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE bare_event (id bigserial PRIMARY KEY, key varchar(200) UNIQUE, body bytea,"
            " received_at timestamptz)"
        )


def generic_turn(port: int, pid: int, path: str, secret: str, requests: int) -> Turn:
    """All clients at once; signing is done before the clock starts."""
    return turn(port, pid, path, [_signed(secret, requests) for _ in range(CLIENTS)])


def turn(port: int, pid: int, path: str, work: Sequence[Work]) -> Turn:
    """`work`: for each client its bodies and headers."""
    spent: list[float] = []
    clients = [threading.Thread(target=_client, args=(port, path, mine, spent)) for mine in work]
    cpu, started = cpu_seconds(pid), time.perf_counter()
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    total = time.perf_counter() - started
    count = sum(map(len, work))
    if len(spent) != count:
        raise SystemExit(f"{count - len(spent)} of {count} requests were not answered with 202.")
    return Turn(
        count / total, quantile(spent, 0.5) * 1000, quantile(spent, 0.99) * 1000,
        (cpu_seconds(pid) - cpu) / count * 1000,
    )  # fmt: skip


def _signed(secret: str, requests: int) -> Work:
    from interactions.crm.signing import sign

    now = datetime.now(UTC)
    made = []
    for _ in range(requests):
        key = os.urandom(12).hex()
        body = json.dumps(_event(key, now)).encode()
        made.append((body, {**sign([secret], key, now, body), "Content-Type": "application/json"}))
    return made


def _event(key: str, now: datetime) -> dict[str, object]:
    return {
        "type": "message.received",
        "timestamp": now.isoformat(),
        "data": {
            "conversation": {"id": key, "subject": "Export stops"},
            "contact": {"id": key, "name": "Kim Ito", "email": "kim@example.com"},
            "message": {"id": key, "text": "Why does the export stop? " * 20, "sent_at": now.isoformat()},
        },
    }


def _client(port: int, path: str, work: Work, spent: list[float]) -> None:
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    for body, headers in work:
        started = time.perf_counter()
        line.request("POST", path, body, headers)
        answer = line.getresponse()
        answer.read()
        if answer.status == 202:
            spent.append(time.perf_counter() - started)


def _frozen(place: House, port: int, pid: int, path: str, secret: str) -> Turn:
    os.kill(place.valkey, signal.SIGSTOP)
    try:
        return generic_turn(port, pid, path, secret, REQUESTS)
    finally:
        os.kill(place.valkey, signal.SIGCONT)


def _report(ours: list[Turn], bare: list[Turn], frozen: list[Turn]) -> None:
    ratio = middle([a.rate / b.rate for a, b in zip(ours, bare, strict=True)])
    print(f"Ingest, {CLIENTS} clients, {TURNS} turns of {CLIENTS * REQUESTS} requests each, in turn:")
    figure("rate beside the bare view", ratio, "x", "bar: at least 0.600")
    figure("p50", middle([t.p50 for t in ours]), "ms")
    figure("p99", middle([t.p99 for t in ours]), "ms", "bar: at most 25")
    figure("p99 of the bare view", middle([t.p99 for t in bare]), "ms")
    figure("p99 with Valkey stopped", middle([t.p99 for t in frozen]), "ms", "bar: at most 25")
    figure(
        "rate with Valkey stopped beside running",
        middle([t.rate for t in frozen]) / middle([t.rate for t in ours]),
        "x",
    )
    figure("CPU a request", middle([t.cpu_ms for t in ours]), "ms")
    figure("CPU a request of the bare view", middle([t.cpu_ms for t in bare]), "ms")


if __name__ == "__main__":
    main()
