"""A draft's moves: each is one conditional UPDATE that raises the version, and its count is checked."""

from collections.abc import Iterable
from typing import Any

from django.db.models import F

import bell
from copilot.models import Draft

State = Draft.State


def move(draft: Draft, to: str, *, only_from: Iterable[str] | None = None, **fields: Any) -> bool:
    """Move to another state; False when it is not (or no longer) in one that allows the move."""
    allowed = {origin for origin, goals in Draft.MOVES.items() if to in goals}
    origins = allowed if only_from is None else allowed & set(only_from)
    moved = Draft.objects.filter(pk=draft.pk, state__in=origins).update(
        state=to, version=F("version") + 1, **fields
    )
    if moved:
        draft.refresh_from_db(from_queryset=Draft.objects.select_related("conversation"))
        tell(draft)
    return bool(moved)


def write(draft: Draft, fence: int, **fields: Any) -> bool:
    """New text or progress from the worker that holds the fence; False when it was taken away."""
    written = Draft.objects.filter(pk=draft.pk, fence=fence, state__in=Draft.WORKING).update(
        version=F("version") + 1, **fields
    )
    if written:
        bell.tell(f"conversation:{draft.conversation_id}", 0)
    return bool(written)


def tell(draft: Draft) -> None:
    """Pages that show the conversation, or the inbox it is in, look again."""
    bell.tell(f"conversation:{draft.conversation_id}", draft.version)
    bell.tell(f"inbox:{draft.conversation.team_id}", draft.version)
