"""Which sentences of a reply serve a goal with the account, and what is left of it without them.

A sentence that answers a question serves that, whatever its mark says: without all that are named here, every
question of the customer is as answered as it was.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from copilot.context.value import Context
from copilot.drafting.checks.questions import unanswered
from copilot.drafting.engine import Mark, Reply
from copilot.lessons import Change, changed, moved
from copilot.words import body, sentences

type Span = Mapping[str, Any]  # the goal's item id, `start` and `end` of the sentence in the text


def serving(reply: Reply, context: Context) -> list[Span]:
    """The sentences marked with a goal that can all go together, in their order."""
    found: list[Span] = []
    for span in _marked(reply, context):
        if _can_go(reply, context, [*found, span]):
            found.append(span)
    return found


def _marked(reply: Reply, context: Context) -> Iterable[Span]:
    goals = {item.id for item in context.items if item.kind == "goal"}
    marks = [mark for mark in reply.marks if mark.item_id in goals]
    for start, end in sentences(reply.text):
        goal = next((mark.item_id for mark in marks if start < mark.at <= end + 1), "")
        if goal:
            yield {"id": goal, "start": start, "end": end}


def _can_go(reply: Reply, context: Context, spans: Sequence[Span]) -> bool:
    """Something is left, and it leaves no question open that the whole reply answers."""
    rest = body(changed(reply.text, cuts(reply.text, spans)))
    left = [mark for mark in reply.marks if not _within(mark.at, spans)]
    open_before = unanswered(context.question, body(reply.text), _titles(reply.marks, context))
    return bool(rest) and set(unanswered(context.question, rest, _titles(left, context))) <= set(open_before)


def _titles(marks: Iterable[Mark], context: Context) -> str:
    cited = (context.item(mark.item_id) for mark in marks)
    return " ".join(item.title for item in cited if item and item.quotable)


def _within(at: int, spans: Iterable[Span]) -> bool:
    return any(span["start"] < at <= span["end"] + 1 for span in spans)


def cuts(text: str, spans: Iterable[Span]) -> list[Change]:
    """What is to be taken out: the sentences, with the blanks that parted them from their neighbours."""
    runs: list[tuple[int, int]] = []
    for span in spans:
        start = span["start"]
        if runs and not text[runs[-1][1] : start].strip():
            start = runs.pop()[0]
        runs.append((start, span["end"]))
    return [_cut(text, *run) for run in runs]


def _cut(text: str, start: int, end: int) -> Change:
    begins = start == 0 or text[start - 1] == "\n"
    blanks = re.compile(r"\s*" if begins else r"[ \t]*")
    after = blanks.match(text, end)
    end = after.end() if after else end
    if not begins and (end == len(text) or text[end] == "\n"):
        start = len(text[:start].rstrip(" \t"))
    return Change(start, end, "")


def without(
    text: str, sources: Iterable[Mapping[str, Any]], checks: Iterable[Mapping[str, Any]], spans: Sequence[Span]
) -> dict[str, Any]:
    """The wording without these sentences: its text, and its sources and checks in their new places."""
    made = cuts(text, spans)
    kept = ({**one, "marks": _left(one["marks"], spans, made)} for one in sources)
    cited = [one for one in kept if one["marks"]]
    return {
        "text": changed(text, made).strip(),
        "sources": [{**one, "n": number} for number, one in enumerate(cited, 1)],
        "checks": [_placed(one, made) for one in checks if not _within(one["end"], spans)],
        "goals": [],
    }


def _left(marks: Iterable[int], spans: Sequence[Span], made: Sequence[Change]) -> list[int]:
    return [moved(at, made) for at in marks if not _within(at, spans)]


def _placed(check: Mapping[str, Any], made: Sequence[Change]) -> dict[str, Any]:
    if check["start"] == check["end"]:
        return dict(check)
    return {**check, "start": moved(check["start"], made), "end": moved(check["end"], made)}
