"""A draft's text as a card shows it: paragraphs of sentences, each with its marks and its flag."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from copilot.console.cards import Paragraph, Run
from copilot.models import Draft
from copilot.words import sentences

_CHANNELS = {"email": "Email", "chat": "Chat", "phone": "Phone", "sms": "Text message"}
_BLANK_LINE = re.compile(r"\n[ \t]*\n")


def paragraphs(draft: Draft, seen: Iterable[str]) -> tuple[Paragraph, ...]:
    """Marks of sources that the viewer may not see are left out."""
    return tuple(_paragraphs(draft.text, _runs(draft, seen)))


def edited_paragraphs(draft: Draft, seen: Iterable[str]) -> tuple[Paragraph, ...]:
    """What a person made of it: sentences that they left as they were keep their marks."""
    drafted = {run.text: run for _, _, run in _runs(draft, seen)}
    text = draft.edited_text
    runs = [(start, end, drafted.get(text[start:end], Run(text[start:end]))) for start, end in sentences(text)]
    return tuple(
        Paragraph(one.runs, typed=any(run.text.rstrip("\n") not in drafted for run in one.runs))
        for one in _paragraphs(text, runs)
    )


def _runs(draft: Draft, seen: Iterable[str]) -> list[tuple[int, int, Run]]:
    sources = [source for source in draft.sources if source["id"] in set(seen)]
    return [
        (start, end, Run(draft.text[start:end], _marks(sources, start, end), *_flag(draft, start, end)))
        for start, end in sentences(draft.text)
    ]


def _marks(sources: Iterable[Mapping[str, Any]], start: int, end: int) -> tuple[int, ...]:
    """A citation stands right after what it supports, so at the sentence's end or inside it."""
    return tuple(s["n"] for s in sources if any(start < at <= end + 1 for at in s["marks"]))


def _flag(draft: Draft, start: int, end: int) -> tuple[str, str]:
    """In a word how it looks, and in words why; what nothing supports is said first."""
    doubt = _doubt(draft, start, end)
    if not any(one["start"] < end and start < one["end"] for one in draft.goals):
        return ("unsupported", doubt) if doubt else ("", "")
    return ("unsupported", f"{doubt}, serves a goal") if doubt else ("goal", "serves a goal")


def _doubt(draft: Draft, start: int, end: int) -> str:
    if any(one.gap and f"[{one.gap}]" in draft.text[start:end] for one in draft.questions.all()):
        return "left open"
    for check in draft.checks:
        if check["start"] < end and start < check["end"]:
            return str(check["note"])
    return ""


def _paragraphs(text: str, runs: list[tuple[int, int, Run]]) -> Iterable[Paragraph]:
    """A blank line parts paragraphs; so does a line's end after a marked sentence."""
    current: list[Run] = []
    last_end = 0
    for start, end, run in runs:
        gap = text[last_end:start]
        if current and "\n" in gap:
            if _BLANK_LINE.search(gap) or current[-1].marks:
                yield Paragraph(tuple(current))
                current = []
            else:
                before = current[-1]
                current[-1] = Run(before.text + "\n", before.marks, before.flag, before.words)
        current.append(run)
        last_end = end
    if current:
        yield Paragraph(tuple(current))


def channel_name(channel: str) -> str:
    """In the reader's words where we have them, else as the CRM calls it."""
    return _CHANNELS.get(channel, channel.replace("_", " ").capitalize())


def short(text: str, most: int = 240) -> str:
    """The beginning of a text on one line, cut between words."""
    line = " ".join(text.split())
    return line if len(line) <= most else f"{line[:most].rpartition(' ')[0]} …"
