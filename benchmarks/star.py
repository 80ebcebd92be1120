"""Offline drafts on real dialogues: learn from the first nine tenths, draft in the last.

Each case arrives as signed webhooks through the real door, is applied and drafted by the verbs the
workers call, and is compared with what was really sent, beside a random reply of the same team.
"""

import gzip
import json
import os
import random
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.house import ROOT, figure, house, run

CASES = 200
SEED = 20261122
DATA = Path(os.environ.get("RAPPORT_DATA", ROOT.parent / "shared" / "data")) / "star" / "dialogues.jsonl.gz"


def main() -> int:
    if not DATA.exists():
        print(f"The dialogues are not at {DATA}; set RAPPORT_DATA. Nothing was measured.")
        return 0
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        dialogues = [json.loads(line) for line in lines]
    cut = len(dialogues) * 9 // 10
    with house(DRAFT_DEBOUNCE_SECONDS="0", ALLOWED_HOSTS="localhost"):
        run("import_history", str(DATA), "--first", str(cut))
        _measure(dialogues[cut:])
    return 0


def _measure(held_out: list[dict[str, Any]]) -> None:
    from copilot.words import distance

    rng = random.Random(SEED)
    pools = _replies_by_team()
    drafted: list[float] = []
    at_random: list[float] = []
    abstained = 0
    for dialogue, turns, number in _cases(held_out, rng):
        truth = turns[number]["text"]
        draft = _draft(dialogue, turns[:number])
        at_random.append(distance(rng.choice(pools[draft.conversation.team_id]), truth))
        abstained += draft.abstained
        drafted.append(1.0 if draft.abstained else distance(draft.text, truth))
    given = [d for d in drafted if d < 1.0] or [1.0]
    print(f"{CASES} customer messages of the last tenth, drafted without a model (seed {SEED}):")
    figure("distance to what was sent, an abstention counting as 1", _mean(drafted), "")
    figure("distance of a random approved reply of the team", _mean(at_random), "")
    figure("the one beside the other", _mean(drafted) / _mean(at_random), "x")
    figure("distance where a draft shared anything with it", _mean(given), "")
    figure("abstained", abstained / CASES, "of all")


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def _replies_by_team() -> dict[int, list[str]]:
    from copilot.models import PastReply

    pools: dict[int, list[str]] = {}
    for team, text in PastReply.objects.values_list("team_id", "text"):
        pools.setdefault(team, []).append(text)
    return pools


def _cases(
    dialogues: list[dict[str, Any]], rng: random.Random
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]], int]]:
    """A random turn of an agent that answers a customer, of a random dialogue each."""
    found = 0
    while found < CASES:
        dialogue = rng.choice(dialogues)
        turns = [t for t in dialogue["turns"] if t["by"] in ("customer", "agent") and t["text"].strip()]
        answers = [
            n for n in range(1, len(turns)) if turns[n]["by"] == "agent" and turns[n - 1]["by"] == "customer"
        ]
        if answers:
            found += 1
            yield dialogue, turns, rng.choice(answers)


def _draft(dialogue: dict[str, Any], said: list[dict[str, Any]]) -> Any:
    """Everything up to the customer's last message comes in as signed events; then one draft."""
    from copilot.drafting.work import due_drafts, work
    from copilot.models import Draft
    from interactions import inbox

    connection, secret = _connection(dialogue["team"])
    case = uuid.uuid4().hex
    start = datetime.now(UTC) - timedelta(hours=3)
    for number, turn in enumerate(said):
        _post(connection, secret, _event(case, number, turn, start + timedelta(minutes=number)))
    for event in inbox.due_events(100):
        inbox.apply(event)
    for draft in due_drafts(100):
        work(draft)
    ready = Draft.objects.filter(conversation__external_id=case, state=Draft.State.READY)
    return ready.select_related("conversation").get()


_DOORS: dict[str, tuple[str, str]] = {}


def _connection(team_name: str) -> tuple[str, str]:
    from interactions.crm.signing import new_secret
    from interactions.models import Connection
    from people.models import Team

    if team_name not in _DOORS:
        team = Team.objects.get(name__iexact=team_name.replace("_", " "))
        connection, secret = Connection(name="CRM", team=team), new_secret()
        connection.set_secrets([secret])
        connection.save()
        _DOORS[team_name] = (str(connection.pk), secret)
    return _DOORS[team_name]


def _event(case: str, number: int, turn: dict[str, Any], at: datetime) -> dict[str, Any]:
    kind = "message.received" if turn["by"] == "customer" else "message.sent"
    return {
        "type": kind,
        "timestamp": at.isoformat(),
        "data": {
            "conversation": {"id": case, "channel": "chat"},
            "contact": {"id": f"customer-{case}", "name": ""},
            "message": {"id": f"{case}-{number}", "text": turn["text"], "sent_at": at.isoformat()},
        },
    }


def _post(connection: str, secret: str, event: dict[str, Any]) -> None:
    from django.test import Client

    from interactions.crm.signing import sign

    body = json.dumps(event).encode()
    headers = {**sign([secret], uuid.uuid4().hex, datetime.now(UTC), body), "host": "localhost"}
    answer = Client(headers=headers).post(f"/webhooks/{connection}", body, content_type="application/json")
    if answer.status_code != 202:
        raise SystemExit(f"A signed event was answered with {answer.status_code}.")


if __name__ == "__main__":
    sys.exit(main())
