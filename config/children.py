"""Child processes that never outlive us: own session, own log, and on Linux a signal when the parent dies.

The kernel ties that signal to the thread that started the child: start children from a thread that
lives as long as they should, which in practice is the main one. Where there is no such signal, a note
beside the log lets the next start end what a killed one left.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

PR_SET_PDEATHSIG = 1
LOG_LIMIT = 10 * 1024 * 1024

Process = subprocess.Popen[bytes]


def start(
    argv: Sequence[str | Path],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    on_parent_death: signal.Signals = signal.SIGKILL,
    user: int | None = None,
) -> Process:
    """Start a child whose output goes to its log: an inherited pipe would hang whoever reads ours."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
            preexec_fn=_before_exec(on_parent_death, user),
        )
    if sys.platform != "linux":
        note_for_next_start(process.pid, log)
    return process


def stop(*processes: Process, by: signal.Signals = signal.SIGTERM, within: float = 5) -> None:
    """Ask all of them, wake any that was frozen, wait, and kill the whole group of one that does not listen."""
    for process in processes:
        if process.poll() is None:
            _send(os.kill, process.pid, by)
            _send(os.killpg, process.pid, signal.SIGCONT)
    end = time.monotonic() + within
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, end - time.monotonic()))
        _send(os.killpg, process.pid, signal.SIGKILL)
        process.wait()


def die_with_parent(by: signal.Signals = signal.SIGKILL) -> None:
    """On Linux, have the kernel send us `by` when the process that started us is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(by))


def command_of(pid: int) -> str:
    """The command line of a process, empty when there is none."""
    if sys.platform == "linux":  # slim images have no ps
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        return ""
    return _ps("command", pid)


def wait_until(ready: Callable[[], bool], process: Process, *, seconds: float) -> bool:
    """Poll until `ready`, the process ends or time is up; tell whether it is ready."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if ready():
            return True
        time.sleep(0.05)
    return False


def last_line(log: Path) -> str:
    """What a child said last."""
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return lines[-1].strip() if lines else "it said nothing"


def note_for_next_start(pid: int, log: Path) -> None:
    log.with_suffix(".pid").write_text(f"{pid} {_birth(pid)}")


def end_leftovers(logs: Path) -> None:
    """End the children that a killed parent left, known by their number and the moment they began."""
    for note in logs.glob("*.pid"):
        number, _, birth = note.read_text().partition(" ")
        if number.isdigit() and birth and birth == _birth(int(number)):
            _send(os.killpg, int(number), signal.SIGKILL)
        note.unlink()


def _birth(pid: int) -> str:
    if sys.platform == "linux":
        with suppress(OSError):
            return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]
        return ""
    return _ps("lstart", pid)


def _ps(column: str, pid: int) -> str:
    command = ["ps", "-o", f"{column}=", "-p", str(pid)]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _before_exec(death_signal: signal.Signals, user: int | None) -> Callable[[], None]:
    parent = os.getpid()

    def prepare() -> None:
        if user is not None:  # a change of user clears the death signal, so it comes first
            os.setgroups([])
            os.setgid(user)
            os.setuid(user)
        die_with_parent(death_signal)
        if os.getppid() != parent:  # it died before the kernel knew what to tell us
            os._exit(1)

    return prepare


def _send(how: Callable[[int, int], None], pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError, PermissionError):
        how(pid, number)
