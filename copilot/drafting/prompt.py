"""Renders a Context into what the Messages API takes, from versioned text files.

The system prompt is the file and nothing else. Whatever people wrote stands in data blocks as
JSON whose angle brackets are escaped, so that no text can close its block or open another.
Blocks go from what changes least to what changes most, for the prompt cache: the rules, the customer, what
was said so far with one block a message, then what the question found, and the question last. What the team
wrote stands after the conversation because each question finds other articles: before it, one more message
would make the provider read all of it anew.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from copilot.context.hiding import clean, without_hidden_in
from copilot.context.value import Context, Item, Turn, cut
from copilot.drafting.answer import Shape
from copilot.lessons import ARRANGED, Rule, filled, is_near
from interactions.models import Message

NAME = "reply-3"
_FOLDER = Path(__file__).parent / "prompts"
SYSTEM = (_FOLDER / f"{NAME}.system.txt").read_text("utf-8").strip()
ASK = (_FOLDER / f"{NAME}.ask.txt").read_text("utf-8").strip()
# The name is ours to raise; the digest tells two wordings apart even when we forget to.
VERSION = f"{NAME}.{sha256((SYSTEM + ASK).encode()).hexdigest()[:8]}"

TEAM_KINDS = ("article", "saved_reply", "past_reply")


@dataclass(frozen=True, slots=True)
class Block:
    """A piece of the prompt; a stable one ends what the provider may keep in its cache."""

    text: str
    stable: bool = False


@dataclass(frozen=True, slots=True)
class Prompt:
    system: tuple[Block, ...]
    blocks: tuple[Block, ...]
    citable: frozenset[str]
    shape: type[BaseModel] = Shape  # of the JSON that is asked for


def rules(name: str) -> tuple[tuple[Block, ...], str]:
    """The system prompt of another question, and its version."""
    text = (_FOLDER / f"{name}.system.txt").read_text("utf-8").strip()
    return (Block(text),), f"{name}.{sha256(text.encode()).hexdigest()[:8]}"


def letters(name: str, messages: Iterable[Message], longest: int) -> tuple[Block, ...]:
    """Messages as one data block, each text cut to its first `longest` characters."""
    turns = (
        Turn(one.by, one.author_name, clean(cut(one.text, longest)), one.sent_at, f"m{one.pk}")
        for one in messages
    )
    return (Block(_data(name, map(_turn, turns))),)


def passages(customer: str, items: Iterable[Item], question: str) -> tuple[Block, ...]:
    """What is known of a customer as one data block, and a colleague's question as another."""
    known = Block(
        _data("about_the_customer", [{"customer": customer}, *(_item(without_hidden_in(one)) for one in items)])
    )
    return known, Block(_data("question", [clean(question)]))


def edit(draft: str, sent: str, language: str) -> tuple[Block, ...]:
    """A draft and what was sent in its place, as one data block."""
    return (Block(_data("edit", [{"language": language, "draft": clean(draft), "sent": clean(sent)}])),)


def strategic(
    customer: str, items: Iterable[Item], said: dict[str, str], board: Iterable[dict[str, Any]], wish: str
) -> tuple[Block, ...]:
    """What is on record (read without secrets already), what the account manager says, and the board."""
    on_record = Block(_data("on_record", [{"customer": clean(customer)}, *map(_item, items)]), stable=True)
    rest = (("account_manager", [said]), ("board", board), ("wish", [wish]))
    return on_record, *(Block(_data(name, map(_cleaned, values))) for name, values in rest)


def _cleaned(value: Any) -> Any:
    """Every text in it without secrets."""
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {name: _cleaned(one) for name, one in value.items()}
    return [_cleaned(one) for one in value] if isinstance(value, list | tuple) else value


def render(context: Context) -> Prompt:
    team = [item for item in context.items if item.kind in TEAM_KINDS]
    known = [item for item in context.items if item.kind not in (*TEAM_KINDS, "message")]
    elsewhere = [item for item in context.items if item.kind == "message" and item.id not in context.here]
    earlier, asked = _parted(context.turns)
    style = [_data("house_style", map(_style, _fitting(context)))] if context.lessons else []
    case = [_data("case_so_far", map(asdict, context.case))] if context.case else []
    said = [
        _data("earlier_conversations", map(_item, elsewhere)),
        *case,
        *(_data("said", [_turn(one)]) for one in earlier),
    ]
    blocks = (
        Block(_data("about_the_customer", [_customer(context), *map(_item, known)]), stable=True),
        *(Block(text, stable=number == len(said)) for number, text in enumerate(said, 1)),
        *map(Block, style),
        Block(_data("team_knowledge", map(_item, sorted(team, key=_place))), stable=bool(team)),
        Block(_data("to_answer", [_about(context), *map(_turn, asked)])),
        Block(_data("wishes", context.instructions)),
        Block(ASK),
    )
    citable = frozenset(item.id for item in context.items if _has_id(item))
    return Prompt((Block(SYSTEM, stable=True),), blocks, citable)


def _fitting(context: Context) -> list[Rule]:
    """All of them but sentences that belong to other questions, in an order that stays."""
    about = "\n".join([context.subject, context.question, *(item.text for item in context.items)])
    fitting = (rule for rule in context.lessons if is_near(rule.near, about))
    named = (rule for rule in fitting if filled(rule.after, context.customer_first_name) is not None)
    return sorted(named, key=lambda rule: rule.id)


def _style(rule: Rule) -> dict[str, str]:
    if rule.kind in ARRANGED:
        return {"kind": rule.kind, "do": rule.title}
    told = {"kind": rule.kind, "instead_of": rule.before, "write": rule.after}
    return {name: value for name, value in told.items() if value}


def _place(item: Item) -> tuple[int, str]:
    """The same things in the same order, whichever of them a question is nearer to."""
    return TEAM_KINDS.index(item.kind), item.id


def _parted(turns: tuple[Turn, ...]) -> tuple[tuple[Turn, ...], tuple[Turn, ...]]:
    """What was said up to our latest answer, and what came after it."""
    answers = [number for number, turn in enumerate(turns) if turn.by == "colleague"]
    cut = answers[-1] + 1 if answers else 0
    return turns[:cut], turns[cut:]


def _data(name: str, values: Iterable[Any]) -> str:
    lines = "\n".join(_encoded(value) for value in values)
    return f"<{name}>\n{lines}\n</{name}>"


def _encoded(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def _has_id(item: Item) -> bool:
    """A goal is no source; by its id a sentence is told to serve it."""
    return item.quotable or item.kind == "goal"


def _item(item: Item) -> dict[str, Any]:
    shown = {
        "id": item.id if _has_id(item) else "",
        "kind": item.kind,
        "title": item.title,
        "text": item.text,
        "by": item.author,
        "at": item.at.isoformat(timespec="minutes") if item.at else "",
        "link": item.url,
        "internal": item.internal,
    }
    return {name: value for name, value in shown.items() if value}


def _customer(context: Context) -> dict[str, Any]:
    return {
        "customer": context.customer,
        "first_name": context.customer_first_name,
        "account": context.account,
        "about_account": context.about_account,
    }


def _about(context: Context) -> dict[str, Any]:
    return {
        "subject": context.subject,
        "channel": context.channel,
        "language": context.language,
        "our_team": context.team,
        "closing_name": context.closing,
        "now": context.at.isoformat(timespec="minutes"),
    }


def _turn(turn: Turn) -> dict[str, Any]:
    at = turn.at.isoformat(timespec="minutes")
    shown = {"id": turn.id, "by": turn.by, "name": turn.name, "at": at, "text": turn.text}
    return {name: value for name, value in shown.items() if value}
