"""Offline drafts on real dialogues: learn from most of them, draft in those that were held out.

SPLIT says which are held out: `random` (as it stands) a tenth drawn by chance, `last` the last tenth,
`replay` some of all, drawn by chance, each knowing only what came before it. Such a dialogue is told turn
by turn through the real door as signed webhooks, what the agent had looked up among them as records; at
each message that an agent answered, a draft is written by the verbs the workers call and compared with what
was really sent.

Beside it, on the same messages: a random reply of the team, the nearest one, and the plain consensus (of
the ten nearest the one most like the others). Those three are sent with whatever they hold of other
customers; a draft holds only what two colleagues told two customers or this customer's own record says, and
where that is nothing it abstains, which counts as 1.
"""

import gzip
import json
import os
import random
import sys
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks.house import ROOT, figure, house

SPLIT = os.environ.get("SPLIT", "random")
DIALOGUES = int(os.environ.get("DIALOGUES", "140"))  # of all that are held out
SUPPORT_DIALOGUES = int(os.environ.get("SUPPORT_DIALOGUES", "60"))  # more, about the support tasks alone
SEED = int(os.environ.get("SEED", "20261123"))
AT_ONCE = 100  # dialogues of the import
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
    """Distances to what was really sent; `ours` is None for an abstention."""

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
    held = _held_out(dialogues, random.Random(SEED))
    drawn, support = _drawn(held, random.Random(SEED))
    with house(DRAFT_DEBOUNCE_SECONDS="0", ALLOWED_HOSTS="localhost"):
        found = dict(_told(dialogues, {one["id"] for one in held}, drawn | support))
    print(f"Customer messages drafted for without a model ({SPLIT}, seed {SEED}):")
    _tell("all tasks", found, drawn, "bar: at most 0.381")
    _tell("dialogues about the six support tasks alone", found, support, "bar: at most 0.363")
    return 0


def _held_out(dialogues: list[Dialogue], rng: random.Random) -> list[Dialogue]:
    tenth = len(dialogues) // 10
    return {"random": rng.sample(dialogues, tenth), "last": dialogues[-tenth:], "replay": dialogues}[SPLIT]


def _drawn(held: list[Dialogue], rng: random.Random) -> tuple[set[Any], set[Any]]:
    """Those that are drafted for: for the figure of all tasks, and for that of support, partly the same."""
    drawn = {one["id"] for one in rng.sample(held, min(DIALOGUES, len(held)))}
    alone = [one["id"] for one in held if SUPPORT.issuperset(one["tasks"])]
    more = rng.sample(alone, min(SUPPORT_DIALOGUES, len(alone)))
    return drawn, drawn.intersection(alone).union(more)


def _told(
    dialogues: list[Dialogue], held: set[Any], chosen: set[Any]
) -> Iterator[tuple[Any, list[Case]]]:  # fmt: skip
    """What is not held out comes first; in a replay all comes in its turn."""
    from copilot.history import Importer

    importer, late = Importer("star"), [one for one in dialogues if one["id"] in chosen]
    if SPLIT != "replay":
        known = [one for one in dialogues if one["id"] not in held]
        for start in range(0, len(known), AT_ONCE):
            importer.add(known[start : start + AT_ONCE])
        _count_anew()
        yield from ((one["id"], list(_cases(one))) for one in late)
        return
    waiting = list[Dialogue]()
    for number, dialogue in enumerate(dialogues):
        if number % LOOKED_AT_ANEW == 0:
            _count_anew()
        if dialogue["id"] not in chosen:
            waiting.append(dialogue)
            continue
        importer.add(waiting)
        waiting.clear()
        yield dialogue["id"], list(_cases(dialogue))


def _count_anew() -> None:
    from django.db import connection

    from copilot.context import rarity

    with connection.cursor() as cursor:
        cursor.execute("ANALYZE copilot_pastreply")
    rarity.forget()


def _cases(dialogue: Dialogue) -> Iterator[Case]:
    """Told turn by turn; before each answer of an agent to the customer, a draft is written."""
    turns = [turn for turn in dialogue["turns"] if turn["by"] == "knowledge" or turn["text"].strip()]
    connection, secret = _connection(dialogue["team"])
    name, answers = uuid.uuid4().hex, set(_answers(turns))
    start = datetime.now(UTC) - timedelta(hours=3)
    for number, turn in enumerate(turns):
        if number in answers:
            yield _case(_draft(name), turn["text"], f"{dialogue['id']} {number}")
        _post(connection, secret, _event(name, number, turn, start + timedelta(minutes=number)))
    _work()


def _case(draft: Any, truth: str, drawn_by: str) -> Case:
    from copilot.words import distance

    near = _near(draft)
    return Case(
        ours=None if draft.abstained else distance(draft.text, truth),
        at_random=distance(_at_random(draft.conversation.team_id, drawn_by), truth),
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


def _tell(which: str, found: dict[Any, list[Case]], of: Iterable[Any], bar: str) -> None:
    by_dialogue = [found[one] for one in of if found.get(one)]
    cases = [case for some in by_dialogue for case in some]
    given = [one for one in cases if one.ours is not None]
    print(f" {which}, {len(cases)} messages of {len(by_dialogue)} dialogues:")
    ours = _mean(cases, lambda one: 1.0 if one.ours is None else one.ours)
    figure("distance to what was sent, an abstention counting as 1", ours, "", bar)
    figure("the plain consensus of ten", _mean(cases, lambda one: one.plain), "")
    figure("the nearest reply", _mean(cases, lambda one: one.nearest), "")
    figure("a random reply of the team", _mean(cases, lambda one: one.at_random), "")
    figure("abstained", _mean(cases, lambda one: one.ours is None), "of all")
    figure("where it did not abstain", _mean(given, lambda one: one.ours or 0.0), "")
    figure("the plain consensus there", _mean(given, lambda one: one.plain), "")


def _mean(cases: list[Case], value: Callable[[Case], float]) -> float:
    return sum(map(value, cases)) / (len(cases) or 1)


def _at_random(team: int, drawn_by: str) -> str:
    """By a chance of its own, so that the cases do not depend on how many replies there are."""
    from copilot.models import PastReply

    replies = PastReply.objects.filter(team=team).order_by("pk").values_list("text", flat=True)
    count = replies.count()
    return replies[random.Random(f"{SEED} {drawn_by}").randrange(count)] if count else ""


def _answers(turns: list[dict[str, Any]]) -> list[int]:
    """Turns of an agent before which the customer spoke last; what was looked up in between is not spoken."""
    found, last = [], ""
    for number, turn in enumerate(turns):
        if turn["by"] == "agent" and last == "customer":
            found.append(number)
        last = last if turn["by"] == "knowledge" else turn["by"]
    return found


def _draft(name: str) -> Any:
    """What waits in this conversation, with all that was said and looked up before."""
    from copilot.models import Draft

    _work()
    ready = Draft.objects.filter(conversation__external_id=name, state=Draft.State.READY)
    return ready.select_related("conversation").latest("pk")


def _work() -> None:
    from copilot.drafting.work import due_drafts, work
    from interactions import inbox

    for event in inbox.due_events(100):
        inbox.apply(event)
    for draft in due_drafts(100):
        work(draft)


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
