"""A bad day on a whole install: events pour in and people answer while its parts are killed and frozen.

Only processes started here are signalled, by their own number.
"""

import itertools
import os
import queue
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import redis
from django.db import connections
from django.db.models.functions import Now
from django.utils import timezone

from config import children
from config.children import Process
from config.embedded import valkey_server
from config.server import Server
from copilot.models import SavedReply
from interactions.delivering import LEASE
from interactions.models import Connection, InboxEvent, OutboxMessage
from people.models import ApiKey, Scope
from tests.config.processes import family
from tests.crm import sign
from tests.factories import a_connection, a_person, a_team
from tests.journeys.ledger import Ledger, Post, broken, calm, is_reply, script
from tests.receiver import Delivery, Receiver, Reply
from tests.work import Programs, end_waits, eventually, free_port, start_sweep, start_website, start_worker

PACE_SECONDS = 0.02
AHEAD = 0.1  # this share of the events may be posted while a fault is under way, so that all fall among them
PATIENCE_SECONDS = 120.0


class Holding(Receiver):
    """What it `will` do, it does to the next reply; all else gets its 200."""

    def choose(self, delivery: Delivery) -> Reply:
        return super().choose(delivery) if is_reply(delivery) else Reply()


@dataclass(frozen=True)
class Plan:
    """How large a storm it is. Each event is told `repeats` times, and the faults come evenly among them."""

    events: int
    replies: int
    clients: int = 4
    repeats: int = 1
    faults: tuple["Fault", ...] = ()
    postgres: Server | None = None  # where it is ours to kill
    seconds_between_kills: float = 0  # of a worker's process, beside the faults; 0 for none


@dataclass
class Storm:
    """The install, who uses it, and the ledger."""

    plan: Plan
    connection: Connection
    key: str
    receiver: Receiver
    valkey: Server
    programs: Programs
    ledger: Ledger
    clock: timedelta = timedelta(0)  # how far the senders' is off
    worker: Process = field(init=False)
    worker_log: str = ""
    web: Process = field(init=False)
    port: int = field(default_factory=free_port)
    faults: list[str] = field(default_factory=list)
    next_fault: float = 0.0
    killed_at: float = field(default_factory=time.monotonic)

    @property
    def env(self) -> dict[str, str]:
        return {"REDIS_URL": self.valkey.url, "UNDO_SECONDS": "0", "LOG_LEVEL": "INFO"}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start_web(self) -> None:
        self.web = start_website(self.programs, self.port, **self.env)[1]

    def start_worker(self) -> None:
        self.worker_log = f"worker-{len(self.faults)}"
        self.worker = start_worker(self.programs, self.worker_log, **self.env)

    def replace_dead_worker(self) -> None:
        """As `make run` and Compose do; what it said last is shown, for nobody asked it to end."""
        if self.worker.poll() is not None:
            print(f"The worker ended by itself:\n{self.programs.log(self.worker_log)[-3000:]}", file=sys.stderr)
            self.faults.append("worker ended by itself")
            self.programs.running.remove(self.worker)
            self.start_worker()


type Fault = Callable[[Storm], None]


def run(folder: Path, plan: Plan) -> tuple[dict[str, float], list[str]]:
    """The counts, and every broken promise as a sentence. The database is the caller's, and empty."""
    began = time.monotonic()
    with _install(folder, plan) as storm:
        started = time.monotonic()
        people = [threading.Thread(target=_approve, args=[storm], daemon=True)]
        posts: queue.SimpleQueue[Post] = queue.SimpleQueue()
        for post in _told(storm.ledger.posts, plan.repeats):
            posts.put(post)
        people += [
            threading.Thread(target=_post, args=[storm, posts], daemon=True) for _ in range(plan.clients)
        ]
        for person in people:
            person.start()
        _break_things(storm)
        for person in people:
            person.join(PATIENCE_SECONDS)
        stormed = time.monotonic()
        eventually(_calm_at_last, within=PATIENCE_SECONDS + plan.events / 5)
        settled = time.monotonic()
        times = {"to start": started - began, "of storm": stormed - started, "to calm": settled - stormed}
        return _counts(storm, times), broken(
            storm.ledger, storm.receiver.deliveries, storm.connection.secrets[0]
        )


def _told(posts: list[Post], repeats: int) -> list[Post]:
    """Every event so many times; the repetitions come mixed among the rest."""
    again = [post for post in posts for _ in range(repeats - 1)]
    random.Random(7).shuffle(again)
    shares = [(n / len(posts), post) for n, post in enumerate(posts)]
    shares += [(0.05 + n / len(again), post) for n, post in enumerate(again)]
    return [post for _, post in sorted(shares, key=lambda pair: pair[0])]


def _calm_at_last() -> bool:
    """A receiver that failed twice would be asked again in five minutes, and what a killed process had begun to
    deliver is held for its lease: nobody waits for either here. A living process is done within 20 seconds."""
    end_waits()
    held_long = Now() + LEASE - timedelta(seconds=20)
    sending = OutboxMessage.objects.filter(state=OutboxMessage.State.SENDING, lease_until__lt=held_long)
    sending.update(lease_until=Now())
    return calm()


