"""The bell: wake a worker for a row, or tell open pages that something has a new version.

Rings go out after the commit, from one background thread, within 200 ms or not at all. A lost
ring costs time and never work: the sweep rings again for every row that is due.
"""

import atexit
import logging
import os
import threading
import time
from collections import OrderedDict
from functools import cache, partial
from typing import Any

import redis
from celery import current_app
from django.conf import settings
from django.db import transaction
from kombu import Connection
from redis.backoff import NoBackoff
from redis.retry import Retry

log = logging.getLogger(__name__)

_PATIENCE: dict[str, Any] = {"socket_timeout": 0.2, "socket_connect_timeout": 0.2}
_PAUSE_AFTER_FAILURE = 0.5
_MOST_WAITING = 10_000
_BATCH = 20
_GATHER = 0.001
_BREATH = 0.01
_FLOOD = 4
_LONG_BREATH = 0.05

type Ring = tuple[str, str, int | str]


def ring(task: str, row_id: int | str) -> None:
    """After the commit, ask a worker to run `task` for the row."""
    transaction.on_commit(partial(_ringer.add, ("ring", task, row_id)), robust=True)


def ring_batch(task: str, row_id: int | str) -> None:
    """The same for short work that comes in floods: one message carries the ids that wait together."""
    transaction.on_commit(partial(_ringer.add, ("batch", task, row_id)), robust=True)


def tell(topic: str, version: int) -> None:
    """After the commit, tell the pages that watch `topic` of its new version."""
    transaction.on_commit(partial(_ringer.add, ("tell", topic, version)), robust=True)


def channel(topic: str) -> str:
    """The pub/sub channel that carries a topic's versions."""
    return f"live:{topic}"


def waiting(task: str) -> int:
    """How many messages are ahead of a new one; 0 where Valkey does not say, for then a ring is lost anyway."""
    try:
        route = settings.CELERY_TASK_ROUTES.get(task, {})
        return int(_counter().llen(route.get("queue", settings.CELERY_TASK_DEFAULT_QUEUE)))
    except redis.RedisError:
        return 0


@cache
def _counter() -> redis.Redis:
    return redis.Redis.from_url(settings.REDIS_URL, retry=Retry(NoBackoff(), 0), **_PATIENCE)


def _newer(known: Ring | None, told: Ring) -> Ring:
    """Threads may tell of two versions in either order."""
    if known and isinstance(known[2], int) and isinstance(told[2], int):
        return max(known, told)
    return told


class _Ringer:
    """A bounded, coalescing queue and the thread that empties it; remade after a fork."""

    def __init__(self) -> None:
        self._reset()

    def _reset(self) -> None:
        self._waiting: OrderedDict[tuple[str, str, str], Ring] = OrderedDict()
        self._some = threading.Condition()
        self._thread: threading.Thread | None = None
        self._pid = os.getpid()
        self._busy = False

    def add(self, ring: Ring) -> None:
        if self._pid != os.getpid():
            self._reset()
        kind, name, value = ring
        with self._some:
            if len(self._waiting) < _MOST_WAITING:
                # Of a topic's versions only the newest matters; of a row's rings one is enough.
                same = (kind, name, "" if kind == "tell" else str(value))
                self._waiting[same] = _newer(self._waiting.get(same), ring)
                self._some.notify()
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="bell", daemon=True)
                self._thread.start()

    def drain(self, seconds: float) -> None:
        """Wait until all is rung or dropped; a short-lived command calls this before it ends."""
        end = time.monotonic() + seconds
        while (self._waiting or self._busy) and time.monotonic() < end:
            time.sleep(0.01)

    def _work(self) -> None:
        out = _Way()
        while True:
            with self._some:
                while not self._waiting:
                    self._busy = False
                    self._some.wait()
                self._busy = True
            time.sleep(_GATHER)  # what one transaction rings arrives one by one
            with self._some:
                rings = list(self._waiting.values())
                self._waiting.clear()
            try:
                out.send(rings)
                # The first ring goes at once; in a flood many go together.
                time.sleep(_BREATH if len(rings) < _FLOOD else _LONG_BREATH)
            except Exception as error:
                log.warning("bell: dropped %d rings: %s", len(rings), type(error).__name__)
                out = _Way()
                time.sleep(_PAUSE_AFTER_FAILURE)


class _Way:
    """The connections to Valkey, with short time-outs of their own."""

    def __init__(self) -> None:
        broker = Connection(settings.REDIS_URL, transport_options=_PATIENCE)
        # Kept, because opening a channel for each message cost more than the message.
        self._producer = current_app.amqp.Producer(broker)
        self._pubsub = redis.Redis.from_url(settings.REDIS_URL, **_PATIENCE)

    def send(self, rings: list[Ring]) -> None:
        for kind, name, value in rings:
            if kind == "ring":
                self._send_task(name, value)
        for task in {name for kind, name, _ in rings if kind == "batch"}:
            ids = [value for kind, name, value in rings if (kind, name) == ("batch", task)]
            for start in range(0, len(ids), _BATCH):
                self._send_task(task, ids[start : start + _BATCH])
        told = [(name, value) for kind, name, value in rings if kind == "tell"]
        if told:
            with self._pubsub.pipeline(transaction=False) as pipe:
                for name, value in told:
                    pipe.publish(channel(name), value)
                pipe.execute()

    def _send_task(self, task: str, argument: int | str | list[int | str]) -> None:
        current_app.send_task(task, args=[argument], producer=self._producer, retry=False)


_ringer = _Ringer()


def drain(seconds: float = 1.0) -> None:
    _ringer.drain(seconds)


atexit.register(drain, 0.5)
