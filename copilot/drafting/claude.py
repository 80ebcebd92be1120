"""The engine that asks a model over the Messages API: Claude, or any server that speaks like it.

One request a draft, streamed, never repeated in here: a failure goes back as an EngineError that
says whether trying again can help, and the draft's row decides. No text is ever logged.
"""

import logging
import math
import re
import socket
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import cache
from typing import Any

import anthropic
import httpx2
from django.conf import settings
from pydantic import BaseModel, ValidationError

from copilot.context.value import Context
from copilot.drafting import answer, marks, prices
from copilot.drafting.engine import EngineError, Reply, Say, Stopped, Usage
from copilot.drafting.prompt import VERSION, Block, Prompt, render

log = logging.getLogger(__name__)
# The SDK and its HTTP library log request bodies when asked to by their environment variable.
logging.getLogger("anthropic").setLevel(logging.WARNING)
logging.getLogger("httpx2").setLevel(logging.WARNING)

# Room for the thinking that newer models do first; it counts as output.
MAX_TOKENS = 8_000
LONGEST_ANSWER = 60_000  # characters; what is longer is no reply
LONGEST_WAIT = 900.0
MOST_TOKENS = 5_000_000
CONNECT_SECONDS = 5.0
# These came before `effort` and answer 400 to it.
WITHOUT_EFFORT = ("claude-haiku-4-5", "claude-sonnet-4-5")

STOPS = {
    "max_tokens": "cut_off",
    "refusal": "refusal",
    "model_context_window_exceeded": "window_exceeded",
    "tool_use": "asked_for_tool",
    "pause_turn": "paused",
}
# By the error's own type, which an error in the middle of a stream has too; else by status.
TYPES = {
    "authentication_error": "key_refused",
    "permission_error": "key_refused",
    "billing_error": "payment",
    "not_found_error": "model_unknown",
    "request_too_large": "too_large",
    "rate_limit_error": "rate_limited",
    "overloaded_error": "overloaded",
    "timeout_error": "timeout",
    "api_error": "server_error",
}
STATUSES = {
    401: "key_refused",
    402: "payment",
    403: "key_refused",
    404: "model_unknown",
    408: "timeout",
    413: "too_large",
    429: "rate_limited",
    504: "timeout",
    529: "overloaded",
}
CHARACTERS_A_TOKEN = 4  # in English; other languages have fewer
PERMANENT = {
    "asked_for_tool",
    "cut_off",
    "key_refused",
    "model_unknown",
    "not_accepted",
    "payment",
    "refusal",
    "too_large",
    "window_exceeded",
}


class Claude:
    name = "claude"

    def write(self, context: Context, say: Say) -> Reply:
        """The model's reply. Whatever `say` raises closes the stream and goes on to the caller."""
        prompt = render(context)
        heard = Heard(prompt.citable)
        with closing(_listen(prompt, heard)) as texts:
            try:
                for text in texts:
                    say(text)
            except Stopped as stopped:
                stopped.usage = heard.usage
                raise
        return heard.reply()

    def fill[T: BaseModel](self, prompt: Prompt, shape: type[T]) -> tuple[T, str, Usage]:
        """Another question's answer in the shape it asks for, the model's name, and what it cost."""
        heard = Heard(frozenset())
        with closing(_listen(replace(prompt, shape=shape), heard)) as texts:
            for _ in texts:
                pass
        return heard.filled(shape), settings.COPILOT_MODEL, heard.usage


def _listen(prompt: Prompt, heard: "Heard") -> Generator[str]:
    """The text each time it has grown; every way a stream can fail becomes an EngineError."""
    deadline = time.monotonic() + settings.COPILOT_TIMEOUT_SECONDS
    try:
        with _asked(prompt) as stream, _cut_at(deadline, stream.response):
            heard.reference = _reference(stream.response)
            for event in stream:
                if time.monotonic() > deadline:
                    raise heard.error("timeout")
                if (text := heard.more(event)) is not None:
                    yield text
    except anthropic.APIStatusError as error:
        raise _refused(error, heard.usage) from None
    except (anthropic.APIError, httpx2.HTTPError, ValueError) as error:
        raise _lost(error, heard, late=time.monotonic() >= deadline) from None


