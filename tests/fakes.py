"""Stand-ins for what is not ours, as real servers on loopback: the model."""

import itertools
import json
import select
import socket
import threading
import time
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

SSE = "text/event-stream"


@dataclass(frozen=True)
class Answer:
    """One scripted answer. `ending`: whole, hang, drip (pings for ever) or hang_up."""

    raw: str = ""
    chunk: int = 12
    pause: float = 0.0
    stop: str = "end_turn"
    ending: str = "whole"
    status: int = 200
    error: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    usage: Mapping[str, Any] = field(default_factory=lambda: {"input_tokens": 1200, "output_tokens": 90})


def says(
    reply: str, *, missing: tuple[str, ...] = (), asks: Any = (), abstain: bool = False, **how: Any
) -> Answer:
    body = {"reply": reply, "missing": missing, "asks": asks, "abstain": abstain}
    return Answer(json.dumps(body, ensure_ascii=False), **how)


def writes(raw: str, **how: Any) -> Answer:
    """Exactly this text, whether it is the JSON that was asked for or not."""
    return Answer(raw, **how)


def stops(reason: str, said: str = "") -> Answer:
    """Ends for another reason than being done: max_tokens, refusal, pause_turn and so on."""
    return replace(says(said), raw=says(said).raw[:-30] if said else "", stop=reason)


def fails(status: int, error: str = "api_error", **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, error=error, headers=named)


def fails_midway(error: str, said: str) -> Answer:
    """An `error` event inside a stream that began well."""
    return replace(says(said), error=error)


def hangs(said: str = "") -> Answer:
    """Sends what it has, or not even headers, and then nothing."""
    return replace(says(said), ending="hang") if said else Answer(ending="hang")


def drips(said: str = "Hel") -> Answer:
    """Keeps the line warm for ever and never gets to the end."""
    return replace(says(said), ending="drip")


def hangs_up(said: str) -> Answer:
    return replace(says(said), ending="hang_up")


@dataclass(frozen=True)
class Asked:
    """A request as it came in, byte for byte."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        return json.loads(self.body)

    @property
    def system(self) -> str:
        return "\n".join(block["text"] for block in self.json["system"])

    @property
    def said(self) -> str:
        """Everything outside the system prompt."""
        content = (block["text"] for turn in self.json["messages"] for block in turn["content"])
        return "\n".join(content)

    def from_cache(self, before: "Asked") -> float:
        """The share of this prompt's bytes that the provider has read for the one before.

        As it is published: equal up to the end of a block that `before` marked, and a mark of this one's at
        most 20 blocks further on finds it.
        """
        mine, theirs = self._blocks, before._blocks
        same = list(
            itertools.takewhile(lambda pair: _text(pair[0]) == _text(pair[1]), zip(mine, theirs, strict=False))
        )
        marked = [n for n, (_, one) in enumerate(same) if "cache_control" in one]
        found = [n for n in marked if any("cache_control" in one for one in mine[n : n + 20])]
        sizes = [len(_text(one).encode()) for one in mine]
        return sum(sizes[: found[-1] + 1 if found else 0]) / sum(sizes)

    @property
    def _blocks(self) -> list[dict[str, Any]]:
        return [*self.json["system"], *(one for turn in self.json["messages"] for one in turn["content"])]


def _text(block: dict[str, Any]) -> str:
    return str(block["text"])


class FakeModel:
    """Speaks the streaming Messages API. Answers in the order queued, then with `otherwise`."""

    def __init__(self, *answers: Answer, otherwise: Answer | None = None) -> None:
        self.answers = deque(answers)
        self.otherwise = otherwise or says("Thank you for writing. We are looking into it.")
        self.asked: list[Asked] = []
        self.spent: list[float] = []  # seconds from having read a request to the first words of its answer
        self.closing = threading.Event()
        self.left = threading.Event()  # a caller hung up before the answer was over
        handler = type("Handler", (_MessagesApi,), {"model": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        )

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def will(self, *answers: Answer) -> None:
        self.answers.extend(answers)

    def take(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        try:
            return self.answers.popleft()
        except IndexError:
            return self.otherwise

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


def refused_url() -> str:
    """An address on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


