"""The why-panel: every source with its quote, what is promised, what must not be repeated, what it cost."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils import timezone

from copilot.console.cards import Line, Pair, Source, Why
from copilot.console.fill_lessons import held, lessons
from copilot.console.fill_rows import day_and_time
from copilot.console.fill_text import short
from copilot.console.fill_topic import record_lines, topic_of
from copilot.console.scene import Scene
from copilot.drafting.topic import NOBODY
from copilot.models import Draft
from copilot.templatetags.rapport import ago
from customers.models import Promise
from interactions.models import Message

_QUOTE_CUT = 400  # the worker keeps this much of a source
_WAYS = {"record": "CRM", "article": "article", "saved_reply": "saved reply", "goal": "goal"}


def why(scene: Scene) -> Why:
    conversation, draft = scene.conversation, scene.draft
    contact = conversation.contact
    known: dict[str, Any] = {
        "account": conversation.account.name if conversation.account else "",
        "customer": contact.shown.first_name if contact else "",
        "topic": conversation.topic,
        "record": tuple(record_lines(topic_of(conversation))),
        "promises": tuple(_promise(one) for one in scene.promises),
    }
    if draft is None:
        return Why(**known, do_not_repeat=tuple(_notes(scene)))
    sources = [_source(one) for one in draft.sources if one["id"] in scene.seen_sources]
    return Why(
        **known,
        sources=tuple(sources),
        hidden=len(draft.sources) - len(sources),
        do_not_repeat=(*_notes(scene), *_internal(scene, draft)),
        missing=tuple(draft.missing),
        lessons=lessons(draft),
        held=held(draft),
        unused=tuple(Line(f"{one['what']}, {one['why']}", "clock") for one in draft.unused),
        model=tuple(_model(draft)) if draft.ready_at else (),
        seconds=_seconds(draft),
    )


def _source(source: Mapping[str, Any]) -> Source:
    title, way = str(source["title"]), _WAYS.get(source["kind"], "")
    if source["kind"] == "past_reply":
        way = f"by {source['author']}"
    quote = str(source["quote"])
    return Source(
        n=source["n"],
        title=f"{title}, {way}" if way else title,
        quote=f"{quote} …" if len(quote) >= _QUOTE_CUT else quote,
        age=ago(datetime.fromisoformat(source["at"])) if source["at"] else "",
        url=source["url"],
    )


def _promise(promise: Promise) -> Line:
    due = ""
    if promise.due_at:
        late = promise.due_at < timezone.now()
        due = f"{'was due' if late else 'due'} {day_and_time(promise.due_at)}"
    return Line(promise.text, "promise", due, promise.owner.name if promise.owner else "")


def _notes(scene: Scene) -> Iterable[Line]:
    """Internal notes in this conversation."""
    for message in scene.messages:
        if message.by == Message.By.NOTE:
            who = message.person.first_name if message.person else message.author_name or "a colleague"
            yield Line(short(message.text), "lock", note=f"from {who}’s note")


def _internal(scene: Scene, draft: Draft) -> Iterable[Line]:
    """Sources that steered the draft and are for colleagues' eyes."""
    for source in draft.sources:
        if source["internal"] and source["id"] in scene.seen_sources and source["kind"] != "message":
            yield Line(short(source["quote"]), "lock", note=str(source["title"]))


def _model(draft: Draft) -> Iterable[Pair]:
    offline = draft.engine == "offline"
    if draft.engine == NOBODY:
        yield Pair("Written by", "nobody: no model was asked")
        return
    yield Pair("Written by", "no language model: your team’s own replies" if offline else draft.model)
    if draft.prompt_version:
        yield Pair("Prompt", draft.prompt_version)
    if draft.first_words_at and draft.started_at:
        yield Pair("First words after", _took(draft.started_at, draft.first_words_at))
    if not offline:
        usage = draft.usage
        read = usage.get("input", 0) + usage.get("cache_read", 0) + usage.get("cache_write", 0)
        yield Pair("Words read and written", f"{read} and {usage.get('output', 0)} tokens")
        yield Pair("Cost", f"${draft.cost_micros / 1_000_000:.4f}")
    if draft.instructions:
        yield Pair("Asked for", "; ".join(draft.instructions))


def _seconds(draft: Draft) -> str:
    return _took(draft.started_at, draft.ready_at) if draft.started_at and draft.ready_at else ""


def _took(begin: datetime, end: datetime) -> str:
    return f"{max(0.0, (end - begin).total_seconds()):.1f} s"
