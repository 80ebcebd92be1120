"""What a rehearsal showed, in all and by topic: counts, cost, and how far drafts were from what was sent."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from copilot.learning.proof import Effect, effect
from copilot.models import Rehearsal, RehearsedReply

State = RehearsedReply.State


@dataclass(frozen=True, slots=True)
class Result:
    """Of `n` replies. `distance` is that of drafts to what was sent, 0 to 1; `unsupported` counts drafts."""

    topic: str
    n: int
    waiting: int
    drafted: int
    as_sent: int
    abstained: int
    failed: int
    unsupported: int
    cost_micros: int
    distance: Effect


def results(rehearsal: Rehearsal) -> tuple[Result, tuple[Result, ...]]:
    """In all, and by topic: the most frequent first, what has no topic last."""
    rows = list(rehearsal.replies.select_related("topic").defer("text", "missing", "checks"))
    by_topic: dict[str, list[RehearsedReply]] = defaultdict(list)
    for row in rows:
        by_topic[row.topic.name if row.topic else ""].append(row)
    ordered = sorted(by_topic.items(), key=lambda one: (not one[0], -len(one[1]), one[0]))
    return _result("", rows), tuple(_result(topic, some) for topic, some in ordered)


def _result(topic: str, rows: Sequence[RehearsedReply]) -> Result:
    distances = [row.distance for row in rows if row.distance is not None]
    return Result(
        topic=topic,
        n=len(rows),
        waiting=sum(row.state == State.QUEUED for row in rows),
        drafted=len(distances),
        as_sent=sum(one == 0 for one in distances),
        abstained=sum(row.abstained for row in rows),
        failed=sum(row.state == State.FAILED for row in rows),
        unsupported=sum(row.unsupported > 0 for row in rows if row.distance is not None),
        cost_micros=sum(row.cost_micros for row in rows),
        distance=effect(distances),
    )
