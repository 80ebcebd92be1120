"""A real Chromium for the browser tests, where the machine has one; otherwise they are skipped, and say so."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
SENTENCE = "The browser tests did not run: there is no Chromium here (Debian: apt-get install chromium)."


def chromium() -> str:
    for name in NAMES:
        if found := shutil.which(name):
            return found
    return "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else ""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if "page" in getattr(item, "fixturenames", ()) or "browser" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.browser)
        if item.get_closest_marker("browser") and not chromium():
            item.add_marker(pytest.mark.skip(reason=SENTENCE))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    skipped = terminalreporter.stats.get("skipped", [])
    if any(SENTENCE in str(report.longrepr) for report in skipped):
        terminalreporter.write_line(SENTENCE, yellow=True, bold=True)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, Any]:
    """What pytest-playwright starts: the machine's own browser; root cannot have its sandbox."""
    args = ["--no-sandbox"] if os.geteuid() == 0 else []
    return {"executable_path": chromium(), "args": args}


@pytest.fixture(scope="session")
def playwright() -> Iterator[Any]:
    """Playwright keeps an event loop in this thread until the end, and in such a thread Django refuses every
    query. The queries of the tests are not the loop's; the real programs (tests.work) keep the rule."""
    from playwright.sync_api import sync_playwright

    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as started:
        yield started
    del os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"]
