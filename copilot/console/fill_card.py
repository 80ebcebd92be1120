"""The draft card in its true state, from a scene."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.utils import timezone

from copilot.console.cards import (
    Card,
    Check,
    Envelope,
    Person,
    Said,
    Step,
    Verb,
    plain_paragraphs,
    plural,
)
from copilot.console.fill_asks import asks, keeps, others
from copilot.console.fill_files import chosen, of_letter
from copilot.console.fill_lessons import held, lessons
from copilot.console.fill_rows import colleague, customer
from copilot.console.fill_sending import base, decided_card
from copilot.console.fill_text import edited_paragraphs, paragraphs, short
from copilot.console.fill_topic import topic_of
from copilot.console.scene import Scene
from copilot.drafting import failures
from copilot.drafting.opening import envelope as usual_envelope
from copilot.drafting.switch import people_only
from copilot.drafting.topic import NOBODY
from copilot.models import Draft
from copilot.words import changed_words, count_words
from interactions.letter import Attached
from interactions.models import Conversation, OutboxMessage

State = Draft.State
# Somebody whose last keystroke is older has gone; until then the others are asked to wait.
EDITING = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Typed:
    """What a person is typing or has just posted; it comes back to them whatever happened."""

    text: str | None = None
    to: str | None = None
    cc: str | None = None
    subject: str | None = None
    attachments: Sequence[str] | None = None  # digests
    ticks: Sequence[str] = ()


def card(scene: Scene, *, problem: str = "", typed: Typed | None = None, ticks: Sequence[str] = ()) -> Card:
    """The open draft's card, or what became of the newest reply, or "nothing here yet"."""
    made = _card(scene, ticks)
    if typed is not None:
        made = editing(scene, typed) if _can_edit(scene) else replace(made, typed=typed.text or "")
    if not scene.may_answer:
        made = replace(made, can=frozenset())
    return replace(made, problem=problem) if problem else made


def _can_edit(scene: Scene) -> bool:
    return scene.draft is not None and scene.draft.state in (State.READY, State.FAILED, State.ESCALATED)


def _card(scene: Scene, ticks: Sequence[str]) -> Card:
    draft = scene.draft
    if draft is not None and scene.is_open:
        return _OPEN[State(draft.state)](scene, draft, ticks)
    return decided_card(scene) or _no_draft(scene)


def _no_draft(scene: Scene) -> Card:
    ruling = scene.ruling
    can: set[Verb] = {"write", "note"}
    if ruling.may_request:
        can.add("redraft")
    customer = people_only(scene.conversation) if ruling.people_only else None
    why = (customer.people_only_reason or "they asked for it.") if customer else ""
    return Card(
        **base(scene), state="none", asks=ruling.may_request,
        people_only=why, can=frozenset(can),
    )  # fmt: skip


def _queued(scene: Scene, draft: Draft, ticks: Sequence[str]) -> Card:
    if draft.failure:
        meta = f"try {draft.attempts + 1}, after a failure"
    else:
        ahead = Draft.objects.filter(state=State.QUEUED, due_at__lt=draft.due_at).count()
        meta = f"{plural(ahead, 'draft')} ahead" if ahead else ""
    return Card(**base(scene), state="queued", meta=meta, can=frozenset({"write", "note"}))


def _thinking(scene: Scene, draft: Draft, ticks: Sequence[str]) -> Card:
    account = scene.conversation.account
    steps = (
        Step(f"This conversation, {plural(len(scene.messages), 'message')}", "done"),
        Step(f"Records, notes and promises of {account}" if account else "What is on record", "now"),
        Step("Similar replies from the team", "now"),
    )
    return Card(**base(scene), state="thinking", steps=steps, elapsed=_elapsed(draft), can=_WORKING)


def _streaming(scene: Scene, draft: Draft, ticks: Sequence[str]) -> Card:
    return Card(
        **base(scene), state="streaming", paragraphs=plain_paragraphs(draft.text),
        text=draft.text, elapsed=_elapsed(draft), can=_WORKING | {"edit"},
    )  # fmt: skip


_WORKING: frozenset[Verb] = frozenset({"stop", "write", "note"})


def _elapsed(draft: Draft) -> int:
    since = draft.started_at or draft.created_at
    return max(0, int((timezone.now() - since).total_seconds()))


