"""Files of a conversation: opened by whoever may see it, and added to a reply by whoever writes it."""

from dataclasses import replace

from django.http import Http404, HttpResponse
from django.utils.http import content_disposition_header

from copilot.console import scene as scenes
from copilot.console.fill_card import Typed
from copilot.console.visit import Visit, page, reads
from copilot.decisions import Invalid
from interactions import files
from interactions.models import Conversation

# Pictures that a browser only draws; everything else is saved, and never run in our name.
DRAWN = ("image/png", "image/jpeg", "image/gif", "image/webp")


@page("GET", "HEAD", allowed=reads)
def file(visit: Visit, conversation_id: int, sha256: str) -> HttpResponse:
    kept = scenes.find(visit, conversation_id).files.filter(sha256=sha256).first()
    if kept is None:
        raise Http404
    is_drawn = kept.type in DRAWN
    answer = HttpResponse(
        bytes(kept.content), content_type=kept.type if is_drawn else "application/octet-stream"
    )
    answer["Content-Disposition"] = content_disposition_header(not is_drawn, kept.name) or "attachment"
    answer["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return answer


def add_chosen(visit: Visit, conversation: Conversation, typed: Typed) -> Typed:
    """The reply as typed, with the files that were chosen for it. Raises Invalid."""
    digests = list(typed.attachments or ())
    try:
        chosen = visit.request.FILES.getlist("file")
        digests += [files.add(conversation, one, visit.person).sha256 for one in chosen]
        files.named(conversation, digests)
    except files.Unfit as error:
        raise Invalid(f"{error} Your text is kept.") from None
    return replace(typed, attachments=list(dict.fromkeys(digests)))


def check_none_waits(visit: Visit) -> None:
    """A file that was chosen and not added yet would be missing from what leaves."""
    if visit.request.POST.get("file") or visit.request.FILES:
        raise Invalid("The file you chose is not added yet. Add it, or take it off. Nothing was sent.")
