"""How work gets done in tests: at once and in this process, or by the real programs for journeys."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import redis
from django.db import connection as database
from django.db.models.functions import Now

from config import children
from config.children import Process
from copilot import daily, reading, rehearsing
from copilot.drafting import exploring
from interactions import delivering, inbox
from interactions.models import Connection, OutboxMessage

ROOT = Path(__file__).resolve().parent.parent


def apply_events() -> int:
    due = inbox.due_events(500) + inbox.due_events(500, is_history=True)
    for event_id in due:
        inbox.apply(event_id)
    return len(due)


def deliver_rows() -> int:
    due = delivering.due_rows(500)
    for row_id in due:
        delivering.deliver(row_id)
    return len(due)


def read_rows() -> int:
    due = reading.due_readings(500)
    for reading_id in due:
        reading.read(reading_id)
    return len(due)


def explore_strategies() -> int:
    due = exploring.due_strategies(500)
    for strategy_id in due:
        exploring.explore(strategy_id)
    return len(due)


def mail_people() -> int:
    due = daily.due_mails(500)
    for mail_id in due:
        daily.mail(mail_id)
    return len(due)


def rehearse_replies() -> int:
    due = rehearsing.due_replies()
    for reply_id in due:
        rehearsing.rehearse(reply_id)
    return len(due)


# Each calls the verb that a task calls, for every row that is due; rooms further up add theirs.
STEPS: list[Callable[[], int]] = [apply_events, deliver_rows, read_rows, explore_strategies, mail_people]


def run_tasks() -> None:
    """Do what is due until nothing is."""
    for _ in range(20):
        if not sum(step() for step in STEPS):
            return
    raise AssertionError("There is always more work: something makes itself due again.")


def eventually(true: Callable[[], bool], within: float = 20) -> bool:
    """Wait for what real programs do in their own time."""
    end = time.monotonic() + within
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


def end_undo_time() -> None:
    """Let the undo time of every queued reply be over."""
    OutboxMessage.objects.filter(state=OutboxMessage.State.PENDING).update(due_at=Now())


def end_waits() -> None:
    """Let every wait for another attempt be over, and every receiver's rest."""
    Connection.objects.update(rests_until=None)
    OutboxMessage.objects.filter(state=OutboxMessage.State.RETRY).update(due_at=Now())


def database_url() -> str:
    """The test database's own address, for programs of its own."""
    base, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    return f"{base}/{database.settings_dict['NAME']}"


@dataclass
class Programs:
    """Real processes on the test database, each with its log."""

    logs: Path
    running: list[Process]

    def start(self, name: str, *words: str | Path, **env: str) -> Process:
        told = {**os.environ, "DATABASE_URL": database_url(), "PYTHONUNBUFFERED": "1", **env}
        told["CELERY_SKIP_CHECKS"] = "1"  # as `make run` does: a worker would import every page to check it
        told.pop("DJANGO_ALLOW_ASYNC_UNSAFE", None)  # a browser test may have set it, for its own process
        process = children.start([sys.executable, *words], log=self.logs / f"{name}.log", env=told)
        self.running.append(process)
        return process

    def stop(self, process: Process, by: signal.Signals = signal.SIGTERM) -> None:
        self.running.remove(process)
        children.stop(process, by=by, within=5)

    def log(self, name: str) -> str:
        return (self.logs / f"{name}.log").read_text(errors="replace")


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory, django_db_setup: None) -> Iterator[Programs]:
    here = Programs(tmp_path_factory.mktemp("programs"), [])
    yield here
    children.stop(*here.running, within=5)


@pytest.fixture(scope="module")
def real_worker(programs: Programs) -> Process:
    """One Celery worker on all queues, ready. Tests that use it need `transaction=True`."""
    return start_worker(programs)


ALL_QUEUES = "inbox,drafting,sending,fetching,learning"


def start_worker(programs: Programs, name: str = "worker", queues: str = ALL_QUEUES, **env: str) -> Process:
    """`name` is the log's: one that takes a dead worker's place needs another, or it says ready too soon."""
    words = ["-m", "celery", "-A", "config", "worker", "-Q", queues, "-n", f"{name}@%h"]
    words += ["-c", "2", "-l", "INFO", "--without-gossip", "--without-mingle"]
    process = programs.start(name, *words, **env)
    ready = children.wait_until(lambda: " ready." in programs.log(name), process, seconds=60)
    assert ready, programs.log(name)
    return process


def start_sweep(programs: Programs, **env: str) -> Process:
    return programs.start("sweep", ROOT / "manage.py", "sweep", "--skip-checks", **env)


@pytest.fixture(scope="module")
def website(programs: Programs) -> str:
    """The address of the real web server on the test database."""
    return start_website(programs)[0]


def start_website(programs: Programs, port: int = 0, **env: str) -> tuple[str, Process]:
    port = port or free_port()
    url = f"http://127.0.0.1:{port}"
    words = ["-m", "uvicorn", "config.asgi:application", "--host", "127.0.0.1", "--port", str(port)]
    words += ["--no-access-log", "--lifespan", "on", "--timeout-graceful-shutdown", "3"]
    env = {"RAPPORT_PROCESS": "web", "PUBLIC_URL": url, **env}
    process = programs.start("web", *words, **env)
    assert children.wait_until(lambda: _answers(url), process, seconds=60), programs.log("web")
    return url, process


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        httpx.get(url + "/webhooks/nowhere", trust_env=False, verify=False, timeout=2)
    except httpx.HTTPError:
        return False
    return True


@pytest.fixture
def bells() -> Iterator[redis.Redis]:
    """The Valkey of this run, emptied before and after."""
    with redis.Redis.from_url(os.environ["REDIS_URL"]) as client:
        client.flushdb()
        yield client
        client.flushdb()