class Heard:
    """What has come in over one stream, and what it amounts to."""

    def __init__(self, citable: frozenset[str]) -> None:
        self.citable = citable
        self.raw = ""
        self.looked_at = 0
        self.shown = ""
        self.stop = ""
        self.reference = ""
        self.tokens: dict[str, int] = {}

    def more(self, event: Any) -> str | None:
        """Takes in one event; returns the text so far when it has grown."""
        kind, delta = getattr(event, "type", ""), getattr(event, "delta", None)
        if kind == "message_start":
            self._count(getattr(getattr(event, "message", None), "usage", None))
        elif kind == "message_delta":
            self.stop = str(getattr(delta, "stop_reason", None) or "") or self.stop
            self._count(getattr(event, "usage", None))
        elif kind == "message_stop":
            self.stop = self.stop or "end_turn"  # some imitations give no reason
        elif kind == "content_block_delta" and getattr(delta, "type", "") == "text_delta":
            return self._grown(str(getattr(delta, "text", None) or ""))
        return None

    def filled[T: BaseModel](self, shape: type[T]) -> T:
        self._ended()
        try:
            return shape.model_validate_json(answer.unfenced(self.raw))
        except ValidationError:
            raise self.error("broken_answer") from None

    def _ended(self) -> None:
        if not self.stop or self.stop in STOPS:
            raise self.error(STOPS.get(self.stop, "broken_off"))

    def reply(self) -> Reply:
        """The finished reply. The marks are checked against what the model was given."""
        self._ended()
        try:
            said = answer.whole(self.raw)
        except answer.Unreadable as error:
            raise self.error(error.code) from None
        marked = marks.read(said.reply, self.citable)
        if marked.unknown:
            log.info("dropped %d marks that cite nothing given", len(marked.unknown))
        cleaned = (marks.read(text, ()).text for text in said.missing)
        missing = tuple(text for text in cleaned if text)
        if not marked.text and not missing:
            raise self.error("empty")
        return Reply(
            text=marked.text,
            marks=marked.marks,
            unknown=marked.unknown,
            abstained=said.abstained or not marked.text,
            missing=missing,
            asks=said.asks,
            model=settings.COPILOT_MODEL,
            prompt_version=VERSION,
            usage=self.usage,
        )

    def error(self, code: str) -> EngineError:
        permanent = code in PERMANENT
        return EngineError(code, permanent=permanent, reference=self.reference, usage=self.usage)

    @property
    def usage(self) -> Usage:
        """As the server counted; it counts what it wrote at the end, so a broken stream's is estimated."""
        count = self.tokens.get
        written = 0 if self.stop else len(self.raw) // CHARACTERS_A_TOKEN
        return prices.usage(
            settings.COPILOT_MODEL,
            count("input_tokens", 0),
            max(count("output_tokens", 0), written),
            count("cache_read_input_tokens", 0),
            count("cache_creation_input_tokens", 0),
        )

    def _grown(self, delta: str) -> str | None:
        self.raw += delta
        if len(self.raw) > LONGEST_ANSWER:
            raise self.error("broken_answer")
        # Each look reads all of it again; a step that grows with it keeps a long answer cheap.
        if len(self.raw) - self.looked_at < len(self.raw) // 250:
            return None
        self.looked_at = len(self.raw)
        text = marks.read(answer.growing(self.raw), self.citable, whole=False).text
        if text == self.shown or not text.startswith(self.shown):
            return None
        self.shown = text
        return text

    def _count(self, counts: Any) -> None:
        """Later counts replace earlier ones; a server's nonsense counts as nothing."""
        found = vars(counts) if isinstance(counts, anthropic.BaseModel) else {}
        for name, number in found.items():
            if type(number) is int and 0 <= number <= MOST_TOKENS:
                self.tokens[name] = number


