"""What a supervisor is told: all well, or which part is not, within a second."""

import os
import signal
import time
from datetime import timedelta

import psycopg
import pytest
import redis
from django.test import Client
from django.utils import timezone

from config import children
from config.heartbeat import expected_queues, key_of
from interactions.models import Connection, InboxEvent
from tests.work import Programs, database_url, start_worker

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def hearts(bells: redis.Redis) -> redis.Redis:
    for queue in expected_queues():
        bells.set(key_of(queue), 1, ex=10)
    return bells


def test_alive_needs_nobody(client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "alive"}


def test_ready_when_every_part_answers(client: Client, hearts: redis.Redis) -> None:
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "parts": {"database": "ok", "queue": "ok", "broker": "ok", "workers": "ok"},
    }


def test_says_which_worker_is_silent(client: Client, hearts: redis.Redis) -> None:
    hearts.delete(key_of("drafting"))
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["parts"]["workers"] == "no heartbeat on drafting"


def test_says_that_a_row_waits_too_long(client: Client, hearts: redis.Redis, connection: Connection) -> None:
    an_hour_ago = timezone.now() - timedelta(hours=1)
    InboxEvent.objects.create(
        connection=connection, key="k", body=b"", due_at=an_hour_ago, received_at=an_hour_ago
    )
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["parts"]["queue"].startswith("the oldest due row in inbox has waited 36")
    assert 'rapport_due_rows{queue="inbox"} 1.0' in client.get("/metrics").text


def test_a_frozen_broker_is_told_and_not_waited_for(client: Client, hearts: redis.Redis) -> None:
    pid = hearts.info("server")["process_id"]
    os.kill(pid, signal.SIGSTOP)
    try:
        began = time.monotonic()
        answer = client.get("/health/ready")
        took = time.monotonic() - began
    finally:
        os.kill(pid, signal.SIGCONT)
    assert (answer.status_code, took < 4) == (503, True)
    assert answer.json()["parts"]["broker"].startswith("does not answer")
    assert answer.json()["parts"]["database"] == "ok"


def test_a_database_that_hangs_is_told_and_not_waited_for(client: Client, hearts: redis.Redis) -> None:
    with psycopg.connect(database_url()) as other:
        other.execute("LOCK TABLE interactions_inboxevent IN ACCESS EXCLUSIVE MODE")
        began = time.monotonic()
        answer = client.get("/health/ready")
        took = time.monotonic() - began
    assert (answer.status_code, took < 4) == (503, True)
    assert answer.json()["parts"]["database"] == "does not answer (TimeoutError)"
    assert answer.json()["parts"]["broker"] == "ok"


def test_metrics_are_for_prometheus(client: Client, hearts: redis.Redis) -> None:
    answer = client.get("/metrics")
    assert answer["Content-Type"].startswith("text/plain")
    assert 'rapport_worker_up{queue="sending"} 1.0' in answer.text


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_only_reading(client: Client, path: str) -> None:
    assert client.post(path).status_code == 405


def test_a_real_worker_shows_its_heart(client: Client, bells: redis.Redis, programs: Programs) -> None:
    worker = start_worker(programs)
    assert children.wait_until(lambda: client.get("/health/ready").status_code == 200, worker, seconds=10)
    programs.stop(worker)
