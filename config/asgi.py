"""One port for both doors: `/live/` runs as ASGI, everything else as WSGI in a thread pool.

A plain ASGI Django reached a quarter of WSGI's webhook rate, so only the stream pays for it.
"""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
live = get_asgi_application()

from a2wsgi import WSGIMiddleware  # noqa: E402 - the WSGI app below needs Django set up first
from django.conf import settings  # noqa: E402

from config import urls  # noqa: E402, F401 - imported now, so that the first visitor does not wait for the pages
from config.folder import wait_for_set_up  # noqa: E402
from config.wsgi import application as pages  # noqa: E402

wsgi = WSGIMiddleware(pages, workers=8)  # type: ignore[arg-type]


async def application(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    if scope["type"] == "lifespan":
        await finish_lifespan(receive, send)
        return
    door = live if scope["path"].startswith("/live/") else wsgi
    await door(scope, receive, send)  # type: ignore[arg-type]


async def finish_lifespan(
    receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    """Answer the server's start and stop questions: it begins to listen when the set-up is through."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await asyncio.to_thread(wait_for_set_up, settings.VAR_DIR)
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
