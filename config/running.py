"""What a running install tells the commands beside it: its addresses, in var/running.json.

`manage.py` outside of `make run` needs the embedded database's port and password, which are nowhere else.
"""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from config.folder import write_private

ROOT = Path(__file__).resolve().parent.parent
SHARED = ("DATABASE_URL", "REDIS_URL", "PUBLIC_URL")


def var_dir() -> Path:
    return Path(os.environ.get("VAR_DIR") or ROOT / "var").resolve()


@contextmanager
def announced(var: Path, env: Mapping[str, str]) -> Iterator[None]:
    """Keep the addresses readable for as long as they are true."""
    file = var / "running.json"
    write_private(file, json.dumps({name: env[name] for name in SHARED}, indent=2))
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def adopt() -> None:
    """Fill in what the environment leaves open from the install that runs now, if one does."""
    file = var_dir() / "running.json"
    if "DATABASE_URL" not in os.environ and file.exists():
        for name, value in json.loads(file.read_text()).items():
            os.environ.setdefault(name, value)
