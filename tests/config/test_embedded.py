"""The servers that come along: they start, keep what they hold, refuse plainly, and end with their parent."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import redis

from config.embedded import CannotStart, postgres, postgres_server, valkey
from tests.config.processes import ROOT, alive, eventually, family

HOLDER = """
import sys, time
from pathlib import Path
from config.embedded import postgres, valkey
with postgres(Path(sys.argv[1]), durable=False) as one, valkey(Path(sys.argv[1])) as two:
    print(one.pid, two.pid, flush=True)
    time.sleep(60)
"""


def test_what_is_written_today_is_found_tomorrow(tmp_path: Path) -> None:
    with postgres(tmp_path) as today, psycopg.connect(today.url) as connection:
        connection.execute("CREATE TABLE note (text text)")
        connection.execute("INSERT INTO note VALUES ('renews in May')")
    with postgres(tmp_path) as tomorrow, psycopg.connect(tomorrow.url) as connection:
        assert connection.execute("SELECT text FROM note").fetchone() == ("renews in May",)
        sorts = "SELECT datlocprovider, datlocale FROM pg_database WHERE datname = 'rapport'"
        assert connection.execute(sorts).fetchone() == ("b", "C.UTF-8")


def test_nobody_gets_in_without_the_password(tmp_path: Path) -> None:
    with postgres(tmp_path, durable=False) as database, valkey(tmp_path) as broker:
        password = (tmp_path / "postgres.password").read_text()
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            psycopg.connect(database.url.replace(password, "guessed"))
        with pytest.raises(redis.AuthenticationError):
            redis.Redis.from_url(f"redis://{broker.url.partition('@')[2]}").ping()
        assert redis.Redis.from_url(broker.url).ping()
    for name in ("postgres.password", "valkey.conf"):
        assert (tmp_path / name).stat().st_mode & 0o077 == 0


def test_the_processes_are_the_servers_own_and_end_at_the_end(tmp_path: Path) -> None:
    with postgres(tmp_path, durable=False) as database, valkey(tmp_path) as broker:
        programs = {Path(f"/proc/{pid}/exe").resolve().name for pid in (database.pid, broker.pid)}
        everyone = family(database.pid) | family(broker.pid)
    assert programs == {"postgres", "valkey-server"}
    assert not alive(everyone)


def test_a_frozen_server_is_stopped_all_the_same(tmp_path: Path) -> None:
    with valkey(tmp_path) as broker:
        os.kill(broker.pid, signal.SIGSTOP)
    assert not alive({broker.pid})


def test_killing_the_parent_ends_the_servers_and_the_data_opens_again(tmp_path: Path) -> None:
    command = [sys.executable, "-c", HOLDER, str(tmp_path)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        pids = {int(word) for word in holder.stdout.readline().split()}
        everyone = set().union(*(family(pid) for pid in pids))
        holder.kill()
    assert len(everyone) > 2
    with postgres(tmp_path, durable=False) as database:
        psycopg.connect(database.url).close()
    assert eventually(lambda: not alive(everyone), within=5)


def test_a_server_that_was_killed_comes_back_on_its_port(tmp_path: Path) -> None:
    with postgres_server(tmp_path) as server:
        url = server.url
        server.process.kill()
        server.process.wait()
        server.start()
        assert server.url == url
        psycopg.connect(url).close()


def test_a_lock_left_by_a_process_number_that_is_now_another_ones(tmp_path: Path) -> None:
    with postgres(tmp_path, durable=False):
        lock = (tmp_path / "postgres" / "postmaster.pid").read_text().splitlines()
    lock[0] = str(os.getpid())
    (tmp_path / "postgres" / "postmaster.pid").write_text("\n".join(lock))
    with postgres(tmp_path, durable=False) as database:
        psycopg.connect(database.url).close()


def test_data_of_another_version_is_refused_and_left_alone(tmp_path: Path) -> None:
    data = tmp_path / "postgres"
    data.mkdir()
    (data / "PG_VERSION").write_text("17\n")
    with pytest.raises(CannotStart, match=r"PostgreSQL 17.*Nothing was changed.*pg_dump"), postgres(tmp_path):
        pass
    assert [entry.name for entry in data.iterdir()] == ["PG_VERSION"]


def test_data_without_its_password_is_refused(tmp_path: Path) -> None:
    with postgres(tmp_path, durable=False):
        pass
    (tmp_path / "postgres.password").unlink()
    with pytest.raises(CannotStart, match="Put the file back"), postgres(tmp_path):
        pass


def test_a_folder_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file, where the folder should be")
    with pytest.raises(CannotStart, match="cannot write to"), valkey(tmp_path / "var"):
        pass


def test_one_folder_is_used_by_one_server_at_a_time(tmp_path: Path) -> None:
    with (
        postgres(tmp_path, durable=False),
        pytest.raises(CannotStart, match="already running"),
        postgres(tmp_path),
    ):
        pass
