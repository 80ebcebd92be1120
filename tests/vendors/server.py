"""A vendor's API as a real server on loopback: routes with state behind them, every call on record, and
faults on demand. A vendor of ours is a subclass that adds its routes and its check of the token."""

import json
import re
import socket
import struct
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit


@dataclass(frozen=True)
class Asked:
    """One call of the API as it came in; headers in lower case, the last of a repeated parameter."""

    method: str
    path: str
    params: Mapping[str, str]
    headers: Mapping[str, str]
    raw: bytes

    @property
    def body(self) -> Any:
        return json.loads(self.raw) if self.raw else None


@dataclass(frozen=True)
class Says:
    """An answer other than 200 with JSON."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Fault:
    """What goes wrong with the next call whose "METHOD /path" contains `on`.

    `ending`: answer (with `status`), hang (until the test is over) or close (without a word).
    `done`: the vendor does as it was asked, and then goes wrong.
    """

    status: int = 500
    retry_after: str = ""
    body: Any = field(default_factory=lambda: {"error": "out of order"})
    ending: str = "answer"
    on: str = ""
    done: bool = False


type Route = Callable[..., Any]  # takes the call and the path's groups; returns Says, or what 200 says


class FakeVendor:
    """Does what is queued in `faults`, or what the route of the path says."""

    def __init__(self) -> None:
        self.calls: list[Asked] = []
        self.faults: list[Fault] = []
        self.skew = 0.0  # seconds by which the vendor's clock is ahead of ours
        self._routes: list[tuple[str, re.Pattern[str], Route]] = []
        self._one_at_a_time = threading.RLock()
        self._let_go = threading.Event()
        vendor = self

        class Handler(BaseHTTPRequestHandler):
            def _take(self) -> None:
                vendor._take(self)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _take  # noqa: N815

            def date_time_string(self, timestamp: float | None = None) -> str:
                return super().date_time_string((timestamp or time.time()) + vendor.skew)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def on(self, method: str, path: str, route: Route) -> None:
        """`path` is a pattern of the whole path; its groups are handed to the route."""
        self._routes.append((method, re.compile(path), route))

    def will(self, *faults: Fault) -> None:
        self.faults.extend(faults)

    def asked(self, method: str, ending: str = "") -> list[Asked]:
        """The calls of this method, and of paths that end so."""
        return [one for one in self.calls if one.method == method and one.path.endswith(ending)]

    def close(self) -> None:
        self._let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def allows(self, asked: Asked) -> bool:
        """Whether the call proves who it is; else the answer is 401."""
        return True

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        parts = urlsplit(handler.path)
        asked = Asked(
            handler.command, parts.path, {name: many[-1] for name, many in parse_qs(parts.query).items()},
            {name.lower(): value for name, value in handler.headers.items()},
            handler.rfile.read(int(handler.headers.get("content-length", 0))),
        )  # fmt: skip
        with self._one_at_a_time:
            self.calls.append(asked)
            fault = self._fault(asked)
            said = self._answer(asked) if fault is None or fault.done else Says(200)
        with suppress(OSError):
            _speak(handler, said) if fault is None else self._go_wrong(handler, fault)

    def _fault(self, asked: Asked) -> Fault | None:
        called = f"{asked.method} {asked.path}"
        found = next((one for one in self.faults if one.on in called), None)
        if found:
            self.faults.remove(found)
        return found

    def _answer(self, asked: Asked) -> Says:
        if not self.allows(asked):
            return Says(401, {"error": "Invalid credentials"})
        for method, path, route in self._routes:
            if method == asked.method and (match := path.fullmatch(asked.path)):
                said = route(asked, *match.groups())
                return said if isinstance(said, Says) else Says(200, said)
        return Says(404, {"error": "Resource could not be found"})

    def _go_wrong(self, handler: BaseHTTPRequestHandler, fault: Fault) -> None:
        if fault.ending == "hang":
            self._let_go.wait(60)
        elif fault.ending == "close":
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            handler.connection.close()
        else:
            wait = {"retry-after": fault.retry_after} if fault.retry_after else {}
            _speak(handler, Says(fault.status, fault.body, wait))


def _speak(handler: BaseHTTPRequestHandler, said: Says) -> None:
    raw = b"" if said.body is None else json.dumps(said.body).encode()
    handler.send_response(said.status)
    for name, value in {"content-type": "application/json", **said.headers}.items():
        handler.send_header(name, value)
    handler.send_header("content-length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw)
