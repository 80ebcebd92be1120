"""Who waits for whom in VAR_DIR."""

from pathlib import Path
from threading import Thread

from config.folder import SETTING_UP, only_one, wait_for_set_up


def test_the_pages_wait_until_the_set_up_is_through(tmp_path: Path) -> None:
    pages = Thread(target=wait_for_set_up, args=[tmp_path], daemon=True)
    with only_one(tmp_path / SETTING_UP):
        pages.start()
        pages.join(0.3)
        assert pages.is_alive()
    pages.join(5)
    assert not pages.is_alive()


def test_where_nothing_is_set_up_nobody_waits(tmp_path: Path) -> None:
    wait_for_set_up(tmp_path)
