"""Read the sample's files, and keep by its short key every row that they speak of."""

import json
import tomllib
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from copilot.sample.days import Days
from customers.models import Account, Contact
from interactions.models import Connection, Message
from people.models import Team, User

FOLDER = Path(__file__).parent


def read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / name).read_text(encoding="utf-8"))


def read_records() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((FOLDER / "records.json").read_text(encoding="utf-8"))
    return rows


def read_articles() -> list[tuple[str, str]]:
    """Title and body of each article; the title is its first heading."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("articles/*.md"))]
    parts = [text.partition("\n") for text in texts]
    return [(head.removeprefix("# "), body.strip()) for head, _, body in parts]


def read_conversations() -> list[dict[str, Any]]:
    """Each with the topic that its file names; today's letters have none yet."""
    files = [read(f"conversations/{path.name}") for path in sorted(FOLDER.glob("conversations/*.toml"))]
    return [{"topic": file.get("topic", ""), **one} for file in files for one in file["conversation"]]


@dataclass(slots=True)
class Cast:
    """`said` finds a message as the files name it: (conversation, its number in it)."""

    days: Days
    teams: dict[str, Team] = field(default_factory=dict)
    people: dict[str, User] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    contacts: dict[str, Contact] = field(default_factory=dict)
    said: dict[tuple[str, int], Message] = field(default_factory=dict)
    connection: Connection = field(default_factory=Connection)


def new_cast(now: datetime) -> Cast:
    zone = read("company.toml")["team"][0]["zone"]
    return Cast(days=Days(now, ZoneInfo(zone), read("accounts.toml")["dates"]))
