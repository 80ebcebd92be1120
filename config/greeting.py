"""What `make run` says: one line for each thing it does, and how to get in once it is ready."""

import json
import shlex
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from config.running import ROOT

QUESTION = "When does our plan renew?"


_open_step: list[str] = []  # the step whose line on the terminal still waits for its time


def tell(line: str = "") -> None:
    print(line, flush=True)


def tell_event(line: str) -> None:
    if _open_step:
        _open_step.clear()
        tell("...")
    tell(f"{time.strftime('%H:%M:%S')}  {line}")


@contextmanager
def doing(what: str) -> Iterator[None]:
    """Say what is being done while it is done, then how long it took."""
    began = time.monotonic()
    step = f"  {what:<34}"
    print(step, end="", flush=True)
    _open_step[:] = [step]
    outcome = "not done"
    try:
        yield
        outcome = f"{time.monotonic() - began:.1f} s"
    finally:
        tell(outcome if _open_step else step + outcome)
        _open_step.clear()


def greet(var: Path, url: str, *, seconds: float, invitation: str) -> None:
    """The address, the sign-ins, and a command that sends a first customer message."""
    tell(f"\nRapport is ready: {url}  ({seconds:.0f} s)\n")
    access = var / "access.json"
    if access.exists():
        _sign_ins(json.loads(access.read_text()).get("users", []))
        tell("\nBe a customer, in a second terminal:")
        tell(f"  {manage(var)} say {shlex.quote(QUESTION)}")
        tell(f"\nSign-ins and keys are kept in {_short(access)}.")
    if invitation:
        tell(invitation)
    tell(f"Logs are in {_short(var / 'log')}. Ctrl-C stops everything; the data stays.")


def manage(var: Path) -> str:
    """The command line of manage.py as a person would paste it."""
    setting = "" if var == ROOT / "var" else f"VAR_DIR={shlex.quote(str(var))} "
    python = Path(sys.prefix) / "bin" / "python"
    return f"{setting}{shlex.quote(_short(python))} manage.py"


def _sign_ins(users: list[dict[str, Any]]) -> None:
    rows = [[str(user.get(key) or "") for key in ("email", "password", "role", "team")] for user in users]
    rows.insert(0, ["Sign in as", "password", "role", "team"])
    widths = [max(len(row[column]) for row in rows) for column in range(4)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        tell("  " + "   ".join(cells).rstrip())


def _short(path: Path) -> str:
    """A path as seen from the project's folder, where it lies inside."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)
