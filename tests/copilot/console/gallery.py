"""Every page and card of the console with invented people, to look at and to test without a database.

.venv/bin/python -m tests.copilot.console.gallery            serves it on 127.0.0.1:8099
.venv/bin/python -m tests.copilot.console.gallery var/shots  takes pictures in both themes
"""

import json
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from queue import Empty, Queue
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    os.environ.setdefault("SECRET_KEY", "only for looking at invented pages")
    os.environ.setdefault("ENCRYPTION_KEYS", "x" * 43 + "=")
    os.environ.setdefault("DATABASE_URL", "postgres://nobody@127.0.0.1:1/none")
    os.environ.setdefault("REDIS_URL", "redis://127.0.0.1:1/0")
    os.environ["DEBUG"] = "1"
    os.environ["ALLOWED_HOSTS"] = "*"
    import django

    django.setup()

from django.core.handlers.wsgi import WSGIHandler
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import include, path

from copilot.console.urls import urlpatterns as console
from tests.browser import chromium
from tests.copilot.console import drafts, pages, scenes

LOOKS = {
    "wide": (1440, 900),
    "rail": (1024, 768),
    "phone": (390, 844),
}

# Pages before signing in, which are the real ones.
DOORS = {"sign-in": "/me/login/", "password-reset": "/me/password/reset/"}


def scene(request: HttpRequest, name: str) -> HttpResponse:
    """One invented page; `?theme=` as the person's own setting would have it."""
    if name not in pages.PAGES:
        raise Http404(name)
    template, context = pages.PAGES[name]()
    shell = replace(context.get("shell", scenes.shell()), theme=request.GET.get("theme", "system"))
    return render(request, template, {**context, "shell": shell})


def act(request: HttpRequest, **where: Any) -> HttpResponse:
    """Plays the views: enough to walk from a ready draft to an edited, approved and undone one."""
    name = request.resolver_match.url_name if request.resolver_match else ""
    if request.POST.get("save"):
        return JsonResponse({"version": int(request.POST["version"]) + 1})
    if request.POST.get("show"):
        return render(request, "draft.html#changes", {"diff": scenes.diff()})
    if name == "draft-escalate" and request.method == "GET":
        template = "escalate.html#form" if request.headers.get("HX-Request") else "escalate.html"
        return render(request, template, {"shell": scenes.shell(), "handover": scenes.handover()})
    if name in ("keys", "note") and request.method == "GET":
        part = {"keys": "#sheet", "note": "#form"}[name] if request.headers.get("HX-Request") else ""
        return render(request, f"{name}.html{part}", {"shell": scenes.shell(), "conversation_id": 1})
    state = {
        "draft-edit": "ready" if request.POST.get("close") else "editing",
        "draft-approve": "approved",
        "draft-redraft": "thinking",
        "draft-discard": "discarded",
        "draft-escalate": "escalated",
        "reply": "writing",
    }.get(name or "", "ready")
    thread = replace(scenes.thread(), card=drafts.CARDS[state]())
    if request.headers.get("HX-Request"):
        return render(request, "conversation.html#update", {"thread": thread})
    return render(request, "conversation.html", {**scenes.inbox(), "thread": thread})


LISTENING: list[Queue[str]] = []


def live(request: HttpRequest) -> StreamingHttpResponse:
    """Whatever a test tells, as the real stream would send it."""
    events: Queue[str] = Queue()
    LISTENING.append(events)

    def stream() -> Iterator[str]:
        yield ": open\n\n"
        while True:
            try:
                yield events.get(timeout=1)
            except Empty:
                yield ": still here\n\n"

    return StreamingHttpResponse(stream(), content_type="text/event-stream")


def tell(event: str, **data: Any) -> None:
    for events in LISTENING:
        events.put(f"event: {event}\ndata: {json.dumps(data)}\n\n")


# The console's own addresses, all answered by the play above.
urlpatterns = [
    path("scene/<name>/", scene, name="scene"),
    path("live/", live, name="live"),
    path("me/", include("allauth.account.urls")),
    *[path(str(one.pattern), act, name=one.name) for one in console if one.name != "live"],
]


class Gallery(WSGIHandler):
    """The whole application, with these addresses instead of the real ones."""

    def get_response(self, request: HttpRequest) -> HttpResponse:
        request.urlconf = "tests.copilot.console.gallery"
        return super().get_response(request)


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def served(port: int = 0) -> Iterator[str]:
    """The gallery on loopback, under the console's own Content Security Policy."""
    server = make_server("127.0.0.1", port, Gallery(), Server, Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def shoot(folder: Path, only: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    if not chromium():
        sys.exit("There is no Chromium here to take pictures with (Debian: apt-get install chromium).")
    folder.mkdir(parents=True, exist_ok=True)
    with served() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium(), args=["--no-sandbox"])
        for theme in ("light", "dark"):
            for look, (width, height) in LOOKS.items():
                page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=theme)
                page.on("console", lambda said: print("console:", said.text) if said.type == "error" else None)
                page.on("pageerror", lambda error: print("page:", error))
                for name in only or [*pages.PAGES, *DOORS]:
                    page.goto(address + DOORS.get(name, f"/scene/{name}/?theme={theme}"))
                    page.evaluate("document.fonts.ready")
                    page.screenshot(path=folder / f"{name}-{theme}-{look}.png")
                page.close()
                print(f"{theme}, {width} wide: in {folder}", flush=True)
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        shoot(Path(sys.argv[1]), sys.argv[2:])
    else:
        with served(8099) as at:
            print(at + "/scene/conversation/", *pages.PAGES)
            threading.Event().wait()
