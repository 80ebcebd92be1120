"""Renders a Context into what the Messages API takes, from versioned text files.

The system prompt is the file and nothing else. Whatever people wrote stands in data blocks as
JSON whose angle brackets are escaped, so that no text can close its block or open another.
Blocks go from what changes least to what changes most, for the prompt cache.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from copilot.context.value import Context, Item, Turn

NAME = "reply-1"
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


def render(context: Context) -> Prompt:
    team = [item for item in context.items if item.kind in TEAM_KINDS]
    theirs = [item for item in context.items if item.kind not in TEAM_KINDS]
    customer = [_customer(context), *(_item(item) for item in theirs)]
    blocks = (
        Block(_data("team_knowledge", (_item(item) for item in team)), stable=bool(team)),
        Block(_data("about_the_customer", customer), stable=True),
        Block(_data("conversation", [_about(context), *(_turn(turn) for turn in context.turns)])),
        Block(_data("wishes", context.instructions)),
        Block(ASK),
    )
    citable = frozenset(item.id for item in context.items if item.quotable)
    return Prompt((Block(SYSTEM, stable=True),), blocks, citable)


def _data(name: str, values: Iterable[Any]) -> str:
    lines = "\n".join(_encoded(value) for value in values)
    return f"<{name}>\n{lines}\n</{name}>"


def _encoded(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e")


def _item(item: Item) -> dict[str, Any]:
    shown = {
        "id": item.id if item.quotable else "",
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
    return {"by": turn.by, "name": turn.name, "at": at, "text": turn.text}