class _MessagesApi(BaseHTTPRequestHandler):
    model: FakeModel
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # or each answer waits 40 ms for the caller's delayed ACK

    def log_message(self, *_: object) -> None:
        pass

    def handle(self) -> None:
        with suppress(ConnectionError):  # a caller may hang up between two requests
            super().handle()

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        self._began: float | None = time.perf_counter()
        answer = self.model.take(Asked(self.path, dict(self.headers), body))
        try:
            self._answer(answer)
        except OSError:
            self.model.left.set()
            self.close_connection = True

    def _answer(self, answer: Answer) -> None:
        if answer.ending == "hang" and not answer.raw:
            self._wait_for_the_end()
        elif answer.status != 200:
            self._problem(answer)
        else:
            self._stream(answer)

    def _problem(self, answer: Answer) -> None:
        error = {"type": answer.error, "message": "The server says something of its own."}
        body = json.dumps({"type": "error", "error": error}).encode()
        self.send_response(answer.status)
        self._headers(answer, "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def _stream(self, answer: Answer) -> None:
        self.send_response(200)
        self._headers(answer, SSE)
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        events = list(_events(answer))
        ends = answer.ending != "whole" or answer.error
        for event in events[:-3] if ends else events:
            self._send(event)
            if answer.pause and event["type"] == "content_block_delta":
                self._rest(answer.pause)
        if answer.error:
            self._send({"type": "error", "error": {"type": answer.error, "message": "Midway."}})
        self._end(answer.ending)

    def _end(self, ending: str) -> None:
        if ending == "hang":
            self._wait_for_the_end()
        elif ending == "hang_up":
            self.close_connection = True
        elif ending == "drip":
            while not self.model.closing.is_set():
                self._send({"type": "ping"})
                self._rest(0.05)
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _headers(self, answer: Answer, kind: str) -> None:
        self.send_header("content-type", kind)
        self.send_header("request-id", f"req_fake_{len(self.model.asked)}")
        for name, value in answer.headers.items():
            self.send_header(name, value)

    def _send(self, event: dict[str, Any]) -> None:
        body = f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode()
        self.wfile.write(b"%x\r\n%s\r\n" % (len(body), body))
        self.wfile.flush()
        if self._began and event["type"] == "content_block_delta":
            self.model.spent.append(time.perf_counter() - self._began)
            self._began = None

    def _rest(self, seconds: float) -> None:
        """Waits, and notices at once when the caller is gone."""
        gone, _, _ = select.select([self.connection], [], [], seconds)
        if gone:
            raise ConnectionAbortedError

    def _wait_for_the_end(self) -> None:
        while not self.model.closing.is_set():
            self._rest(0.05)


def _events(answer: Answer) -> Iterator[dict[str, Any]]:
    """The events of one message; the last three belong to its end."""
    start = {**answer.usage, "output_tokens": 1}
    message = {"id": "msg_fake", "type": "message", "role": "assistant", "model": "fake"}
    yield {"type": "message_start", "message": {**message, "content": [], "usage": start}}
    block = {"type": "text", "text": ""}
    yield {"type": "content_block_start", "index": 0, "content_block": block}
    for at in range(0, len(answer.raw), answer.chunk):
        delta = {"type": "text_delta", "text": answer.raw[at : at + answer.chunk]}
        yield {"type": "content_block_delta", "index": 0, "delta": delta}
    yield {"type": "content_block_stop", "index": 0}
    yield {
        "type": "message_delta",
        "delta": {"stop_reason": answer.stop, "stop_sequence": None},
        "usage": {"output_tokens": answer.usage.get("output_tokens", 0)},
    }
    yield {"type": "message_stop"}
