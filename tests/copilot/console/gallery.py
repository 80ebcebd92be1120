"""Every page and card of the console with invented people, to look at and to test without a database.

.venv/bin/python -m tests.copilot.console.gallery            serves it on 127.0.0.1:8099
.venv/bin/python -m tests.copilot.console.gallery var/shots  takes pictures in both themes
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
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

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.urls import include, path

from tests.copilot.console import drafts, pages, scenes

LOOKS = {
    "wide": (1440, 900),
    "rail": (1024, 768),
    "phone": (390, 844),
}


def scene(request: HttpRequest, name: str) -> HttpResponse:
    """One invented page; `?theme=` as the person's own setting would have it."""
    if name not in pages.PAGES:
        raise Http404(name)
    template, context = pages.PAGES[name]()
    shell = replace(context.get("shell", scenes.shell()), theme=request.GET.get("theme", "system"))
    return render(request, template, {**context, "shell": shell})


def states(request: HttpRequest) -> HttpResponse:
    context = {"shell": replace(scenes.shell(), theme=request.GET.get("theme", "system"))}
    return render(request, "console/_card.html", {**context, "card": drafts.CARDS[request.GET["state"]]()})


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


def live(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse([b": nothing happens here\n\n"], content_type="text/event-stream")


CARD = "inbox/<int:conversation_id>/drafts/<int:n>/"
urlpatterns = [
    path("scene/<name>/", scene, name="scene"),
    path("state/", states, name="state"),
    path("me/", include("allauth.account.urls")),
    path("live/", live, name="live"),
    path("inbox/", act, name="inbox"),
    path("inbox/<int:conversation_id>/", act, name="conversation"),
    path("inbox/<int:conversation_id>/reply/", act, name="reply"),
    path("inbox/<int:conversation_id>/note/", act, name="note"),
    path(CARD, act, name="draft"),
    *[
        path(f"{CARD}{verb}/", act, name=f"draft-{verb}")
        for verb in ("stop", "redraft", "edit", "approve", "undo", "discard", "escalate")
    ],
    path("accounts/", act, name="accounts"),
    path("accounts/<int:account_id>/", act, name="account"),
    path("learning/", act, name="learning"),
    path("help/keys/", act, name="keys"),
    path("settings/me/", act, name="settings-me"),
    path("settings/team/", act, name="settings-team"),
    path("settings/people/", act, name="settings-people"),
    path("settings/connections/", act, name="settings-connections"),
    path("events/", act, name="events"),
    path("deliveries/", act, name="deliveries"),
]


class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class Quiet(WSGIRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass


@contextmanager
def served(port: int = 0) -> Iterator[str]:
    """The gallery on loopback, under the console's own Content Security Policy."""
    settings.ROOT_URLCONF = __spec__.name if __spec__ else __name__
    server = make_server("127.0.0.1", port, get_wsgi_application(), Server, Quiet)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def shoot(folder: Path, only: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    folder.mkdir(parents=True, exist_ok=True)
    with served() as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        for theme in ("light", "dark"):
            for look, (width, height) in LOOKS.items():
                page = browser.new_page(viewport={"width": width, "height": height})
                page.on("console", lambda said: print("console:", said.text) if said.type == "error" else None)
                page.on("pageerror", lambda error: print("page:", error))
                for name in only or pages.PAGES:
                    page.goto(f"{address}/scene/{name}/?theme={theme}")
                    page.evaluate("document.fonts.ready")
                    page.screenshot(path=folder / f"{name}-{theme}-{look}.png")
                page.close()
        browser.close()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        shoot(Path(sys.argv[1]), sys.argv[2:])
    else:
        with served(8099) as at:
            print(at + "/scene/conversation/", *pages.PAGES)
            threading.Event().wait()
