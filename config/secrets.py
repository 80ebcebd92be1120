"""Where secrets come from: the environment, or for an embedded install a file made at first start."""

import os
import secrets as random
from pathlib import Path

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

_MAKERS = {
    "SECRET_KEY": lambda: random.token_urlsafe(50),
    "ENCRYPTION_KEYS": lambda: Fernet.generate_key().decode(),
}


def secret(name: str, var_dir: Path) -> str:
    """The secret from the environment, else from `var/<name>`; refuses where neither has it."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    file = var_dir / "secrets" / name.lower()
    if file.exists():
        return file.read_text().strip()
    raise ImproperlyConfigured(
        f"{name} is not set. `make run` makes one for an embedded install; set it yourself otherwise."
    )


def secrets(name: str, var_dir: Path) -> list[str]:
    """A comma-separated secret, the newest first, so that keys can rotate."""
    return [part.strip() for part in secret(name, var_dir).split(",") if part.strip()]


def make_missing(var_dir: Path) -> None:
    """Generate what an embedded install has not got yet, readable by its owner only."""
    folder = var_dir / "secrets"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, make in _MAKERS.items():
        file = folder / name.lower()
        if not os.environ.get(name) and not file.exists():
            with open(os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as out:
                out.write(make() + "\n")
