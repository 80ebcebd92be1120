"""A CRM that speaks our events and can be asked: for its news, its past and one conversation.

It stands for what every vendor's connector does, so that the engine is tried without any vendor's ways.
"""

import json
import os
import signal
import warnings
from collections import UserDict
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import pytest
from django.db import connection as database

from interactions.crm import api
from interactions.crm.base import About, Delivery, Fact, Names, Page
from interactions.crm.generic import Generic
from interactions.crm.registry import CRMS
from interactions.models import Connection
from tests.cast import Cast
from tests.factories import a_connection
from tests.vendors.server import Asked, FakeVendor, Says
from tests.work import eventually

NEWS, PAST = 10, 25


class Archive(FakeVendor):
    """`news` are events in the order in which they were told; `past` what each conversation looks like."""

    def __init__(self) -> None:
        super().__init__()
        self.news: list[dict[str, Any]] = []
        self.past: dict[str, list[dict[str, Any]]] = {}
        self.on("GET", "/news", self._news)
        self.on("GET", "/past", self._past)
        self.on("GET", "/past/(.+)", self._one)

    def allows(self, asked: Asked) -> bool:
        return asked.headers.get("authorization") == "Bearer token"

    def _news(self, asked: Asked) -> Any:
        start = int(asked.params.get("after", len(self.news)))
        told = [{"key": f"n-{start + n}", "body": one} for n, one in enumerate(self.news[start : start + NEWS])]
        return {"told": told, "next": start + len(told)}

    def _past(self, asked: Asked) -> Any:
        start, names = int(asked.params.get("from", 0)), list(self.past)
        page = names[start : start + PAST]
        told = [{"key": f"h-{name}-{n}", "body": one} for name in page for n, one in enumerate(self.past[name])]
        more = start + PAST if start + PAST < len(names) else None
        return {"told": told, "next": more, "total": len(names)}

    def _one(self, asked: Asked, name: str) -> Any:
        return {"told": self.past[name]} if name in self.past else Says(404)


class Askable(Generic):
    """`meanwhile` happens once, when the CRM has answered and nothing of it is kept; `dies`: how the worker
    ends when the events of the next page are in and the cursor behind them is not."""

    kind = "askable"
    about = About(label="Askable", polls=True, has_history=True)

    def __init__(self, archive: Archive) -> None:
        self.archive = archive
        self.meanwhile: Callable[[], Any] = lambda: None
        self.dies: Callable[[], Any] | None = None

    def poll(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        return self._page(connection, "/news", cursor)

    def history(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        return self._page(connection, "/past", cursor)

    def read(self, connection: Connection, conversation: str) -> list[Fact]:
        told = self._ask(connection, f"/past/{conversation}", {})["told"]
        return [fact for one in told for fact in self.parse(one["type"], json.dumps(one).encode(), None)]

    def recent(self, connection: Connection, since: datetime, cursor: Mapping[str, Any]) -> Names:
        said = self._ask(connection, "/past", cursor)
        told = [
            one["body"] for one in said["told"] if datetime.fromisoformat(one["body"]["timestamp"]) >= since
        ]
        names = {one["data"].get("conversation", one["data"])["id"] for one in told}
        return Names(sorted(names), None if said["next"] is None else {"from": said["next"]})

    def _page(self, connection: Connection, path: str, cursor: Mapping[str, Any]) -> Page:
        said = self._ask(connection, path, cursor)
        happens, self.meanwhile = self.meanwhile, lambda: None
        happens()
        told = [
            Delivery(one["key"], one["body"]["type"], json.dumps(one["body"]).encode()) for one in said["told"]
        ]
        name = "after" if path == "/news" else "from"
        behind: Mapping[str, Any] | None = None if said["next"] is None else {name: said["next"]}
        if self.dies:
            self.dies, behind = None, Deadly(self.dies)
        return Page(told, behind, said.get("total"))

    def _ask(self, connection: Connection, path: str, params: Mapping[str, Any]) -> Any:
        token = {"Authorization": f"Bearer {connection.credentials['token']}"}
        return api.ask("GET", connection.config["url"] + path, token, params=params)


class Deadly(UserDict[str, Any]):
    """A cursor that ends who looks at it."""

    def __init__(self, end: Callable[[], Any]) -> None:
        super().__init__()
        self._end = end

    def __iter__(self) -> Any:
        return self._end()


def by_kill() -> None:
    """Nothing of the process has a chance to tidy up."""
    os.kill(os.getpid(), signal.SIGKILL)


def killed(work: Callable[[], Any]) -> bool:
    """Do it in a process of its own, on a database session of its own; whether that process was killed.

    `work` sees what was committed, and what it asks is answered by the servers of this process.
    """
    database.close()
    with warnings.catch_warnings():
        # The child has none of the other threads, and needs none.
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    assert eventually(lambda: not _end_other_sessions())
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def _end_other_sessions() -> int:
    """What a dead process held is held until the database notices; here it is told. Returns how many."""
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return cursor.rowcount


@pytest.fixture
def askable(monkeypatch: pytest.MonkeyPatch) -> Iterator[Askable]:
    crm = Askable(Archive())
    monkeypatch.setitem(CRMS, "askable", lambda: crm)
    yield crm
    crm.archive.close()


@pytest.fixture
def archive(askable: Askable) -> Archive:
    return askable.archive


@pytest.fixture
def connection(cast: Cast, archive: Archive) -> Connection:
    """The support team's CRM; in a file that imports this, `crm` pushes for it."""
    made = a_connection(team=cast.support, kind="askable", config={"url": archive.url})
    made.set_credentials({"token": "token"})
    made.save()
    return made
