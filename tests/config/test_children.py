"""What a killed parent left behind is ended at the next start, and nothing else is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config import children
from tests.config.processes import alive, eventually


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[children.Process]:
    process = children.start(["sleep", "60"], log=tmp_path / "sleeper.log")
    yield process
    children.stop(process)


def test_a_child_noted_by_an_earlier_start_is_ended(sleeper: children.Process, tmp_path: Path) -> None:
    children.note_for_next_start(sleeper.pid, tmp_path / "sleeper.log")
    children.end_leftovers(tmp_path)
    assert eventually(lambda: not alive({sleeper.pid}), within=2)
    assert not list(tmp_path.glob("*.pid"))


def test_a_number_that_is_now_another_process_is_left_alone(sleeper: children.Process, tmp_path: Path) -> None:
    (tmp_path / "sleeper.pid").write_text(f"{sleeper.pid} 12345")
    (tmp_path / "torn.pid").write_text("")
    children.end_leftovers(tmp_path)
    assert alive({sleeper.pid})


def test_one_that_does_not_listen_is_killed(tmp_path: Path) -> None:
    deaf = children.start(["sh", "-c", "trap '' TERM; sleep 60 & wait"], log=tmp_path / "deaf.log")
    assert eventually(lambda: "trap" in children.command_of(deaf.pid), within=2)
    children.stop(deaf, within=0.5)
    assert not alive({deaf.pid})


def test_what_it_said_is_in_its_log(tmp_path: Path) -> None:
    talker = children.start(["sh", "-c", "echo once; echo twice >&2"], log=tmp_path / "talker.log")
    assert talker.wait(5) == 0
    assert children.last_line(tmp_path / "talker.log") == "twice"
    assert children.last_line(tmp_path / "silent.log") == "it said nothing"
