"""The inbox: a list of conversations, the longest wait first, a page of fifty at a time."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.http import HttpResponse
from django.urls import reverse

from copilot.console import lists
from copilot.console.fill_rows import rows
from copilot.console.rows import Place, RowList
from copilot.console.shell import inbox_url, label_of, shell
from copilot.console.visit import Visit, page, reads
from interactions.models import Conversation, InboxEvent


@page(allowed=reads)
def inbox(visit: Visit) -> HttpResponse:
    view = view_of(visit)
    after = visit.request.GET.get("after", "")
    if visit.wants_part and after:
        return visit.show("inbox.html#rows", {"list": row_list(visit, view, after=after)})
    context = inbox_context(visit, view, after=after)
    if visit.wants_part and visit.aims_at == "list":
        return visit.show("inbox.html#list", context)
    if not context["list"].rows and _nothing_ever_came():
        context["start"] = _first_steps(visit)
    return visit.show("inbox.html", context)


def view_of(visit: Visit) -> str:
    return told_view(visit) or lists.default_view(visit.who)


def told_view(visit: Visit) -> str:
    """The list a page stands beside: told in its address, or in that of the page an action came from."""
    view = visit.request.GET.get("view", "")
    if not view and visit.request.method == "POST":
        acted_on = visit.htmx.current_url or visit.request.headers.get("Referer", "")
        view = parse_qs(urlsplit(acted_on).query).get("view", [""])[0]
    return view if view in lists.VIEWS else ""


def inbox_context(
    visit: Visit, view: str, *, selected: int | None = None, after: str = ""
) -> dict[str, Any]:  # fmt: skip
    frame = shell(visit, "inbox", view)
    parts = frame.places[0].parts
    count = next(part.count for part in parts if part.current)
    return {
        "shell": frame,
        "section": "inbox",
        "list": row_list(visit, view, parts, count, selected=selected, after=after),
    }


def row_list(
    visit: Visit,
    view: str,
    parts: tuple[Place, ...] = (),
    count: int | None = None,
    *,
    selected: int | None = None,
    after: str = "",
) -> RowList:
    found = lists.page_of(visit.who, view, after)
    empty_next, empty_url, empty_label = _elsewhere(view, parts)
    return RowList(
        title=label_of(visit, view),
        view=view,
        count=count,
        rows=rows(found.conversations, view, selected),
        url=inbox_url(view),
        views=parts,
        next_url=inbox_url(view, after=found.after) if found.after else "",
        empty_next=empty_next,
        empty_url=empty_url,
        empty_label=empty_label,
    )


def _elsewhere(view: str, parts: tuple[Place, ...]) -> tuple[str, str, str]:
    """Where an empty list sends its reader: to what nobody has taken."""
    numbers = {lists.VIEWS[n]: part.count for n, part in enumerate(parts)}
    if view != "unassigned" and numbers.get("unassigned"):
        return "Some conversations have nobody yet.", inbox_url("unassigned"), "See the unassigned"
    return "New messages appear here by themselves.", "", ""


def _nothing_ever_came() -> bool:
    return not Conversation.objects.exists() and not InboxEvent.objects.exists()


def _first_steps(visit: Visit) -> list[dict[str, str]]:
    to_connect = reverse("settings-connections") if visit.who.is_admin else ""
    return [
        {
            "title": "Connect your CRM", "state": "now", "url": to_connect, "action": "Connections",
            "text": "An admin makes a connection: one address and one secret for your CRM’s webhooks.",
        },
        {
            "title": "Send a test message", "state": "later", "url": "", "action": "",
            "text": "Let the CRM send a message.received event. It appears here within a second.",
        },
        {
            "title": "Answer it", "state": "later", "url": "", "action": "",
            "text": "Read the draft and what it rests on, change what you like, and approve it.",
        },
    ]  # fmt: skip


@page()
def front(visit: Visit) -> HttpResponse:
    """The first page after signing in: where this person’s work is."""
    if visit.who.inbox_teams or visit.who.reads_all:
        return visit.go(reverse("inbox"))
    if visit.who.is_manager:
        return visit.go(reverse("accounts"))
    return visit.go(reverse("settings-people" if visit.who.is_admin else "settings-me"))
