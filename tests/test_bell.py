"""The bell wakes workers and pages, and never keeps anybody waiting, least of all when Valkey is away."""

import json
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from pytest_django import Settings

import bell
from bell import _Ringer
from config.embedded import Service, valkey
from tests.work import eventually

DELIVER = "interactions.tasks.deliver"


@pytest.fixture
def own(tmp_path: Path, settings: Settings) -> Iterator[Service]:
    """A Valkey that a test may freeze."""
    with valkey(tmp_path) as service:
        settings.REDIS_URL = service.url
        yield service
        os.kill(service.pid, signal.SIGCONT)


@pytest.fixture
def ringer() -> _Ringer:
    return _Ringer()


def queued(service: Service, queue: str = "sending") -> list[Any]:
    with redis.Redis.from_url(service.url) as client:
        raw: Any = client.lrange(queue, 0, -1)
        return [json.loads(one)["headers"]["argsrepr"] for one in raw]


def test_a_ring_wakes_the_workers_queue(own: Service, ringer: _Ringer) -> None:
    ringer.add(("ring", DELIVER, "row-1"))
    ringer.drain(2)
    assert queued(own) == ["['row-1']"]


def test_rings_for_the_same_row_are_one(own: Service, ringer: _Ringer) -> None:
    os.kill(own.pid, signal.SIGSTOP)
    ringer.add(("ring", DELIVER, "first"))
    assert eventually(lambda: not ringer._waiting), "the thread is busy with the first"
    for _ in range(100):
        ringer.add(("ring", DELIVER, "row-1"))
    assert len(ringer._waiting) <= 1
    os.kill(own.pid, signal.SIGCONT)
    ringer.drain(3)
    assert queued(own).count("['row-1']") == 1


def test_of_a_topics_versions_the_newest_is_told(own: Service, ringer: _Ringer) -> None:
    with redis.Redis.from_url(own.url) as client, client.pubsub(ignore_subscribe_messages=True) as heard:
        heard.subscribe(bell.channel("conversation:7"))
        heard.get_message(timeout=1)
        os.kill(own.pid, signal.SIGSTOP)
        ringer.add(("ring", DELIVER, "first"))
        time.sleep(0.05)
        for version in (3, 5, 4):
            ringer.add(("tell", "conversation:7", version))
        os.kill(own.pid, signal.SIGCONT)
        ringer.drain(3)
        versions = []
        while message := heard.get_message(timeout=0.3):
            versions.append(int(message["data"]))
    assert versions == [5]


def test_a_frozen_valkey_holds_nobody_and_drops_quietly(own: Service, ringer: _Ringer, caplog: Any) -> None:
    ringer.add(("ring", DELIVER, "before"))
    ringer.drain(2)
    os.kill(own.pid, signal.SIGSTOP)
    started = time.monotonic()
    for number in range(1000):
        ringer.add(("ring", DELIVER, f"row-{number}"))
    assert time.monotonic() - started < 0.2
    while "bell: dropped" not in caplog.text:
        assert time.monotonic() - started < 1.5
        time.sleep(0.01)
    assert time.monotonic() - started < 1


def test_after_the_thaw_it_rings_again(own: Service, ringer: _Ringer) -> None:
    os.kill(own.pid, signal.SIGSTOP)
    ringer.add(("ring", DELIVER, "lost"))
    time.sleep(1)
    os.kill(own.pid, signal.SIGCONT)
    ringer.drain(3)
    ringer.add(("ring", DELIVER, "heard"))
    ringer.drain(3)
    assert "['heard']" in queued(own)


def test_it_never_keeps_more_than_it_can_carry(own: Service, ringer: _Ringer) -> None:
    os.kill(own.pid, signal.SIGSTOP)
    for number in range(12_000):
        ringer.add(("ring", DELIVER, f"row-{number}"))
    assert len(ringer._waiting) <= 10_000


def test_a_queue_is_counted_and_a_frozen_valkey_holds_nobody_up(own: Service, ringer: _Ringer) -> None:
    bell._counter.cache_clear()
    ringer.add(("ring", DELIVER, "row-1"))
    ringer.drain(2)
    assert bell.waiting(DELIVER) == 1
    os.kill(own.pid, signal.SIGSTOP)
    started = time.monotonic()
    assert bell.waiting(DELIVER) == 0
    assert time.monotonic() - started < 1
    bell._counter.cache_clear()
