"""Watching real processes from a test: who belongs to whom, who is still there, and a supervisor to start."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
KEPT = ("PATH", "HOME", "LANG", "TMPDIR")


def family(pid: int) -> set[int]:
    """A process and all that descend from it, as of now."""
    parents = {number: parent for number in _numbers() if (parent := _parent(number)) is not None}
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def alive(pids: set[int]) -> set[int]:
    return {pid for pid in pids if _parent(pid) is not None}


def eventually(true: Callable[[], bool], *, within: float) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.1)
    return true()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Run:
    """A `python -m config.run` of its own, with what it printed."""

    process: subprocess.Popen[bytes]
    port: int
    said: Path

    def text(self) -> str:
        return self.said.read_text()

    def ends(self, *, within: float) -> int:
        return self.process.wait(within)


@contextmanager
def run(var: Path, *, port: int | None = None, **env: str) -> Iterator[Run]:
    """Start it with nothing set but where it lives; whatever a test left running goes at the end."""
    port = port or free_port()
    said = var.with_name(f"{var.name}-{port}.out")
    clean = {name: os.environ[name] for name in KEPT if name in os.environ}
    with said.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "config.run"],
            cwd=ROOT,
            env=clean | {"VAR_DIR": str(var), "PORT": str(port)} | env,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        yield Run(process, port, said)
    finally:
        if process.poll() is None:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
        process.wait()


def _numbers() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _parent(pid: int) -> int | None:
    """The parent of a living process; a zombie has ended, whoever has yet to notice."""
    try:
        state, parent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:2]
    except OSError:
        return None
    return None if state == "Z" else int(parent)
