"""A receiver of our webhooks, as a real server on loopback that can also misbehave."""

import socket
import struct
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from interactions.models import Connection


@dataclass(frozen=True)
class Reply:
    """What the receiver does with one delivery. `ending`: answer, hang, drip or reset."""

    status: int = 200
    body: bytes = b"thank you"
    headers: Mapping[str, str] = field(default_factory=dict)
    ending: str = "answer"


@dataclass(frozen=True)
class Delivery:
    path: str
    headers: Mapping[str, str]
    body: bytes


class Receiver:
    """Records every delivery, then does what is queued in `next`, or says 200."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.next: deque[Reply] = deque()
        self.let_go = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver._take(self)

            def do_GET(self) -> None:
                receiver._take(self)

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/hook"

    def will(self, *replies: Reply) -> None:
        self.next.extend(replies)

    def close(self) -> None:
        self.let_go.set()
        self._server.shutdown()
        self._server.server_close()

    def _take(self, handler: BaseHTTPRequestHandler) -> None:
        body = handler.rfile.read(int(handler.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in handler.headers.items()}
        delivery = Delivery(handler.path, headers, body)
        self.deliveries.append(delivery)
        with suppress(OSError):
            self._reply(handler, self.choose(delivery))

    def choose(self, delivery: Delivery) -> Reply:
        return self.next.popleft() if self.next else Reply()

    def _reply(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        if reply.ending == "reset":
            linger = struct.pack("ii", 1, 0)
            handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            handler.connection.close()
        elif reply.ending == "hang":
            self.let_go.wait(60)
        else:
            self._speak(handler, reply)

    def _speak(self, handler: BaseHTTPRequestHandler, reply: Reply) -> None:
        handler.send_response(reply.status)
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        if reply.ending == "drip":
            handler.end_headers()
            while not self.let_go.wait(0.2):
                handler.wfile.write(b".")
        else:
            handler.send_header("content-length", str(len(reply.body)))
            handler.end_headers()
            handler.wfile.write(reply.body)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    one = Receiver()
    yield one
    one.close()


@pytest.fixture
def listening(connection: Connection, receiver: Receiver) -> Connection:
    """The support team's CRM, taking deliveries at `receiver`."""
    connection.deliver_to = receiver.url
    connection.save()
    return connection
