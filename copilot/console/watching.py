"""What an open page knows already, and what is new for it: the database's half of the live stream."""

import time
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth import get_user
from django.db import connection as database
from django.http import Http404, HttpRequest
from django.template.loader import render_to_string
from django.utils import timezone

from copilot.console import lists
from copilot.console import scene as scenes
from copilot.console.conversation import update_context
from copilot.console.fill_rows import rows
from copilot.console.fill_thread import letter
from copilot.console.inbox import view_of
from copilot.console.rows import Row
from copilot.console.scene import Scene
from copilot.console.visit import Visit
from copilot.models import Draft
from interactions.models import Message
from people.access import standing
from people.models import User
from people.zone import zone_of

type Event = tuple[str, dict[str, Any]]


START_PAUSE = 0.15  # a draft that only begins is told after its first words, or after this

_BEFORE_WORDS = (Draft.State.QUEUED, Draft.State.THINKING, Draft.State.STREAMING)


# Plain, for every ring asks it of every open page: by the ORM it took five times as long to make as to run.
_STATE = """
SELECT
    version, status, assignee_id,
    (SELECT json_build_object('n', n, 'version', version, 'state', state, 'text', text, 'editor', edited_by_id,
        'others', (SELECT count(*) FROM copilot_alternative AS other
                   WHERE other.draft_id = copilot_draft.id AND other.state <> 'queued'))
     FROM copilot_draft WHERE conversation_id = conversation.id ORDER BY n DESC LIMIT 1),
    (SELECT json_build_object('id', decision.id, 'undone', undone_at, 'state', state)
     FROM copilot_decision AS decision LEFT JOIN interactions_outboxmessage AS sent ON sent.id = outbox_id
     WHERE decision.conversation_id = conversation.id ORDER BY decision.id DESC LIMIT 1),
    (SELECT max(learnt_at) FROM copilot_signal WHERE conversation_id = conversation.id)
FROM interactions_conversation AS conversation WHERE id = %s
"""


class Gone(Exception):
    """This person may not (or no longer) watch this."""


