"""Topics proposed from neighbours: real dialogues are labelled by their tasks and 250 are held out. Each of
those gets a topic after its first, second and third message and after all of them.

A dialogue about several tasks has no one topic, so it is left out. The majority's topic stands beside.
"""

import gzip
import json
import os
import random
import sys
import time
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.house import ROOT, figure, house, quantile

SEED = 20261122
HELD_OUT = 250
TURNS = (1, 2, 3, 99)
LEAST_RIGHT = 0.9
DATA = Path(os.environ.get("RAPPORT_DATA", ROOT.parent / "shared" / "data")) / "star" / "dialogues.jsonl.gz"

type Dialogue = tuple[str, list[str]]


def main() -> int:
    if not DATA.exists():
        print(f"The dialogues are not at {DATA}; set RAPPORT_DATA. Nothing was measured.")
        return 0
    dialogues = _dialogues()
    random.Random(SEED).shuffle(dialogues)
    with house():
        return _measure(dialogues[HELD_OUT:], dialogues[:HELD_OUT])


def _dialogues() -> list[Dialogue]:
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    return [(row["tasks"][0], _said(row)) for row in rows if len(row["tasks"]) == 1]


def _said(row: dict[str, Any]) -> list[str]:
    return [turn["text"] for turn in row["turns"] if turn["by"] == "customer" and turn["text"].strip()]


def _measure(known: list[Dialogue], held_out: list[Dialogue]) -> int:
    from django.db import connection

    from people.models import Team

    team = Team.objects.create(name="Service", slug="service")
    _learn(team, known)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    majority, count = Counter(topic for topic, _ in known).most_common(1)[0]
    baseline = sum(topic == majority for topic, _ in held_out) / len(held_out)
    topics = len({topic for topic, _ in known})
    print(f"{len(held_out)} dialogues held out, {len(known)} labelled, {topics} topics (seed {SEED}):")
    figure(f"the majority's topic ({majority}, {count} of those)", baseline, "right")
    found: list[tuple[str, str | None]] = []
    for turns in TURNS:
        found, times = _guess_all(team, held_out, turns)
        _print(f"after {'all' if turns == 99 else turns} of the customer's messages", found, times)
    _print_by_topic(found)
    right = sum(one == truth for truth, one in found) / len(found)
    figure("all messages, beside the majority's topic", right / baseline, "x")
    print("  " + ("well" if right >= LEAST_RIGHT else "TOO LOW") + f": at least {LEAST_RIGHT} was wanted")
    return 0 if right >= LEAST_RIGHT else 1


def _learn(team: Any, known: list[Dialogue]) -> None:
    from copilot.insight.topics import label_history
    from interactions.models import Conversation, Message

    now = datetime.now(UTC)
    rows = Conversation.objects.bulk_create(
        Conversation(team=team, topic=topic, language="en", created_at=now, last_message_at=now)
        for topic, _ in known
    )
    label_history(
        (row, [Message(conversation=row, by="customer", text=text) for text in said])
        for row, (_, said) in zip(rows, known, strict=True)
    )


def _guess_all(
    team: Any, held_out: list[Dialogue], turns: int
) -> tuple[list[tuple[str, str | None]], list[float]]:
    from copilot.context.topics import nearest_topic, words_to_find
    from copilot.models import Topic
    from interactions.models import Conversation

    names = dict(Topic.objects.values_list("pk", "name"))
    found, times = [], []
    for truth, said in held_out:
        asked = Conversation(team=team, language="en")
        began = time.perf_counter()
        topic = nearest_topic(asked, words_to_find("", said[:turns]))
        times.append(time.perf_counter() - began)
        found.append((truth, names[topic] if topic else None))
    return found, times


def _print(name: str, found: list[tuple[str, str | None]], times: list[float]) -> None:
    given = [(truth, one) for truth, one in found if one is not None]
    right = sum(truth == one for truth, one in given)
    print(f"  {name}:")
    figure("  right, of all", right / len(found), "")
    figure("  given a topic, of all", len(given) / len(found), "")
    figure("  right, of those given one", right / max(1, len(given)), "")
    figure("  time of one, 95th percentile", 1000 * quantile(times, 0.95), "ms")


def _print_by_topic(found: list[tuple[str, str | None]]) -> None:
    print("  by topic, after all messages: right, none, wrong")
    for topic in sorted({truth for truth, _ in found}):
        mine = [one for truth, one in found if truth == topic]
        right, none = mine.count(topic), mine.count(None)
        print(f"    {topic:<24} {right:>4} {none:>4} {len(mine) - right - none:>4}")


if __name__ == "__main__":
    sys.exit(main())
