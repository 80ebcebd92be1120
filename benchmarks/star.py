"""Offline drafts on real dialogues: learn from the first nine tenths, draft in the last.

Each case arrives as signed webhooks through the real door, what the agent had looked up among them as records;
it is applied and drafted by the verbs the workers call, and compared with what was really sent. Beside it, on
the same cases: a random reply of the team, the nearest one, and the plain consensus (of the ten nearest the one
most like the others). Those three are sent with whatever they hold of other customers; a draft holds only what
two colleagues told two customers or this customer's own record says, and where that is nothing it abstains,
which counts as 1.
"""

import gzip
import json
import os
import random
import sys
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks.house import ROOT, figure, house, run

CASES = int(os.environ.get("CASES", "200"))
SEED = int(os.environ.get("SEED", "20261122"))
TEN = 10
# Tasks in which the customer has something with the house already, and asks about that.
SUPPORT = frozenset(
    "bank_balance bank_fraud_report doctor_followup hotel_service_request ride_change ride_status".split()
)
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


@dataclass(frozen=True, slots=True)
class Case:
    """Distances to what was really sent; `ours` is None for an abstention."""

    support: bool
    ours: float | None
    at_random: float
    nearest: float
    plain: float


def _measure(held_out: list[dict[str, Any]]) -> None:
    by_chance = random.Random(SEED)  # of its own, so that the cases do not depend on how many replies there are
    pools = _replies_by_team()
    cases = [_case(pools, by_chance, *one) for one in _cases(held_out, random.Random(SEED))]
    print(f"{len(cases)} customer messages of the last tenth, drafted without a model (seed {SEED}):")
    _tell("all tasks", cases)
    _tell("the six support tasks", [one for one in cases if one.support])


def _case(
    pools: dict[int, list[str]], rng: random.Random, dialogue: dict[str, Any], turns: list[Any], number: int
) -> Case:
    from copilot.words import distance

    truth = turns[number]["text"]
    draft = _draft(dialogue, turns[:number])
    near = _near(draft)
    return Case(
        support=bool(SUPPORT.intersection(dialogue["tasks"])),
        ours=None if draft.abstained else distance(draft.text, truth),
        at_random=distance(rng.choice(pools[draft.conversation.team_id]), truth),
        nearest=distance(near[0], truth) if near else 1.0,
        plain=distance(_most_central(near), truth) if near else 1.0,
    )


def _near(draft: Any) -> list[str]:
    from copilot.context.build import CONVERSATION, build_context
    from copilot.models import Draft

    read = Draft.objects.select_related(*(f"conversation__{name}" for name in CONVERSATION)).get(pk=draft.pk)
    return [example.text for example in build_context(read).examples[:TEN]]


def _most_central(texts: list[str]) -> str:
    from copilot.words import distance

    return min(texts, key=lambda one: sum(distance(one, other) for other in texts))


def _tell(which: str, cases: list[Case]) -> None:
    given = [one for one in cases if one.ours is not None]
    print(f" {which}, {len(cases)} cases:")
    ours = _mean(1.0 if one.ours is None else one.ours for one in cases)
    figure("distance to what was sent, an abstention counting as 1", ours, "")
    figure("the plain consensus of ten", _mean(one.plain for one in cases), "")
    figure("the nearest reply", _mean(one.nearest for one in cases), "")
    figure("a random reply of the team", _mean(one.at_random for one in cases), "")
    figure("abstained", 1 - len(given) / len(cases), "of all")
    figure("where it did not abstain", _mean(one.ours or 0.0 for one in given), "")
    figure("the plain consensus there", _mean(one.plain for one in given), "")


def _mean(values: Iterable[float]) -> float:
    return mean([*values] or [1.0])


def _replies_by_team() -> dict[int, list[str]]:
    from copilot.models import PastReply

    pools: dict[int, list[str]] = {}
    for team, text in PastReply.objects.values_list("team_id", "text"):
        pools.setdefault(team, []).append(text)
    return pools


def _cases(
    dialogues: list[dict[str, Any]], rng: random.Random
) -> Iterator[tuple[dict[str, Any], list[dict[str, Any]], int]]:
    """A random turn of an agent that answers a customer, of a random dialogue each; no dialogue comes twice, or
    what was answered in it would be known to its second case."""
    found = 0
    for dialogue in rng.sample(dialogues, len(dialogues)):
        turns = [turn for turn in dialogue["turns"] if turn["by"] == "knowledge" or turn["text"].strip()]
        answers = _answers(turns)
        if answers and found < CASES:
            found += 1
            yield dialogue, turns, rng.choice(answers)


def _answers(turns: list[dict[str, Any]]) -> list[int]:
    """Turns of an agent before which the customer spoke last; what was looked up in between is not spoken."""
    found, last = [], ""
    for number, turn in enumerate(turns):
        if turn["by"] == "agent" and last == "customer":
            found.append(number)
        last = last if turn["by"] == "knowledge" else turn["by"]
    return found


def _draft(dialogue: dict[str, Any], said: list[dict[str, Any]]) -> Any:
    """All that was said and looked up before the reply comes in as signed events; then one draft."""
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
    if turn["by"] == "knowledge":
        return _looked_up(case, number, turn["item"], at)
    return {
        "type": kind,
        "timestamp": at.isoformat(),
        "data": {
            "conversation": {"id": case, "channel": "chat"},
            "contact": {"id": f"customer-{case}", "name": ""},
            "message": {"id": f"{case}-{number}", "text": turn["text"], "sent_at": at.isoformat()},
        },
    }


def _looked_up(case: str, number: int, item: dict[str, Any], at: datetime) -> dict[str, Any]:
    """What the agent's tool answered, as a record of the customer's."""
    about = {"id": f"{case}-{number}", "kind": "lookup", "title": "Record", "contact_id": f"customer-{case}"}
    return {
        "type": "record.changed",
        "timestamp": at.isoformat(),
        "data": {**about, "occurred_at": at.isoformat(), "fields": item},
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