@dataclass
class Watch:
    """One open page: a list and, with `conversation_id`, a conversation."""

    request: HttpRequest
    conversation_id: int | None
    visit: Visit = field(init=False)
    _seen: dict[str, Any] = field(default_factory=dict)
    _rows: dict[int, Row] = field(default_factory=dict)
    _came: set[int] = field(default_factory=set)
    _last_message: int = 0
    card_waits: bool = False
    start_waits: float = 0.0  # until when, by the monotonic clock

    @property
    def topics(self) -> list[str]:
        teams = [f"inbox:{team}" for team in sorted(self.visit.who.inbox_teams)]
        return [*teams, *([f"conversation:{self.conversation_id}"] if self.conversation_id else [])]

    def begin(self) -> list[Event]:
        """The snapshot with which every stream opens."""
        self.check()
        with timezone.override(self._zone()):
            self._rows = {one.id: one for one in self._list()}
            if self.conversation_id is None:
                return [("snapshot", {})]
            self._seen = self._state()
            scene = self._scene()
            self._last_message = max((message.pk for message in scene.messages), default=0)
            return [("snapshot", self._card(scene))]

    def check(self) -> None:
        """Signed in still, and allowed still?"""
        user = get_user(self.request)
        if not isinstance(user, User) or not user.is_active:
            raise Gone
        self.visit = Visit(self.request, user, standing(user))
        if not self.visit.reads_conversations:
            raise Gone
        if self.conversation_id is not None:
            try:
                scenes.find(self.visit, self.conversation_id)
            except Http404:
                raise Gone from None

    def look_at_conversation(self) -> list[Event]:
        with timezone.override(self._zone()):
            return self._look_at_conversation() if self.conversation_id else []

    def look_at_list(self) -> list[Event]:
        with timezone.override(self._zone()):
            return self._look_at_list()

    def _zone(self) -> ZoneInfo:
        return ZoneInfo(zone_of(self.visit.person))

    def _look_at_conversation(self) -> list[Event]:
        before, now = self._seen, self._state()
        if self._only_starts(before, now):
            self.start_waits = self.start_waits or time.monotonic() + START_PAUSE
            if time.monotonic() < self.start_waits:
                return []
        self._seen, self.start_waits = now, 0.0
        if now == before and not self.card_waits:
            return []
        if not self.card_waits and self._only_grew(before, now):
            draft = now["draft"]
            # The first words go ahead; making the card they stand on takes much longer.
            self.card_waits = before["draft"]["state"] != Draft.State.STREAMING
            return [("text", {"draft": draft["n"], "version": draft["version"], "text": draft["text"]})]
        self.card_waits = False
        scene = self._scene()
        return [*self._messages(scene), ("card", self._card(scene))]

    def _state(self) -> dict[str, Any]:
        """All that can change on this page, in one query."""
        with database.cursor() as cursor:
            cursor.execute(_STATE, [self.conversation_id])
            found = cursor.fetchone()
        if found is None:
            raise Gone
        state = dict(zip(("version", "status", "assignee", "draft", "reply", "learnt"), found, strict=True))
        if state["draft"] and self.visit.person.only_finished_drafts and state["draft"]["state"] == "streaming":
            state["draft"] |= {"text": "", "version": 0}
        return state

    def _only_starts(self, before: dict[str, Any], now: dict[str, Any]) -> bool:
        """From queued to thinking: making that card would hold up the words that follow."""
        return _moves(before, now) == (Draft.State.QUEUED, Draft.State.THINKING)

    def _only_grew(self, before: dict[str, Any], now: dict[str, Any]) -> bool:
        old, new = _moves(before, now)
        return old in _BEFORE_WORDS and new == Draft.State.STREAMING and bool(now["draft"]["text"])

    def _scene(self) -> Scene:
        assert self.conversation_id is not None
        try:
            return scenes.load(self.visit, scenes.find(self.visit, self.conversation_id))
        except Http404:
            raise Gone from None

    def _card(self, scene: Scene) -> dict[str, Any]:
        context = update_context(self.visit, scene)
        context["why"] = context["thread"].why
        html = render_to_string("console/_live.html", context, self.request)
        card = context["thread"].card
        return {"draft": card.n, "version": card.version, "html": html}

    def _messages(self, scene: Scene) -> list[Event]:
        fresh = [message for message in scene.messages if message.pk > self._last_message]
        self._last_message = max([self._last_message, *(message.pk for message in fresh)])
        return [("message", {"html": self._letter(message, scene)}) for message in fresh]

    def _letter(self, message: Message, scene: Scene) -> str:
        return render_to_string("console/_letter.html", {"letter": letter(message, scene)}, self.request)

    def _list(self) -> tuple[Row, ...]:
        view = view_of(self.visit)
        return rows(lists.page_of(self.visit.who, view).conversations, view, self.conversation_id)

    def _look_at_list(self) -> list[Event]:
        """Rows on the page change in place; new ones are announced and never push others down."""
        now = {one.id: one for one in self._list()}
        changed = [one for pk, one in now.items() if pk in self._rows and one != self._rows[pk]]
        came = now.keys() - self._rows.keys()
        html = "".join(render_to_string("console/_row.html", {"row": one}, self.request) for one in changed)
        self._rows |= {one.id: one for one in changed}
        if not changed and came == self._came:
            return []
        self._came = came
        return [("list", {"changed": len(came), "html": html})]


def _moves(before: dict[str, Any], now: dict[str, Any]) -> tuple[str, str]:
    """From which state to which the draft moved, where nothing else changed; else two empty texts."""
    old, new = before["draft"], now["draft"]
    rest = {name: value for name, value in now.items() if name != "draft"}
    same = bool(old and new) and rest.items() <= before.items() and old["n"] == new["n"]
    return (old["state"], new["state"]) if same else ("", "")
