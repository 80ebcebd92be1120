"""Offline drafts on real dialogues: learn from the first nine tenths, draft in the last.

With REPLAY=1 all dialogues are told in time order instead: imported one after the other, but at some, drawn by
chance, a random customer message is drafted for. Then a case counts as often as its dialogue has messages that
an agent answered, so that every message counts alike, and of the dialogues about support alone some more are
drawn, for a figure of their own; nearly all of the last tenth are about several things at once.

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
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.house import ROOT, figure, house, run

REPLAY = bool(os.environ.get("REPLAY"))
CASES = int(os.environ.get("CASES", "450" if REPLAY else "200"))
SUPPORT_CASES = int(os.environ.get("SUPPORT_CASES", "225"))
SEED = int(os.environ.get("SEED", "20261123"))
TEN = 10
LOOKED_AT_ANEW = 200  # dialogues after which PostgreSQL counts anew how frequent words are
# Tasks in which the customer has something with the house already, and asks about that.
SUPPORT = frozenset(
    "bank_balance bank_fraud_report doctor_followup hotel_service_request ride_change ride_status".split()
)
type Dialogue = dict[str, Any]
DATA = Path(os.environ.get("RAPPORT_DATA", ROOT.parent / "shared" / "data")) / "star" / "dialogues.jsonl.gz"


@dataclass(frozen=True, slots=True)
class Case:
    """Distances to what was really sent; `ours` is None for an abstention. `counts`: for so many messages."""

    tasks: frozenset[str]
    counts: int
    ours: float | None
    at_random: float
    nearest: float
    plain: float


def main() -> int:
    if not DATA.exists():
        print(f"The dialogues are not at {DATA}; set RAPPORT_DATA. Nothing was measured.")
        return 0
    with gzip.open(DATA, "rt", encoding="utf-8") as lines:
        dialogues = [json.loads(line) for line in lines]
    with house(DRAFT_DEBOUNCE_SECONDS="0", ALLOWED_HOSTS="localhost"):
        if REPLAY:
            _replay(dialogues, random.Random(SEED))
        else:
            _last_tenth(dialogues, random.Random(SEED))
    return 0


def _last_tenth(dialogues: list[Dialogue], rng: random.Random) -> None:
    """Each dialogue comes once, or what was answered in it would be known to its second case."""
    cut = len(dialogues) * 9 // 10
    run("import_history", str(DATA), "--first", str(cut))
    late = dialogues[cut:]
    found = [case for one in rng.sample(late, min(CASES, len(late))) for case in _cases(one, rng)]
    print(f"{len(found)} customer messages of the last tenth, drafted without a model (seed {SEED}):")
    found = [replace(one, counts=1) for one in found]
    _tell("all tasks", found)
    _tell("with one of the six support tasks among theirs", [one for one in found if one.tasks & SUPPORT])


def _replay(dialogues: list[Dialogue], rng: random.Random) -> None:
    drawn = {one["id"] for one in rng.sample(dialogues, min(CASES, len(dialogues)))}
    others = [one["id"] for one in dialogues if SUPPORT.issuperset(one["tasks"]) and one["id"] not in drawn]
    more = set(rng.sample(others, min(SUPPORT_CASES, len(others))))
    found = _replayed(dialogues, drawn | more, rng)
    print(f"Customer messages drafted without a model, replayed in time order (seed {SEED}):")
    _tell("all tasks", [case for pk, case in found if pk in drawn], "bar: at most 0.381")
    support = [case for _, case in found if case.tasks <= SUPPORT]
    _tell("dialogues about the six support tasks alone", support, "bar: at most 0.363")


def _replayed(dialogues: list[Dialogue], chosen: set[Any], rng: random.Random) -> list[tuple[Any, Case]]:
    from copilot.history import Importer

    importer, found, waiting = Importer("star"), list[tuple[Any, Case]](), list[Dialogue]()
    for number, dialogue in enumerate(dialogues):
        if number % LOOKED_AT_ANEW == 0:
            _count_anew()
        if dialogue["id"] not in chosen:
            waiting.append(dialogue)
            continue
        importer.add(waiting)
        waiting.clear()
        found += [(dialogue["id"], case) for case in _cases(dialogue, rng)]
    return found


def _count_anew() -> None:
    from django.db import connection

    from copilot.context import rarity

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE copilot_pastreply")
    rarity.forget()


def _cases(dialogue: Dialogue, rng: random.Random) -> Iterator[Case]:
    """One, or none where no agent answered."""
    turns = [turn for turn in dialogue["turns"] if turn["by"] == "knowledge" or turn["text"].strip()]
    if answers := _answers(turns):
        yield _case(dialogue, turns, answers, rng)


def _case(dialogue: Dialogue, turns: list[Any], answers: list[int], rng: random.Random) -> Case:
    from copilot.words import distance

    number = rng.choice(answers)
    truth = turns[number]["text"]
    draft = _draft(dialogue, turns[:number])
    near = _near(draft)
    return Case(
        tasks=frozenset(dialogue["tasks"]),
        counts=len(answers),
        ours=None if draft.abstained else distance(draft.text, truth),
        at_random=distance(_at_random(draft.conversation.team_id, dialogue["id"]), truth),
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


def _tell(which: str, cases: list[Case], bar: str = "") -> None:
    given = [one for one in cases if one.ours is not None]
    print(f" {which}, {len(cases)} cases that stand for {sum(one.counts for one in cases)} messages:")
    ours = _mean(cases, lambda one: 1.0 if one.ours is None else one.ours)
    figure("distance to what was sent, an abstention counting as 1", ours, "", bar)
    figure("the plain consensus of ten", _mean(cases, lambda one: one.plain), "")
    figure("the nearest reply", _mean(cases, lambda one: one.nearest), "")
    figure("a random reply of the team", _mean(cases, lambda one: one.at_random), "")
    figure("abstained", _mean(cases, lambda one: one.ours is None), "of all")
    figure("where it did not abstain", _mean(given, lambda one: one.ours or 0.0), "")
    figure("the plain consensus there", _mean(given, lambda one: one.plain), "")


def _mean(cases: list[Case], value: Callable[[Case], float]) -> float:
    return sum(value(one) * one.counts for one in cases) / (sum(one.counts for one in cases) or 1)


def _at_random(team: int, dialogue: Any) -> str:
    """By a chance of its own, so that the cases do not depend on how many replies there are."""
    from copilot.models import PastReply

    replies = PastReply.objects.filter(team=team).order_by("pk").values_list("text", flat=True)
    count = replies.count()
    return replies[random.Random(f"{SEED} {dialogue}").randrange(count)] if count else ""


def _answers(turns: list[dict[str, Any]]) -> list[int]:
    """Turns of an agent before which the customer spoke last; what was looked up in between is not spoken."""
    found, last = [], ""
    for number, turn in enumerate(turns):
        if turn["by"] == "agent" and last == "customer":
            found.append(number)
        last = last if turn["by"] == "knowledge" else turn["by"]
    return found


def _draft(dialogue: Dialogue, said: list[dict[str, Any]]) -> Any:
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
    from django.utils.text import slugify

    from interactions.crm.signing import new_secret
    from interactions.models import Connection
    from people.models import Team

    if team_name not in _DOORS:
        name = team_name.replace("_", " ").capitalize()
        team, _ = Team.objects.get_or_create(name=name, defaults={"slug": slugify(name)})
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
    about = {"id": f"{case}-{number}", "kind": "record", "title": "Record", "contact_id": f"customer-{case}"}
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
