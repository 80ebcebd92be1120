"""Pages, REST and webhooks: the plain WSGI door."""

import gc
import os
from typing import Any

from django.core.handlers.exception import convert_exception_to_response
from django.core.handlers.wsgi import WSGIHandler
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
pages = get_wsgi_application()


class Door(WSGIHandler):
    """Django without middleware: a CRM signs what it sends, and has no session, form or browser."""

    def load_middleware(self, is_async: bool = False) -> None:
        self._view_middleware: list[Any] = []
        self._template_response_middleware: list[Any] = []
        self._exception_middleware: list[Any] = []
        self._middleware_chain = convert_exception_to_response(self._get_response)  # type: ignore[attr-defined]


webhooks = Door()

# What is loaded lives as long as the process: no collection of garbage looks at it again.
gc.collect()
gc.freeze()


def application(environ: dict[str, Any], start_response: Any) -> Any:
    """The middleware for browsers took a seventh of a webhook's time, so webhooks pass by it."""
    door = webhooks if environ["PATH_INFO"].startswith("/webhooks/") else pages
    return door(environ, start_response)
