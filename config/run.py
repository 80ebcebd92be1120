"""`make run`: everything an install needs, in the foreground, until Ctrl-C or SIGTERM.

Set up first (servers, secrets, tables, sample data), then web with the live stream, the workers and the sweep.
A process that dies is started again; when this one ends, however it ends, no other is left.
"""

import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.request
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import NoReturn

import psycopg
import redis
from django.core.exceptions import ImproperlyConfigured

from config import children
from config.crew import Crew, Program
from config.embedded import CannotStart, postgres_server, valkey_server
from config.folder import SETTING_UP, only_one, prepare
from config.greeting import doing, greet, tell, tell_event
from config.running import ROOT, announced, var_dir
from config.secrets import make_missing, secret

QUEUES = {"inbox": 2, "drafting": 2, "sending": 8, "fetching": 2, "learning": 1}
STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopAsked(BaseException):
    """Ctrl-C or SIGTERM: unwinds whatever is going on, so that every `finally` does its part."""


@dataclass
class Install:
    """Where this run lives, and what it passes on to its processes."""

    var: Path
    host: str
    port: int
    sample: bool
    env: dict[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def url(self) -> str:
        anywhere = {"0.0.0.0": "127.0.0.1", "::": "[::1]", "": "127.0.0.1"}
        return f"http://{anywhere.get(self.host, self.host)}:{self.port}"


@dataclass
class Programs:
    """Our own processes, in the order in which they start and stop."""

    web: Program
    workers: list[Program]
    sweep: Program


def main() -> int:
    if "--end-with-parent" in sys.argv:  # so that a killed `make` leaves nothing behind either
        children.die_with_parent(signal.SIGTERM)
    for number in STOPPING:
        signal.signal(number, _stop)
    try:
        with ExitStack() as stack:
            _run(_install(), stack)
    except CannotStart as reason:
        print(f"\n{reason}", file=sys.stderr)
        return 2
    except StopAsked:
        tell("Rapport has stopped.")
    return 0


def _stop(number: int, frame: FrameType | None) -> NoReturn:
    for other in STOPPING:  # once is enough: what follows is bounded
        signal.signal(other, signal.SIG_IGN)
    raise StopAsked


def _install() -> Install:
    host, port = os.environ.get("HOST") or "127.0.0.1", os.environ.get("PORT") or "8000"
    if not port.isdigit() or not 0 < int(port) < 65536:
        raise CannotStart(f"PORT is {port!r}; it must be a number from 1 to 65535.")
    sample = (os.environ.get("SAMPLE") or "1") != "0"
    return Install(prepare(var_dir()), host, int(port), sample)


def _run(install: Install, stack: ExitStack) -> None:
    began = time.monotonic()
    stack.enter_context(only_one(install.var / "rapport.lock"))
    children.end_leftovers(install.var / "log")
    _check_port(install)
    tell(f"Starting Rapport; its data and logs are in {install.var}")
    crew = Crew(tell_event)
    _servers(install, crew, stack)
    _complete(install)
    programs = _programs(install)
    stack.callback(_stop_programs, programs)
    with only_one(install.var / SETTING_UP):  # the web process imports its pages, and waits
        _start(crew, programs.web)
        invitation = _set_up(install)
    stack.enter_context(announced(install.var, install.env))
    _bring_up(install, crew, programs)
    greet(install.var, install.url, seconds=time.monotonic() - began, invitation=invitation)
    while True:
        crew.look()
        time.sleep(0.2)


def _check_port(install: Install) -> None:
    try:
        family, kind, *_, address = socket.getaddrinfo(
            install.host, install.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise CannotStart(
            f"Port {install.port} on {install.host} cannot be used ({error.strerror}). Stop the program that "
            f"has it, or choose another: PORT={install.port + 1 if install.port < 65535 else 8000} make run"
        ) from None


def _servers(install: Install, crew: Crew, stack: ExitStack) -> None:
    """Use the servers the environment names; bring along those it does not."""
    if install.env.get("DATABASE_URL"):
        with doing("PostgreSQL of DATABASE_URL"):
            _check_database(install.env["DATABASE_URL"])
    else:
        with doing("PostgreSQL, embedded"):
            server = stack.enter_context(postgres_server(install.var))
        install.env["DATABASE_URL"] = server.url
        crew.watch(server)
        make_missing(install.var)
    if install.env.get("REDIS_URL"):
        with doing("Valkey of REDIS_URL"):
            _check_broker(install.env["REDIS_URL"])
    else:
        with doing("Valkey, embedded"):
            server = stack.enter_context(valkey_server(install.var))
        install.env["REDIS_URL"] = server.url
        crew.watch(server)


def _check_database(url: str) -> None:
    try:
        psycopg.connect(url, connect_timeout=5).close()
    except psycopg.Error as error:
        raise CannotStart(
            f"The database of DATABASE_URL does not answer: {str(error).strip()}. "
            "Check the address, or unset DATABASE_URL to use the embedded one."
        ) from None


def _check_broker(url: str) -> None:
    try:
        with redis.Redis.from_url(url, socket_timeout=5, socket_connect_timeout=5) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise CannotStart(
            f"The Valkey or Redis of REDIS_URL does not answer: {error}. "
            "Check the address, or unset REDIS_URL to use the embedded one."
        ) from None


def _complete(install: Install) -> None:
    """The rest of the environment that our processes need; the secrets must be there."""
    for name in ("SECRET_KEY", "ENCRYPTION_KEYS"):
        try:
            secret(name, install.var)
        except ImproperlyConfigured as reason:
            raise CannotStart(str(reason)) from None
    install.env.setdefault("PUBLIC_URL", install.url)
    install.env |= {"VAR_DIR": str(install.var), "PYTHONUNBUFFERED": "1"}
    # Each worker would import every page to run Django's checks; tests/config/test_checks.py runs them.
    install.env["CELERY_SKIP_CHECKS"] = "1"


def _set_up(install: Install) -> str:
    """Tables, and either the sample company or an invitation for the first admin."""
    if install.sample:
        with doing("Tables and sample company"):
            _prepare(install, "load_sample")
        return ""
    with doing("Tables and first admin"):
        return _prepare(install, "first_admin")


def _prepare(install: Install, command: str) -> str:
    """Run config/prepare.py to its end and return what it said."""
    log = install.var / "log" / "setup.log"
    before = log.stat().st_size if log.exists() else 0
    process = children.start([sys.executable, "-m", "config.prepare", command], log=log, env=install.env)
    try:
        failed = process.wait()
    finally:
        children.stop(process)
    if failed:
        raise CannotStart(
            f"The set-up of the tables or of `{command}` failed: {children.last_line(log)} "
            f"(the whole log: {log}). Nothing that was stored before is lost."
        )
    with log.open("rb") as said:
        said.seek(before)
        return said.read().decode(errors="replace").strip()


def _programs(install: Install) -> Programs:
    return Programs(
        _program(install, "web", *_web_command(install), process="web"),
        [_program(install, f"worker-{queue}", *_worker_command(queue, n)) for queue, n in QUEUES.items()],
        _program(install, "sweep", ROOT / "manage.py", "sweep", "--skip-checks"),
    )


def _bring_up(install: Install, crew: Crew, programs: Programs) -> None:
    """Web comes up first, beside one worker, so that the first page does not wait for the rest."""
    first, *others = programs.workers
    with doing("Web and live stream"):
        _start(crew, first)
        _wait_for("/health/live", install, crew)
    with doing("Workers and sweep"):
        _start(crew, *others, programs.sweep)
        _wait_for("/health/ready", install, crew)


def _start(crew: Crew, *programs: Program) -> None:
    for program in programs:
        program.start()
        crew.watch(program)


def _program(install: Install, name: str, *words: str | Path, process: str = "worker") -> Program:
    env = install.env | {"RAPPORT_PROCESS": process}
    return Program(name, [sys.executable, *words], install.var / "log" / f"{name}.log", env)


def _web_command(install: Install) -> list[str]:
    command = ["-m", "uvicorn", "config.asgi:application", "--host", install.host]
    command += ["--port", str(install.port), "--timeout-graceful-shutdown", "3"]
    return [*command, "--no-access-log", "--lifespan", "on"]


def _worker_command(queue: str, size: int) -> list[str]:
    command = ["-m", "celery", "-A", "config", "worker", "-Q", queue, "-n", f"{queue}@%h"]
    return [*command, "-c", str(size), "-l", "INFO", "--without-gossip", "--without-mingle"]


def _stop_programs(programs: Programs) -> None:
    """Doors first, then the workers, who may finish what they have in hand, then the sweep."""
    with doing("Stopping"):
        _stop_started(programs.web, by=signal.SIGTERM, within=4)
        _stop_started(*programs.workers, by=signal.SIGQUIT, within=8)
        _stop_started(programs.sweep, by=signal.SIGTERM, within=2)


def _stop_started(*programs: Program, by: signal.Signals, within: float) -> None:
    started = [program.process for program in programs if hasattr(program, "process")]
    children.stop(*started, by=by, within=within)


def _wait_for(path: str, install: Install, crew: Crew) -> None:
    """Wait until it answers 200; a process that keeps dying ends the wait with its own sentence."""
    told = time.monotonic()
    while (answer := _ask(install.url + path)) != "200":
        crew.look()
        if time.monotonic() - told > 15:
            told = time.monotonic()
            tell_event(f"still waiting for {install.url}{path}, which says: {answer}")
        time.sleep(0.2)


def _ask(address: str) -> str:
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return str(answer.status)
    except urllib.error.HTTPError as error:
        plain = "json" in error.headers.get("content-type", "")
        return f"{error.code} {error.read(300).decode(errors='replace') if plain else ''}".strip()
    except OSError as error:
        return str(error)


if __name__ == "__main__":
    sys.exit(main())
