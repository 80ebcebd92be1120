"""One conversation: its page, its drafts' permalinks, and the part that answers an action."""

from dataclasses import replace
from typing import Any

from django.http import HttpResponse
from django.urls import reverse

from copilot.console import lists
from copilot.console import scene as scenes
from copilot.console.cards import Card
from copilot.console.fill_card import Typed, edited_now_by, editing
from copilot.console.fill_diff import diff
from copilot.console.fill_rows import conversation_url, row
from copilot.console.fill_thread import colleagues, thread
from copilot.console.inbox import inbox_context, told_view, view_of
from copilot.console.rows import Status
from copilot.console.scene import Scene
from copilot.console.visit import Visit, page, reads
from copilot.models import Signal
from interactions.models import Conversation
from people.audit import note_deed


@page(allowed=reads)
def conversation(visit: Visit, conversation_id: int) -> HttpResponse:
    found = scenes.find(visit, conversation_id)
    if visit.who.reads_all:
        note_deed(visit.person, "read", found)
    scene = scenes.load(visit, found)
    return show_conversation(visit, scene, _open_text(visit, scene))


def _open_text(visit: Visit, scene: Scene) -> Card | None:
    """`?edit` opens the draft's text, `?write` an empty sheet: the way without JavaScript."""
    if not scene.may_answer or scene.draft is None or not scene.is_open:
        return None
    if "edit" in visit.request.GET and not edited_now_by(scene, scene.draft):
        return editing(scene, kept_envelope(visit, conversation_id=scene.conversation.pk, n=scene.draft.n))
    return None


_KEPT = ("to", "cc", "subject", "attachments")


def keep_envelope(visit: Visit, typed: Typed, *, conversation_id: int, n: int) -> None:
    """To, Cc, Subject and files as the person left them, for when they open the editor again. What the card
    shows, and anybody may approve, stays as it was until they send theirs."""
    told = {name: value for name in _KEPT if (value := getattr(typed, name)) is not None}
    key = f"envelope-{conversation_id}-{n}"
    if not told:
        visit.request.session.pop(key, None)
    elif visit.request.session.get(key) != told:
        visit.request.session[key] = told


def kept_envelope(visit: Visit, *, conversation_id: int, n: int) -> Typed:
    return Typed(**visit.request.session.get(f"envelope-{conversation_id}-{n}", {}))


def show_conversation(
    visit: Visit, scene: Scene, card: Card | None = None, *, status: int = 200, show: str = "", said: str = ""
) -> HttpResponse:
    """The whole page, or for htmx the pane beside the list."""
    view = view_of(visit)
    made = replace(thread(scene, card, view=view, show=show), colleagues=colleagues(scene))
    if visit.wants_part and visit.aims_at == "pane":
        return visit.show("conversation.html#pane", {"thread": made, "part": True}, status)
    context = inbox_context(visit, view, selected=scene.conversation.pk)
    context |= {"thread": made, "status": Status(said) if said else None}
    return visit.show("conversation.html", context, status)


@page("GET", "HEAD", "POST", allowed=reads)
def draft(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    """A draft's own address: what it was and what became of it. A POST says why it was changed."""
    show = visit.request.GET.get("show", "changes")
    if visit.request.method == "POST":
        _keep_reason(visit, scenes.find_to_answer(visit, conversation_id), n)
    scene = scenes.load(visit, scenes.find(visit, conversation_id), n)
    if visit.wants_part and visit.aims_at == "diff":
        return visit.show("draft.html#diff", {"diff": diff(scene, show)})
    if visit.request.method == "POST":
        return visit.go(reverse("draft", args=[conversation_id, n]))
    if visit.who.reads_all:
        note_deed(visit.person, "read", scene.conversation)
    return show_conversation(visit, scene, show=show)


def _keep_reason(visit: Visit, found: Conversation, n: int) -> None:
    """Pressing the chosen reason again takes it back."""
    reason = visit.request.POST.get("reason", "")
    if reason not in Signal.Reason.values:
        return
    signals = Signal.objects.filter(draft__conversation=found, draft__n=n).exclude(state=Signal.State.VOID)
    newest = signals.order_by("-pk").first()
    if newest:
        newest.reason = "" if newest.reason == reason else reason
        newest.save(update_fields=["reason"])


def answer_action(
    visit: Visit, conversation_id: int, *, said: Status | None = None
) -> HttpResponse:  # fmt: skip
    """What an action leaves: for htmx the card with its panel and row, else the page anew."""
    if not visit.wants_part:
        return visit.go(conversation_url(conversation_id, told_view(visit)))
    scene = scenes.load(visit, scenes.find(visit, conversation_id))
    return answer_with(visit, scene, None, 200, said)


def answer_with(
    visit: Visit, scene: Scene, card: Card | None, status: int, said: Status | None = None
) -> HttpResponse:
    if not visit.wants_part:
        return show_conversation(visit, scene, card, status=status)
    return visit.show("conversation.html#update", update_context(visit, scene, card, said), status)


def update_context(
    visit: Visit, scene: Scene, card: Card | None = None, said: Status | None = None
) -> dict[str, Any]:
    [listed] = lists.listed(conversation=scene.conversation.pk)
    return {
        "thread": thread(scene, card),
        "status": said,
        "row": row(listed, view_of(visit), selected=True),
    }