def _ready(scene: Scene, draft: Draft, ticks: Sequence[str]) -> Card:
    if draft.abstained:
        return _abstained(scene, draft)
    refusal = _refusal(scene, draft)
    by_other = edited_now_by(scene, draft)
    open_asks = asks(scene)
    can: set[Verb] = {"approve", "edit", "escalate", "discard", "redraft", "write", "note"}
    meta = ""
    if has_edits(draft):
        meta = _kept(scene, draft)
    if any(f"[{one.gap}]" in (draft.edited_text or draft.text) for one in open_asks):
        can.discard("approve")
    if by_other:
        can -= {"approve", "edit", "discard"}
        meta = f"{by_other.first_name} is editing"
    return Card(
        **base(scene), **_letter(scene, draft), state="refused" if refusal else "ready",
        reason=refusal, meta=meta, can=frozenset(can),
        checks=() if has_edits(draft) else _checks(draft, ticks),
        notices=() if has_edits(draft) else _notices(draft),
        offline=draft.engine == "offline", questions=open_asks, keeps=keeps(scene), lessons=lessons(draft),
        held=held(draft),
        **others(draft),
    )  # fmt: skip


def _letter(scene: Scene, draft: Draft) -> dict[str, Any]:
    """The draft, or what a person has made of it and not sent yet."""
    edited = has_edits(draft)
    text = draft.edited_text if edited else draft.text
    return {
        "paragraphs": (edited_paragraphs if edited else paragraphs)(draft, scene.seen_sources),
        "text": text,
        "envelope": envelope(scene, draft),
        "sources": len(draft.sources),
        "unsupported": 0 if edited else sum(one["tick"] and one["end"] > one["start"] for one in draft.checks),
        "serving": 0 if edited else len(draft.goals),
        "words": count_words(text),
        "edits": edits_of(draft),
    }


def envelope(scene: Scene, draft: Draft | None) -> Envelope:
    usual = usual_envelope(scene.conversation, scene.newest_from_customer) if draft is None else {}
    told: dict[str, Any] = draft.envelope if draft else usual
    return Envelope(
        to=tuple(told["to"]),
        cc=tuple(told["cc"]),
        bcc=tuple(told["bcc"]),
        subject=str(told["subject"]),
        attachments=of_letter(scene.conversation.pk, (Attached(**one) for one in told["attachments"])),
        has_subject=scene.conversation.channel == "email",
    )


def _checks(draft: Draft, ticks: Sequence[str]) -> tuple[Check, ...]:
    return tuple(
        Check(one["id"], one["label"], one["words"], one["id"] in ticks) for one in draft.checks if one["tick"]
    )


def _notices(draft: Draft) -> tuple[Check, ...]:
    return tuple(Check(one["id"], one["label"], one["words"]) for one in draft.checks if not one["tick"])


def has_edits(draft: Draft) -> bool:
    return bool(draft.edited_text) and draft.edited_text != draft.text


def edits_of(draft: Draft) -> int:
    return changed_words(draft.text, draft.edited_text)[0] if has_edits(draft) else 0


def _kept(scene: Scene, draft: Draft) -> str:
    """Such as "Your 5 edited words are kept"."""
    editor, count = draft.edited_by, edits_of(draft)
    whose = f"{editor.first_name}’s" if editor else "A colleague’s"
    if editor and editor.pk == scene.viewer.pk:
        whose = "Your"
    return f"{whose} {plural(count, 'edited word')} {'is' if count == 1 else 'are'} kept"


def edited_now_by(scene: Scene, draft: Draft) -> Person | None:
    """The colleague who is typing in this draft right now, if it is not the viewer."""
    editor, at = draft.edited_by, draft.edited_at
    if editor is None or at is None or editor.pk == scene.viewer.pk:
        return None
    return colleague(editor, note="is editing") if timezone.now() - at < EDITING else None


def _refusal(scene: Scene, draft: Draft) -> str:
    """Why the last reply made from this draft did not leave, when it came back."""
    last = scene.last_reply
    if last is None or last.draft_id != draft.pk or last.outbox is None:
        return ""
    if last.outbox.state in (OutboxMessage.State.DEAD, OutboxMessage.State.RETURNED):
        return f"{last.outbox.reason or 'The receiver did not take it.'} Nothing was sent."
    return ""


def _abstained(scene: Scene, draft: Draft) -> Card:
    account = scene.conversation.account
    question = draft.text.strip() or "What is known does not answer this, so nothing was drafted."
    missing, meta = tuple(draft.missing), "no source, so no draft"
    if draft.engine == NOBODY:
        question, missing, meta = missing[0], missing[1:], "not tried"
    can: set[Verb] = {"redraft", "escalate", "discard", "write", "note"}
    topic = topic_of(scene.conversation)
    if topic is not None and topic.drafting == topic.Drafting.NEVER:
        can.discard("redraft")
    return Card(
        **base(scene), state="abstained", meta=meta, question=question,
        missing=missing, offline=draft.engine == "offline",
        kept=account.name if account else "", questions=asks(scene), keeps=keeps(scene),
        can=frozenset(can),
    )  # fmt: skip


