"""The invented pages about the copilot itself."""

from datetime import date, timedelta
from types import SimpleNamespace

from copilot.console.cards import Choice, Line
from copilot.console.copilot_rows import CostDay, Part, TopicRow
from copilot.console.rows import Fact, Place
from tests.copilot.console.drafts import Scene
from tests.copilot.console.scenes import shell

WAYS = (Choice("by_record", "By its record", chosen=True), Choice("never", "Never draft"))
TOPICS = (
    TopicRow(
        id=1, name="Renewals", n=42, unchanged=25, edited=12, rewritten=3, escalated=2, labelled=118,
        standing="Drafts", tone="pine", drafting=WAYS, others=(Choice("2", "Refunds"),),
    ),
    TopicRow(
        id=2, name="Refunds", n=24, unchanged=5, edited=4, rewritten=9, escalated=4, discarded=2, unsupported=6,
        reopened=3, labelled=60, standing="Abstains, too many were of no use", tone="amber", glyph="ask",
        drafting=WAYS, others=(Choice("1", "Renewals"),),
    ),
)  # fmt: skip


class Team(str):
    pk = 1


def frame(current: str) -> dict[str, object]:
    names = ("What it can do", "Topics", "Cost")
    tabs = tuple(Place("copilot", name, "/copilot/", current=name == current) for name in names)
    return {"shell": shell("copilot"), "section": "copilot", "tabs": tabs, "team": Team("Support")}


def abilities() -> Scene:
    facts = (
        Fact("Written by", "No language model", "your team’s own replies"),
        Fact("Articles", "12", "1 to review", True),
    )
    parts = (
        Part("What it draws on", (Line("84 past replies in English", "reply", note="the newest 2 h ago"),)),
        Part("What is never sent to it", (Line("Other customers’ names, addresses and records.", "lock"),)),
    )
    return "copilot.html", frame("What it can do") | {"facts": facts, "topics": TOPICS, "parts": parts}


def topics() -> Scene:
    limits = SimpleNamespace(enough=20, most_wrong=50)
    return "copilot_topics.html", frame("Topics") | {
        "topics": TOPICS, "limits": limits, "days": 90, "may_change": True,
    }  # fmt: skip


def costs() -> Scene:
    first = date(2026, 10, 26)
    heights = [(number * 37) % 121 for number in range(30)]
    days = tuple(
        CostDay(
            first + timedelta(days=n),
            high // 4,
            high * 900,
            high * 40,
            f"{high / 25:.2f}",
            n * 20,
            120 - high,
            high,
        )
        for n, high in enumerate(heights)
    )
    return "copilot_costs.html", frame("Cost") | {
        "days": days, "total": {"drafts": 411, "money": "68.20", "highest": "4.80"},
        "money": [("day_micros", "A day", "5.00"), ("month_micros", "A month", "")],
        "counts": [("sender_hour", "Drafts an hour for one sender", 6)],
    }  # fmt: skip


def topic() -> Scene:
    choices = [Choice("1", "Renewals", chosen=True), Choice("2", "Refunds"), Choice("none", "None of these")]
    return "topic.html", {"conversation_id": 1, "choices": choices}


COPILOT = {"copilot": abilities, "copilot-topics": topics, "copilot-costs": costs, "topic": topic}