@cache
def _client(key: str, base_url: str, seconds: float) -> anthropic.Anthropic:
    """One for a process: making its TLS context costs more than a local answer."""
    return anthropic.Anthropic(
        api_key=key or "none-needed",
        base_url=base_url or None,
        max_retries=0,
        timeout=anthropic.Timeout(seconds, connect=min(CONNECT_SECONDS, seconds)),
        open_telemetry=False,
    )


def _asked(prompt: Prompt) -> anthropic.Stream[Any]:
    model = settings.COPILOT_MODEL
    client = _client(settings.ANTHROPIC_API_KEY, settings.ANTHROPIC_BASE_URL, settings.COPILOT_TIMEOUT_SECONDS)
    # Not the SDK's own parsing: it raises on cut-off JSON before the stop reason has arrived.
    output: Any = {"format": {"type": "json_schema", "schema": _schema(prompt.shape)}}
    if not model.startswith(WITHOUT_EFFORT):
        output["effort"] = "low"
    return client.messages.create(
        model=model,
        max_tokens=MAX_TOKENS,
        system=[_block(block) for block in prompt.system],
        messages=[{"role": "user", "content": [_block(block) for block in prompt.blocks]}],
        output_config=output,
        stream=True,
    )


@cache
def _schema(shape: type[BaseModel]) -> dict[str, Any]:
    return anthropic.transform_schema(shape)


def _block(block: Block) -> Any:
    shown: dict[str, Any] = {"type": "text", "text": block.text}
    if block.stable:
        shown["cache_control"] = {"type": "ephemeral"}
    return shown


@contextmanager
def _cut_at(deadline: float, response: httpx2.Response) -> Iterator[None]:
    """Ends a stream that drips for ever: each read has its own time-out, this bounds them all."""
    stream = response.extensions.get("network_stream")
    connection = stream.get_extra_info("socket") if stream else None
    timer = threading.Timer(max(0.0, deadline - time.monotonic()), _shut, (connection,))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _shut(connection: socket.socket | None) -> None:
    try:
        if connection is not None:
            # The plain socket's, for TLS too: only the reading thread may touch the TLS state.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)
    except OSError:
        pass  # it ended by itself a moment ago


def _refused(error: anthropic.APIStatusError, usage: Usage) -> EngineError:
    """The server's own error, before or in the middle of the stream."""
    code = TYPES.get(str(error.type)) or STATUSES.get(error.status_code)
    if code is None:
        code = "not_accepted" if 400 <= error.status_code < 500 else "server_error"
    if code == "not_accepted" and "prompt is too long" in str(error.api_message):
        code = "window_exceeded"
    return EngineError(
        code,
        permanent=code in PERMANENT,
        retry_after=_wait(error.response.headers.get("retry-after")),
        reference=_reference(error.response),
        usage=usage,
    )


def _lost(error: Exception, heard: Heard, *, late: bool) -> EngineError:
    """No answer at all, or one that broke off."""
    if late or isinstance(error, anthropic.APITimeoutError | httpx2.TimeoutException):
        code = "timeout"
    elif isinstance(error, anthropic.APIConnectionError):
        code = "unreachable"
    elif isinstance(error, httpx2.HTTPError):
        code = "broken_off"
    else:
        code = "broken_answer"
    return EngineError(code, permanent=False, reference=heard.reference, usage=heard.usage)


def _wait(header: str | None) -> float | None:
    try:
        seconds = float(header or "")
    except ValueError:
        return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if math.isfinite(seconds) else None


def _reference(response: httpx2.Response) -> str:
    """The provider's request id, for a question to its support."""
    return re.sub(r"[^\w-]", "", response.headers.get("request-id", ""))[:64]
