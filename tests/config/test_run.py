"""`make run` as its user meets it: it comes up, says how to get in, survives a crash, leaves nothing behind."""

import json
import os
import signal
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.children import command_of
from tests.config.processes import Run, alive, eventually, family, free_port, run

READY_SECONDS = 240  # a machine may be busy; that it hangs is what this is for


@pytest.fixture(scope="module")
def var(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("install") / "var"


@pytest.fixture(scope="module")
def first(var: Path) -> Iterator[Run]:
    """One install that is up, shared by the stories that need one: starting takes its time."""
    with run(var) as install:
        assert eventually(lambda: "Ctrl-C" in install.text(), within=READY_SECONDS), install.text()
        yield install


def test_it_comes_up_and_says_how_to_get_in(first: Run, var: Path) -> None:
    assert status(first, "/health/ready") == 200
    access = json.loads((var / "access.json").read_text())
    assert (var / "access.json").stat().st_mode & 0o077 == 0
    assert access["url"] == f"http://127.0.0.1:{first.port}"
    for user in access["users"]:
        assert user["email"] in first.text()
        assert user["password"] in first.text()
    assert "manage.py say 'When does our plan renew?'" in first.text()


def test_each_queue_has_its_worker_and_each_process_its_log(first: Run, var: Path) -> None:
    commands = " ".join(command_of(pid) for pid in family(first.process.pid))
    queues = ("inbox", "drafting", "sending", "fetching", "learning")
    for words in ("uvicorn", *(f"-Q {queue}" for queue in queues), "manage.py sweep"):
        assert words in commands
    logs = {path.stem for path in (var / "log").glob("*.log")}
    assert {
        "web",
        "sweep",
        "worker-drafting",
        "worker-sending",
        "worker-fetching",
        "worker-learning",
        "postgres",
        "valkey",
    } <= logs


def test_a_second_run_in_the_same_folder_is_refused(first: Run, var: Path) -> None:
    with run(var) as second:
        assert second.ends(within=20) == 2
    assert f"already running in {var} (process {first.process.pid})" in second.text()
    assert "Traceback" not in second.text()


def test_an_occupied_port_is_refused(first: Run, tmp_path: Path) -> None:
    with run(tmp_path / "other", port=first.port) as second:
        assert second.ends(within=20) == 2
    assert f"Port {first.port} on 127.0.0.1 cannot be used" in second.text()
    assert f"PORT={first.port + 1} make run" in second.text()
    assert "Traceback" not in second.text()


def test_what_dies_is_started_again(first: Run) -> None:
    for words in ("uvicorn", "valkey-server", "bin/postgres"):
        os.kill(one_of(first, words), signal.SIGKILL)
    assert eventually(lambda: first.text().count("starting it again") >= 3, within=10), first.text()
    assert eventually(lambda: status(first, "/health/ready") == 200, within=30)


@pytest.mark.parametrize("port", ["many", "0", "70000"])
def test_a_port_that_is_none_is_refused(tmp_path: Path, port: str) -> None:
    with run(tmp_path / "var", PORT=port) as install:
        assert install.ends(within=20) == 2
    assert "it must be a number from 1 to 65535" in install.text()


def test_data_of_an_older_version_is_refused(tmp_path: Path) -> None:
    data = tmp_path / "var" / "postgres"
    data.mkdir(parents=True)
    (data / "PG_VERSION").write_text("17\n")
    with run(tmp_path / "var") as install:
        assert install.ends(within=20) == 2
    assert "was written by PostgreSQL 17" in install.text()
    assert "Traceback" not in install.text()


def test_a_database_of_ones_own_that_is_away_is_named(tmp_path: Path) -> None:
    away = f"postgres://someone@127.0.0.1:{free_port()}/rapport"
    with run(tmp_path / "var", DATABASE_URL=away) as install:
        assert install.ends(within=20) == 2
    assert "The database of DATABASE_URL does not answer" in install.text()
    assert not (tmp_path / "var" / "postgres").exists()


def test_a_server_of_ones_own_asks_for_secrets_of_ones_own(tmp_path: Path, first: Run, var: Path) -> None:
    theirs = json.loads((var / "running.json").read_text())
    with run(tmp_path / "var", DATABASE_URL=theirs["DATABASE_URL"]) as install:
        assert install.ends(within=20) == 2
    assert "SECRET_KEY is not set" in install.text()
    assert "Traceback" not in install.text()


def test_sigterm_ends_it_all_and_the_next_start_finds_the_data(first: Run, var: Path) -> None:
    # Stands last in this file: it takes the shared install down.
    everyone = family(first.process.pid)
    before = json.loads((var / "access.json").read_text())
    first.process.terminate()
    assert first.ends(within=15) == 0
    assert not alive(everyone)
    assert not (var / "running.json").exists()
    with run(var, port=first.port) as second:
        assert eventually(lambda: "Ctrl-C" in second.text(), within=READY_SECONDS), second.text()
        assert json.loads((var / "access.json").read_text())["connection"] == before["connection"]
        everyone = family(second.process.pid)
        assert len(everyone) > 10
        second.process.kill()
        assert eventually(lambda: not alive(everyone), within=5)


def status(install: Run, path: str) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{install.port}{path}", timeout=5) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def one_of(install: Run, words: str) -> int:
    """The supervisor's own child that runs this program; nobody else's."""
    found = [pid for pid in family(install.process.pid) if words in command_of(pid)]
    assert found, f"no {words} among the processes of {install.process.pid}"
    return min(found)
