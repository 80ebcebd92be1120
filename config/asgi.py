"""One port for both doors: `/live/` runs as ASGI, everything else as WSGI in a thread pool.

A plain ASGI Django reached a quarter of WSGI's webhook rate, so only the stream pays for it.
"""

import os
from collections.abc import Awaitable, Callable
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
live = get_asgi_application()

from a2wsgi import WSGIMiddleware  # noqa: E402 - the WSGI app below needs Django set up first

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
    """Answer the server's start and stop questions; nothing here needs either."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