@contextmanager
def _install(folder: Path, plan: Plan) -> Iterator[Storm]:
    """A team, a CRM, an agent with a key, and all programs on a Valkey of their own."""
    folder.mkdir(exist_ok=True)
    receiver, programs = Holding(), Programs(folder, [])
    team = a_team(name="Support")
    connection = a_connection(team=team, deliver_to=receiver.url)
    parcel = {"title": "Where is my parcel", "text": "It is on its way to you."}
    SavedReply.objects.create(team=team, updated_at=timezone.now(), **parcel)
    scopes = [Scope.READ, Scope.WRITE, Scope.DECIDE]
    key = ApiKey.make("An agent's program", list(scopes), a_person(name="Ines Duarte", team=team))[1]
    ledger = Ledger(script(plan.events, plan.replies, timezone.now() - timedelta(hours=2)), plan.repeats)
    try:
        with valkey_server(folder / "valkey") as valkey:
            storm = Storm(plan, connection, key, receiver, valkey, programs, ledger)
            storm.start_web()
            storm.start_worker()
            start_sweep(programs, **storm.env)
            yield storm
            children.stop(*programs.running, within=5)
    finally:
        children.stop(*programs.running, within=1)
        receiver.close()


def _post(storm: Storm, posts: "queue.SimpleQueue[Post]") -> None:
    """One sender of the CRM: repeats an event until it gets its 202, as senders do."""
    with httpx.Client(trust_env=False, timeout=10) as client, suppress(queue.Empty):
        while True:
            post = posts.get_nowait()
            while storm.ledger.progress > storm.next_fault + AHEAD:
                time.sleep(0.05)
            while not _accepted(storm, client, post):
                storm.ledger.try_again()
                time.sleep(0.2)
            time.sleep(PACE_SECONDS)


def _accepted(storm: Storm, client: httpx.Client, post: Post) -> bool:
    headers = sign(storm.connection.secrets[0], post.key, post.body, timezone.now() + storm.clock)
    try:
        answer = client.post(f"{storm.url}/webhooks/{storm.connection.pk}", content=post.body, headers=headers)
    except httpx.TransportError:
        return False
    if answer.status_code == 202:
        storm.ledger.accept(post, answer.json()["duplicate"])
    return answer.status_code == 202


def _approve(storm: Storm) -> None:
    """An agent's program: answers every customer who wrote once, in words of its own."""
    headers = {"Authorization": f"Bearer {storm.key}"}
    with httpx.Client(base_url=storm.url, headers=headers, trust_env=False, timeout=10) as client:
        end = time.monotonic() + PATIENCE_SECONDS + storm.plan.events / 5
        names: dict[int, str] = {}
        while len(storm.ledger.approved) < storm.plan.replies and time.monotonic() < end:
            ready = _asked(client, "GET", "/api/v1/drafts/?state=ready&limit=200")
            for draft in ready.get("results", []):
                number = draft["conversation"]
                if number not in names:
                    names[number] = _asked(client, "GET", f"/api/v1/conversations/{number}/")["external_id"]
                if names[number].startswith("once-"):
                    _answer(storm, client, draft, names[number])
            time.sleep(0.5)


def _answer(storm: Storm, client: httpx.Client, draft: dict[str, Any], name: str) -> None:
    text = f"An answer to {name}, draft {draft['id']}."
    wanted = {"kind": "edit", "version": draft["version"], "text": text}
    decided = _asked(client, "POST", f"/api/v1/drafts/{draft['id']}/decisions/", wanted, f"reply-{draft['id']}")
    if decided.get("delivery"):
        storm.ledger.approved[decided["delivery"]] = text


def _asked(client: httpx.Client, method: str, path: str, body: Any = None, once: str = "") -> dict[str, Any]:
    """Repeats while nobody answers, under the same Idempotency-Key; another refusal is an empty answer."""
    headers = {"Idempotency-Key": once} if once else {}
    while True:
        try:
            answer = client.request(method, path, json=body, headers=headers)
        except httpx.TransportError:
            time.sleep(0.2)
            continue
        return dict(answer.json()) if answer.is_success else {}


def _break_things(storm: Storm) -> None:
    """Each fault waits until its share of the events was accepted."""
    faults = storm.plan.faults or FEW
    shares = [(n + 0.6) / len(faults) for n in range(len(faults))]
    kills = itertools.cycle((_kill_pool_child, _kill_pool_child, _kill_worker))
    for share, fault in zip(shares, faults, strict=True):
        storm.next_fault = share
        due = partial(_due, storm, share, kills)
        assert eventually(due, within=PATIENCE_SECONDS), f"Only {storm.ledger.progress:.0%} were accepted."
        fault(storm)
        storm.faults.append(fault.__name__)
    storm.next_fault = 1.0


def _due(storm: Storm, share: float, kills: Iterator[Fault]) -> bool:
    """Meanwhile a process of the worker dies by the clock. Here, for what a thread starts ends with it."""
    every = storm.plan.seconds_between_kills
    storm.replace_dead_worker()
    if every and time.monotonic() > storm.killed_at + every:
        storm.killed_at = time.monotonic()
        kill = next(kills)
        kill(storm)
        storm.faults.append(f"{kill.__name__} by the clock")
    return storm.ledger.progress >= share


