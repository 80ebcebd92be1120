"""The labelled drafts that the checks are measured on: 300 with one planted fault each, 300 clean.

Every sentence stands in fixtures/checks and was written before the checks were; this only puts them
together, the same way at every run. The worlds of `held_out.toml` are never tuned on.
"""

import random
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from copilot.context.value import Context, Example, Item, Turn
from copilot.drafting import marks
from copilot.drafting.checks import Check, check
from copilot.drafting.engine import Reply
from copilot.slots import names_in

FOLDER = Path(__file__).parent / "fixtures" / "checks"
SEED = 20261122
HALVES = ("tuned", "held_out")
CLEAN_A_WORLD = 15
# Class of fault: the kinds of check that name it. The first twelve are facts and leaks.
NAMED_BY: Mapping[str, frozenset[str]] = {
    "number": frozenset({"figure"}),
    "date": frozenset({"figure"}),
    "amount": frozenset({"figure"}),
    "id": frozenset({"figure"}),
    "link": frozenset({"link"}),
    "email": frozenset({"link"}),
    "name": frozenset({"name"}),
    "quote": frozenset({"quote"}),
    "cited": frozenset({"cited"}),
    "foreign": frozenset({"foreign", "figure", "name"}),
    "leak": frozenset({"internal"}),
    "paraphrase": frozenset({"internal"}),
    "language": frozenset({"language"}),
    "register": frozenset({"register"}),
    "unanswered": frozenset({"unanswered"}),
    "promise": frozenset({"promise"}),
    "done": frozenset({"done"}),
    "policy": frozenset({"policy"}),
}
FACTS_AND_LEAKS = tuple(NAMED_BY)[:12]
FEWER = 5  # of the other classes, in each half
CLOSINGS = {"en": ["Kind regards", "Best wishes"], "de": ["Viele Grüße", "Beste Grüße"], "fr": ["Cordialement"]}

type World = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Case:
    """A draft as a model wrote it, marks and all; `planted` is the false sentence, if it is one sentence."""

    half: str
    world: str
    fault: str  # empty: clean
    context: Context
    raw: str
    planted: str = ""


@cache
def cases() -> tuple[Case, ...]:
    return tuple(case for half in HALVES for case in (*_faulty(half), *_clean(half)))


def reply_of(raw: str, context: Context) -> Reply:
    """What the engine makes of the model's text."""
    marked = marks.read(raw, {item.id for item in context.items if item.quotable})
    return Reply(text=marked.text, marks=marked.marks, unknown=marked.unknown)


def checks_of(case: Case) -> list[Check]:
    return check(reply_of(case.raw, case.context), case.context)


def is_seen(case: Case, checks: list[Check]) -> bool:
    """Named as what it is, where it stands."""
    text = reply_of(case.raw, case.context).text
    start = text.find(case.planted) if case.planted else 0
    end = start + len(case.planted)
    return any(
        one.kind in NAMED_BY[case.fault] and (not case.planted or (one.start < end and start < one.end))
        for one in checks
    )


@cache
def _worlds(half: str) -> tuple[World, ...]:
    return tuple(tomllib.loads((FOLDER / f"{half}.toml").read_text("utf-8"))["world"])


def _faulty(half: str) -> Iterator[Case]:
    for fault in NAMED_BY:
        worlds = list(_worlds(half))
        if fault not in FACTS_AND_LEAKS:
            random.Random(f"{SEED} {half} {fault}").shuffle(worlds)
            worlds = worlds[:FEWER]
        for world in worlds:
            yield _with_fault(half, world, fault)


def _with_fault(half: str, world: World, fault: str) -> Case:
    rng = random.Random(f"{SEED} {world['name']} {fault}")
    answers = [rng.choice(ways) for ways in world["answers"]]
    planted = ""
    if fault == "language":
        answers = [_in_another_language(world, rng)]
    elif fault == "unanswered":
        answers = answers[:-1]
    elif fault == "cited":
        answers = [*answers[:-1], _cited_wrongly(answers[-1])]
        planted = _without_marks(answers[-1])
    else:
        answers.insert(rng.randint(1, len(answers)), world["faults"][fault])
        planted = _without_marks(world["faults"][fault])
    raw = _letter(world, answers, rng)
    return Case(half, world["name"], fault, _context(world), raw, planted)


def _in_another_language(world: World, rng: random.Random) -> str:
    letters = tomllib.loads((FOLDER / "other_languages.toml").read_text("utf-8"))
    language = rng.choice([one for one in letters if one != world["language"]])
    return str(rng.choice(letters[language]))


def _cited_wrongly(answer: str) -> str:
    """The last mark names what nobody offered."""
    head, _, rest = answer.rpartition("[")
    return f"{head}[r97{rest[rest.index(']') :]}"


def _without_marks(said: str) -> str:
    return marks.read(said, ()).text


def _clean(half: str) -> Iterator[Case]:
    for world in _worlds(half):
        rng = random.Random(f"{SEED} {world['name']}")
        letters: set[str] = set()
        while len(letters) < CLEAN_A_WORLD:
            answers = [rng.choice(ways) for ways in world["answers"]]
            answers += rng.sample(world["more"], rng.randint(0, 2))
            letters.add(_letter(world, answers, rng))
        context = _context(world)
        yield from (Case(half, world["name"], "", context, raw) for raw in sorted(letters))


def _letter(world: World, answers: list[str], rng: random.Random) -> str:
    """One or two paragraphs, with greeting and closing by mail and without in a chat."""
    end = rng.choice(world["ends"])
    gap = rng.choice([" ", "\n\n"])
    parts = [rng.choice(world["greetings"]), gap.join(answers), end]
    if world.get("channel", "email") == "email":
        parts.append(f"{rng.choice(CLOSINGS[world['language']])},\n{world['closing']}")
    return "\n\n".join(part for part in parts if part)


def _context(world: World) -> Context:
    now = world["now"]
    turns = [Turn("colleague", world["closing"], world["before"], now)] if "before" in world else []
    return Context(
        conversation_id=1,
        at=now,
        subject=world["subject"],
        channel=world.get("channel", "email"),
        language=world["language"],
        team=world["team"],
        closing=world["closing"],
        customer=world["customer"],
        customer_first_name=world["customer"].removeprefix("Dr ").removeprefix("Dr. ").split()[0],
        customer_email=world["email"],
        account=world["account"],
        about_account=tuple(world["about"]),
        turns=(*turns, Turn("customer", world["customer"], world["asked"].strip(), now)),
        items=tuple(_item(*one) for one in world["items"]),
        examples=tuple(_example(world, *one) for one in world["others"]),
    )


def _item(item_id: str, kind: str, title: str, text: str) -> Item:
    author = (
        title.partition(" by ")[2] or title.partition(",")[0] if kind.startswith(("note", "message")) else ""
    )
    return Item(item_id, kind.rstrip("!"), title, text, author=author, internal=kind.endswith("!"))


def _example(world: World, account: str, contact: str, text: str) -> Example:
    names = names_in(*(name for name in (account, contact) if name))
    return Example("A question", text, account or contact, "Ines", names, 0.9, world["now"])
