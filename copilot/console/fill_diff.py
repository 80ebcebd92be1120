"""What a person made of a draft, word by word."""

from collections.abc import Iterable

from copilot import words
from copilot.console.cards import Choice, Person
from copilot.console.compared import Diff, Piece
from copilot.console.fill_rows import colleague
from copilot.console.scene import Scene
from copilot.models import Signal

_OPS = {"same": "same", "insert": "added", "delete": "removed"}


def diff(scene: Scene, show: str = "changes") -> Diff | None:
    """Of the signal that this draft left; None where nothing was sent in its place."""
    draft = scene.draft
    if draft is None:
        return None
    signal = next((d.signal for d in scene.decisions if d.draft_id == draft.pk and _has_signal(d)), None)
    if signal is None:
        signal = Signal.objects.filter(draft=draft).exclude(state="void").select_related("person").first()
        person = colleague(signal.person, scene.viewer) if signal else None
    else:
        person = next(colleague(d.person, scene.viewer) for d in scene.decisions if _has_signal(d))
    if signal is None or person is None or not signal.drafted:
        return None
    return between(scene, signal, person, show)


def _has_signal(decision: object) -> bool:
    signal = getattr(decision, "signal", None)
    return signal is not None and signal.state != Signal.State.VOID


def between(scene: Scene, signal: Signal, person: Person, show: str) -> Diff:
    changed, total = words.changed_words(signal.drafted, signal.sent)
    assert scene.draft is not None
    return Diff(
        conversation_id=scene.conversation.pk, n=scene.draft.n, person=person, changed=changed,
        total=total, percent=round(100 * signal.distance), body_percent=round(100 * signal.body_distance),
        lines=tuple(lines(signal.drafted, signal.sent)), drafted=tuple(_lines(signal.drafted)),
        sent=tuple(_lines(signal.sent)), show=show if show in ("draft", "sent") else "changes",  # type: ignore[arg-type]
        elsewhere=signal.message_id is not None, version=scene.draft.version, reason=signal.reason,
        reasons=_reasons(signal) if scene.may_answer else (), kinds=_kinds(signal),
    )  # fmt: skip


def typed(scene: Scene, text: str) -> Diff:
    """The draft beside what is being typed."""
    draft = scene.draft
    assert draft is not None
    changed, total = words.changed_words(draft.text, text)
    return Diff(
        conversation_id=scene.conversation.pk, n=draft.n, person=colleague(scene.viewer, scene.viewer),
        changed=changed, total=total, percent=round(100 * words.distance(draft.text, text)),
        body_percent=round(100 * words.body_distance(draft.text, text)),
        lines=tuple(lines(draft.text, text)),
    )  # fmt: skip


def lines(drafted: str, sent: str) -> Iterable[tuple[Piece, ...]]:
    """The edit as lines of pieces; a line ends where either text ends one."""
    line: list[Piece] = []
    for edit in words.diff(drafted, sent):
        parts = edit.text.split("\n")
        for number, part in enumerate(parts):
            if number and line:
                yield tuple(line)
                line = []
            if part.strip():
                line.append(Piece(part.strip(), _OPS[edit.op]))  # type: ignore[arg-type]
    if line:
        yield tuple(line)


def _lines(text: str) -> Iterable[str]:
    return (line for line in text.splitlines() if line.strip())


def _kinds(signal: Signal) -> str:
    """In words: a fact and tone."""
    *most, last = [str(Signal.Kind(kind).label) for kind in signal.kinds] or [""]
    return f"{', '.join(most)} and {last}" if most else last


def _reasons(signal: Signal) -> tuple[Choice, ...]:
    return tuple(Choice(value, label, chosen=value == signal.reason) for value, label in Signal.Reason.choices)