def _kill(process: Process) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()


def _kill_pool_child(storm: Storm) -> None:
    def children() -> set[int]:
        return family(storm.worker.pid) - {storm.worker.pid}

    storm.replace_dead_worker()
    said = storm.programs.log(storm.worker_log)[-3000:]
    assert eventually(lambda: bool(children())), f"A worker has its processes soon; it ended: {said}"
    os.kill(max(children()), signal.SIGKILL)


def _kill_worker(storm: Storm) -> None:
    _kill(storm.worker)
    storm.programs.running.remove(storm.worker)
    storm.start_worker()


def _kill_worker_in_mid_delivery(storm: Storm) -> None:
    """The receiver has the request in hand and has not answered when the worker dies."""
    storm.receiver.will(Reply(ending="hang"))
    eventually(lambda: not storm.receiver.next)
    _kill(storm.worker)
    storm.programs.running.remove(storm.worker)
    # Let the two minutes pass that a delivery is held for whoever began it.
    OutboxMessage.objects.filter(state=OutboxMessage.State.SENDING).update(lease_until=Now())
    storm.start_worker()


def _kill_valkey(storm: Storm) -> None:
    _kill(storm.valkey.process)
    time.sleep(0.5)
    storm.valkey.start()


def _freeze_valkey(storm: Storm) -> None:
    storm.valkey.process.send_signal(signal.SIGSTOP)
    time.sleep(2)
    storm.valkey.process.send_signal(signal.SIGCONT)


def _kill_web(storm: Storm) -> None:
    _kill(storm.web)
    storm.programs.running.remove(storm.web)
    storm.start_web()


def _flush_valkey(storm: Storm) -> None:
    with redis.Redis.from_url(storm.valkey.url) as client:
        client.flushall()


def _kill_postgres(storm: Storm) -> None:
    """Every process with a connection loses it; the doors answer 503 until it is back."""
    server = storm.plan.postgres
    if server is None:
        return
    _kill(server.process)
    time.sleep(1)
    server.start()
    connections.close_all()


def _stop_worker(storm: Storm) -> None:
    storm.programs.stop(storm.worker)
    storm.start_worker()


def _stop_web(storm: Storm) -> None:
    storm.programs.stop(storm.web)
    storm.start_web()


def _set_clock_wrong(storm: Storm) -> None:
    """Ten minutes off, so that all is refused; then right again, and all is told once more."""
    storm.clock = timedelta(minutes=10)
    time.sleep(1)
    storm.clock = timedelta(0)


def _trouble_receiver(storm: Storm) -> None:
    """It resets the line, answers 500, and hangs: each once, and then is well."""
    storm.receiver.will(Reply(ending="reset"), Reply(status=500), Reply(ending="hang"))


FEW: tuple[Fault, ...] = (
    _kill_pool_child, _kill_worker_in_mid_delivery, _kill_valkey, _freeze_valkey, _kill_web, _kill_pool_child
)  # fmt: skip
# One round of the long run.
ALL: tuple[Fault, ...] = (
    _kill_pool_child, _kill_valkey, _trouble_receiver, _kill_worker_in_mid_delivery, _kill_valkey,
    _kill_postgres, _kill_pool_child, _flush_valkey, _set_clock_wrong, _stop_worker, _kill_valkey,
    _freeze_valkey, _kill_pool_child, _kill_web, _kill_valkey, _stop_web,
)  # fmt: skip


def _counts(storm: Storm, times: dict[str, float]) -> dict[str, float]:
    ledger = storm.ledger
    replies = [one.headers["webhook-id"] for one in storm.receiver.deliveries if is_reply(one)]
    states = list(InboxEvent.objects.values_list("state", flat=True))
    return {
        "events": len(ledger.posts),
        "events posted": len(ledger.posts) * storm.plan.repeats,
        "posts repeated by the CRM": ledger.retries,
        "answered 202 as new": sum(answers.count(False) for answers in ledger.accepted.values()),
        "answered 202 as duplicate": sum(answers.count(True) for answers in ledger.accepted.values()),
        "events kept": len(states),
        "applied": states.count("applied"),
        "ignored as known": states.count("ignored"),
        "replies approved": len(ledger.approved),
        "ids delivered": len(set(replies)),
        "deliveries repeated under their id": len(replies) - len(set(replies)),
        **{f"times {name.strip('_').replace('_', ' ')}": n for name, n in Counter(storm.faults).items()},
        **{f"seconds {name}": round(spent, 1) for name, spent in times.items()},
        "seconds between deaths in the worker": round(times["of storm"] / max(1, _deaths(storm)), 1),
    }


def _deaths(storm: Storm) -> int:
    """Of the worker or one of its processes."""
    return sum(fault.startswith(("_kill_pool_child", "_kill_worker")) for fault in storm.faults)


def told(counts: dict[str, float]) -> str:
    return "\n".join(f"{value:>8g}  {name}" for name, value in counts.items())