def _stale(scene: Scene, draft: Draft, ticks: Sequence[str]) -> Card:
    newest = scene.newest_from_customer
    said = Said(customer(newest.contact or scene.conversation.contact), short(newest.text)) if newest else None
    kept = f"{_kept(scene, draft)}." if has_edits(draft) else ""
    is_newest = newest is not None and newest.pk == draft.answers_id
    return Card(
        **base(scene), **_letter(scene, draft), state="stale", said=said, kept=kept,
        meta="who the customer is was corrected" if is_newest else "the customer wrote again",
        can=frozenset({"redraft", "edit", "escalate", "discard", "write", "note"}),
    )  # fmt: skip


def _failed(scene: Scene, draft: Draft, ticks: Sequence[str]) -> Card:
    return Card(
        **base(scene), state="failed", reason=failures.told(draft),
        kept="Nothing was sent. The conversation is kept.", reference=draft.reference,
        can=frozenset({"redraft", "escalate", "discard", "write", "note"}),
    )  # fmt: skip


def _escalated(scene: Scene, draft: Draft, ticks: Sequence[str]) -> Card:
    handed_on = scene.escalation
    letter = _letter(scene, draft)
    if handed_on is None:
        return Card(**base(scene), **letter, state="escalated", can=frozenset({"edit", "undo"}))
    to = (
        colleague(handed_on.to_person, scene.viewer)
        if handed_on.to_person
        else Person(str(handed_on.to_team), colleague=True)
    )
    asker = colleague(handed_on.by, scene.viewer)
    question = handed_on.question or handed_on.get_reason_display()
    state = "taken" if handed_on.state == handed_on.State.TAKEN else "not taken yet"
    return Card(
        **base(scene), **letter, state="escalated", person=to, at=handed_on.at,
        meta=f"since {timezone.localtime(handed_on.at):%H:%M}, {state}", said=Said(asker, question),
        kept="" if not to.is_you else "The draft and its sources came along. Answer it, or return it.",
        can=frozenset({"edit", "undo", "write", "note"}),
    )  # fmt: skip


_OPEN = {
    State.QUEUED: _queued,
    State.THINKING: _thinking,
    State.STREAMING: _streaming,
    State.READY: _ready,
    State.STALE: _stale,
    State.FAILED: _failed,
    State.ESCALATED: _escalated,
}


def editing(scene: Scene, typed: Typed) -> Card:
    """The open text of a draft; what is typed comes before what was kept, and that before the draft."""
    draft = scene.draft
    assert draft is not None
    letter = _letter(scene, draft)
    text = draft.edited_text or draft.text if typed.text is None else typed.text
    letter |= {"text": text, "envelope": _addressed(scene.conversation, letter["envelope"], typed)}
    letter["paragraphs"] = paragraphs(draft, scene.seen_sources)  # the margin line compares with these
    return Card(
        **base(scene), **letter, state="editing", saved_at=draft.edited_at,
        checks=_checks(draft, typed.ticks) if text == draft.text and draft.state == State.READY else (),
        can=frozenset({"approve", "edit", "escalate", "write", "note"}), others=others(draft)["others"],
    )  # fmt: skip


def writing(scene: Scene, typed: Typed, problem: str = "") -> Card:
    """A reply of the person's own, from an empty sheet."""
    return Card(
        **base(scene), state="writing", text=typed.text or "", problem=problem,
        envelope=_addressed(scene.conversation, envelope(scene, None), typed), can=frozenset({"write", "note"}),
    )  # fmt: skip


def _addressed(conversation: Conversation, usual: Envelope, typed: Typed) -> Envelope:
    changes: dict[str, Any] = {"subject": typed.subject} if typed.subject is not None else {}
    for name in ("to", "cc"):
        if (told := getattr(typed, name)) is not None:
            changes[name] = tuple(addresses(told))
    if typed.attachments is not None:
        changes["attachments"] = chosen(conversation, typed.attachments)
    return replace(usual, **changes)


def addresses(told: str) -> list[str]:
    """Addresses as people type them: parted by commas, semicolons or lines."""
    return [one.strip() for one in told.replace(";", ",").replace("\n", ",").split(",") if one.strip()]
