"""The page's one event stream: a snapshot, then what changed, from the rows and never from the bell.

The bell only says that something has a new version. Each event is read from the database when it is
sent, so that a lost or late ring costs a moment and nothing else.
"""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable

from asgiref.sync import sync_to_async
from django.db import close_old_connections, connections
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse

from copilot.console.bells import Bells
from copilot.console.watching import START_PAUSE, Event, Gone, Watch

HEARTBEAT_SECONDS = 15.0
ACCESS_SECONDS = 60.0
TEXT_PAUSE = 0.1  # growing text: ten times a second at the most
LEAST_PAUSE = 0.01
LIST_PAUSE = 1.0


async def live(request: HttpRequest) -> HttpResponse | StreamingHttpResponse:
    if request.method != "GET":
        return HttpResponseNotAllowed(["GET"])
    told = request.GET.get("c", "")
    watch = Watch(request, int(told) if told.isdecimal() else None)
    try:
        first = await _ask(watch.begin)
    except Gone:
        return HttpResponse(status=404)
    # The middleware's thread lives as long as the stream; its connection must not.
    await sync_to_async(connections.close_all)()
    response = StreamingHttpResponse(_stream(watch, first), content_type="text/event-stream")
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"
    return response


async def _ask[T](question: Callable[[], T]) -> T:
    """Ask the database from a thread, and give its connection back at once."""

    def asked() -> T:
        close_old_connections()
        try:
            return question()
        finally:
            connections.close_all()

    return await sync_to_async(asked, thread_sensitive=False)()


async def _stream(watch: Watch, first: list[Event]) -> AsyncIterator[bytes]:
    yield b"retry: 2000\n\n"
    for event in first:
        yield as_bytes(event)
    bells = Bells(watch.topics)
    try:
        async for piece in _changes(watch, bells):
            yield piece
    except Gone:
        return  # the browser asks again and is told 404
    finally:
        await bells.close()


async def _changes(watch: Watch, bells: Bells) -> AsyncIterator[bytes]:
    checked = listed = spoken = time.monotonic()
    while True:
        if not watch.card_waits:
            await bells.wait(_patience(watch, bells))
        now = time.monotonic()
        if now - checked > ACCESS_SECONDS:
            await _ask(watch.check)
            checked = now
        events = await _ask(watch.look_at_conversation)
        # The list beside a conversation can wait until nothing happens in it.
        quiet = not events and not watch.start_waits
        if quiet and bells.list_waits and now - listed > LIST_PAUSE:
            listed, bells.list_waits = now, False
            events = await _ask(watch.look_at_list)
        for event in events:
            yield as_bytes(event)
        if events:
            spoken = now
            grew = any(name == "text" for name, _ in events) and not watch.card_waits
            await asyncio.sleep(TEXT_PAUSE if grew else LEAST_PAUSE)
        elif now - spoken >= HEARTBEAT_SECONDS:
            spoken = now
            yield b": still here\n\n"


def _patience(watch: Watch, bells: Bells) -> float:
    """Seconds until the next look when no bell rings."""
    if watch.start_waits:
        return START_PAUSE
    return LIST_PAUSE if bells.list_waits else HEARTBEAT_SECONDS


def as_bytes(event: Event) -> bytes:
    name, data = event
    return f"event: {name}\ndata: {json.dumps(data)}\n\n".encode()
