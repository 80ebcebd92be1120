"""Child processes that never outlive us: own session, own log, and on Linux a signal when the parent dies.

The kernel ties that signal to the thread that started the child: start children from a thread that
lives as long as they should, which in practice is the main one.
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
    on_parent_death: signal.Signals = signal.SIGTERM,
    user: int | None = None,
) -> Process:
    """Start a child whose output goes to its log: an inherited pipe would hang whoever reads ours."""
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".old.log"))
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(word) for word in argv],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
            preexec_fn=_before_exec(on_parent_death, user),  # noqa: PLW1509 - only system calls
        )


def stop(process: Process, *, by: signal.Signals = signal.SIGTERM, within: float = 5) -> None:
    """Ask, wake it if it was frozen, wait, and kill its whole group if it does not listen."""
    if process.poll() is None:
        _signal_group(process.pid, by, group=False)
        _signal_group(process.pid, signal.SIGCONT, group=True)
        with suppress(subprocess.TimeoutExpired):
            process.wait(within)
    _signal_group(process.pid, signal.SIGKILL, group=True)
    process.wait()


def die_with_parent(by: signal.Signals = signal.SIGTERM) -> None:
    """On Linux, have the kernel send us `by` when the process that started us is gone."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, int(by))


def command_of(pid: int) -> str:
    """The command line of a process, empty when there is none."""
    if sys.platform == "linux":  # slim images have no ps
        with suppress(OSError):
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        return ""
    shown = subprocess.run(
        ["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False
    )
    return shown.stdout


def wait_until(ready: Callable[[], bool], process: Process, *, seconds: float) -> bool:
    """Poll until `ready`, the process ends or time is up; tell whether it is ready."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and process.poll() is None:
        if ready():
            return True
        time.sleep(0.05)
    return False


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


def _signal_group(pid: int, number: signal.Signals, *, group: bool) -> None:
    with suppress(ProcessLookupError, PermissionError):
        (os.killpg if group else os.kill)(pid, number)
