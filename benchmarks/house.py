"""What every benchmark stands on: servers of its own, a loopback client, and honest figures."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from config import embedded
from config.children import die_with_parent
from config.secrets import make_missing
from config.server import Server

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "benchmarks" / "out"
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class House:
    """An empty install: its database and Valkey run, and the settings are in the environment."""

    folder: Path
    database: Server
    valkey: int


@contextmanager
def house(**environment: str) -> Iterator[House]:
    """Start the services, migrate, and set Django up in this process."""
    with tempfile.TemporaryDirectory(prefix="rapport-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        make_missing(folder)
        with embedded.postgres_server(folder) as postgres, embedded.valkey(folder) as valkey:
            os.environ |= {
                "DATABASE_URL": postgres.url, "REDIS_URL": valkey.url, "VAR_DIR": name,
                "ALLOW_LOOPBACK_TARGETS": "1", "DJANGO_SETTINGS_MODULE": "config.settings",
                "LOG_LEVEL": "WARNING", **environment,
            }  # fmt: skip
            run("migrate", "-v0")
            import django

            django.setup()
            yield House(folder, postgres, valkey.pid)


def run(*words: str) -> None:
    subprocess.run([sys.executable, str(ROOT / "manage.py"), *words], check=True, cwd=ROOT)


@contextmanager
def process(*words: str, **environment: str) -> Iterator[int]:
    """A child with a log of its own, ended with SIGTERM; yields its process id."""
    with tempfile.TemporaryFile() as log:
        child = subprocess.Popen(
            words,
            cwd=ROOT,
            env=os.environ | environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            preexec_fn=partial(die_with_parent, signal.SIGKILL),
        )
        try:
            yield child.pid
        except SystemExit:
            log.seek(0)
            print(f"--- {' '.join(words[1:5])}\n{log.read().decode()[-1500:]}", file=sys.stderr)
            raise
        finally:
            os.killpg(child.pid, signal.SIGTERM)
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)


@contextmanager
def wsgi(**environment: str) -> Iterator[tuple[int, int]]:
    """One worker of the WSGI door, as production runs two; yields (port, process id)."""
    port = free_port()
    words = (
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--blocking-threads", "3", "--no-ws", "config.wsgi:application",
    )  # fmt: skip
    with process(*words, RAPPORT_PROCESS="web", **environment) as pid:
        wait_for(port)
        yield port, pid


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(port: int, seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            connection.request("GET", "/health/live")
            connection.getresponse().read()
            return
        except OSError:
            time.sleep(0.05)
    raise SystemExit(f"Nothing answers on port {port}.")


def cpu_seconds(pid: int) -> float:
    """Processor time of a process and all its descendants so far."""
    return sum(_own_cpu(one) for one in _family(pid))


def _own_cpu(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS


def _family(pid: int) -> list[int]:
    found = [pid]
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in task.read_text().split():
            found += _family(int(child))
    return found


def quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


def figure(name: str, value: float, unit: str, bar: str = "") -> None:
    print(f"  {name:<58} {value:>9.3f} {unit:<6} {bar}", flush=True)


def middle(values: Sequence[float]) -> float:
    return float(median(values))


def time_of(client: Any, url: str) -> float:
    """Milliseconds of server time until the page stands; ends the benchmark where it is not shown."""
    started = time.perf_counter()
    answer = client.get(url)
    spent = (time.perf_counter() - started) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{url} was answered with {answer.status_code}.")
    return spent
