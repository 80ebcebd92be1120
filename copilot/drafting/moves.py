"""A draft's moves: each is one conditional UPDATE that raises the version, and its count is checked."""

from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import F

import bell
from copilot.drafting.lease import LEASE
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


# What stands between a customer's message and a draft's first words is plain, for making it took as long as
# running it, and does not wait for the disk: what a crash takes back here the next worker does again.
_SOON = "SET LOCAL synchronous_commit = off;"
_CLAIM = f"""{_SOON}
UPDATE copilot_draft SET state = 'thinking', fence = fence + 1, attempts = attempts + 1, failure = '',
    version = version + 1, lease_until = statement_timestamp() + %(lease)s, started_at = statement_timestamp(),
    first_words_at = NULL
WHERE id = %(draft)s AND state = 'queued' AND due_at <= statement_timestamp()
"""
_GROW = f"""{_SOON}
UPDATE copilot_draft SET state = 'streaming', version = version + 1, text = %(text)s,
    lease_until = statement_timestamp() + %(lease)s,
    first_words_at = coalesce(first_words_at, statement_timestamp())
WHERE id = %(draft)s AND fence = %(fence)s AND state IN ('thinking', 'streaming')
"""


def claim(draft_id: int) -> bool:
    """Whether it was due, and is now this worker's to write, behind a new fence."""
    return _changed(_CLAIM, draft=draft_id)


def grow(draft: Draft, text: str) -> bool:
    """More words from the worker that holds the fence; False when it was taken away."""
    grown = _changed(_GROW, draft=draft.pk, fence=draft.fence, text=text)
    if grown:
        bell.tell(f"conversation:{draft.conversation_id}", 0)
    return grown


def _changed(sql: str, **told: Any) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(sql, told | {"lease": LEASE})
        cursor.nextset()
        return bool(cursor.rowcount)


def tell(draft: Draft) -> None:
    """Pages that show the conversation, or the inbox it is in, look again."""
    bell.tell(f"conversation:{draft.conversation_id}", draft.version)
    bell.tell(f"inbox:{draft.conversation.team_id}", draft.version)
