"""Files as a letter names them, as the console shows them."""

from collections.abc import Iterable

from django.template.defaultfilters import filesizeformat
from django.urls import reverse

from copilot.console.cards import File
from interactions.letter import Attached
from interactions.models import Conversation
from interactions.models import File as Kept


def of_letter(conversation_id: int, attached: Iterable[Attached]) -> tuple[File, ...]:
    return tuple(
        File(one.name, "", reverse("file", args=[conversation_id, one.sha256]), one.sha256) for one in attached
    )


def chosen(conversation: Conversation, digests: Iterable[str]) -> tuple[File, ...]:
    """Those of them that are kept, in their order."""
    kept = Kept.objects.filter(conversation=conversation, sha256__in=digests).defer("content")
    known = {one.sha256: one for one in kept}
    return tuple(_file(conversation.pk, known[one]) for one in digests if one in known)


def of_message(told: dict[str, object], conversation_id: int) -> File:
    """Kept here, or where the CRM keeps it."""
    size, digest, url = told.get("size"), told.get("sha256"), str(told.get("url") or "")
    if digest:
        url = reverse("file", args=[conversation_id, digest])
    elif not url.startswith(("https://", "http://")):
        url = ""
    return File(str(told.get("name") or "file"), filesizeformat(size) if isinstance(size, int) else "", url)


def _file(conversation_id: int, kept: Kept) -> File:
    url = reverse("file", args=[conversation_id, kept.sha256])
    return File(kept.name, filesizeformat(kept.size), url, kept.sha256)
