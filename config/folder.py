"""VAR_DIR: where an install keeps its data, its secrets and its logs. One owner, one run at a time."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

SETTING_UP = "setting-up.lock"  # held by `make run` while tables and sample data are not there yet


class CannotStart(Exception):
    """A sentence for the person at the terminal: what is in the way, what was kept, what to do."""


def prepare(var: Path) -> Path:
    """Make VAR_DIR, private to its owner, and say so plainly where that is not possible."""
    var = var.resolve()
    try:
        var.mkdir(parents=True, exist_ok=True)
        var.chmod(0o700)
        (var / "log").mkdir(exist_ok=True)
        (var / ".writable").write_text("")
        (var / ".writable").unlink()
    except OSError as error:
        raise CannotStart(
            f"Rapport cannot write to {var} ({error.strerror}). "
            "Make the folder writable, or set VAR_DIR to another one."
        ) from None
    return var


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, whole or not at all."""
    draft = path.with_name(path.name + ".new")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold a lock file; the kernel lets go of it however we end."""
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise CannotStart(
                f"Rapport is already running in {path.parent} (process {file.read().strip()}). "
                "Stop it first, or set VAR_DIR and PORT to run a second one."
            ) from None
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def wait_for_set_up(var: Path) -> None:
    """Return once no `make run` is setting up in this folder."""
    with suppress(FileNotFoundError), (var / SETTING_UP).open() as file:
        fcntl.flock(file, fcntl.LOCK_SH)
