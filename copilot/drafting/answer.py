"""Reads what the model wrote, while it grows and when it is whole, and takes its word for nothing.

JSON was asked for. Servers that only imitate the API may wrap it, break it, or send prose: a
reply that can be read safely is taken, anything else is said to be broken.
"""

import json
import re
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json

LONGEST_REPLY = 20_000
LONGEST_MISSING = 300
MOST_MISSING = 8

# Line breaks and tabs may stay; PostgreSQL refuses NUL, and nobody wants the others in a letter.
UNWANTED = {code: None for code in (*range(32), 127) if chr(code) not in "\n\t"}


class Ask(BaseModel):
    """A gap that the reply leaves, and the one question whose answer fills it."""

    model_config = ConfigDict(extra="forbid")

    gap: str = Field(description="The words between the square brackets, exactly.")
    question: str = Field(description="One plain question to a colleague, in English.")


class Shape(BaseModel):
    """The JSON that the model is asked for."""

    model_config = ConfigDict(extra="forbid")

    reply: str = Field(description="The reply, with a mark like [r3] after what a source supports.")
    missing: list[str] = Field(description="What a good reply would need and was not given.")
    asks: list[Ask] = Field(description="One for each gap in the reply; none without gaps.")
    abstain: bool = Field(description="True when no useful reply can rest on what was given.")


class Unreadable(Exception):
    """What came is no reply; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Answer:
    reply: str
    missing: tuple[str, ...] = ()
    asks: tuple[tuple[str, str], ...] = ()
    abstained: bool = False


def growing(raw: str) -> str:
    """As much of the reply as can be read so far."""
    text = unfenced(raw)
    if not text.startswith("{"):
        return _clean(text.split("{")[0].split("`")[0])
    try:
        found = from_json(text, allow_partial="trailing-strings")
    except ValueError:
        return ""
    reply = found.get("reply") if isinstance(found, dict) else None
    return _clean(reply) if isinstance(reply, str) else ""


def whole(raw: str) -> Answer:
    """The finished answer, or Unreadable."""
    text = unfenced(raw)
    found = _first_object(text)
    if found is not None:
        return _checked(found)
    if text.startswith("{"):
        raise Unreadable("broken_answer")
    return _checked({"reply": text})


def _checked(found: dict[str, Any]) -> Answer:
    reply = _clean(found["reply"])
    missing = _missing(found.get("missing"))
    if len(reply) > LONGEST_REPLY:
        raise Unreadable("broken_answer")
    if not reply and not missing:
        raise Unreadable("empty")
    return Answer(reply, missing, _asks(found.get("asks")), abstained=not reply or found.get("abstain") is True)


def _missing(found: object) -> tuple[str, ...]:
    if not isinstance(found, list):
        return ()
    texts = (_clean(text)[:LONGEST_MISSING] for text in found if isinstance(text, str))
    return tuple(text for text in texts if text)[:MOST_MISSING]


def _asks(found: object) -> tuple[tuple[str, str], ...]:
    """Whether there is such a gap at all is for the reader of the reply to see."""
    rows = [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
    pairs = ((one.get("gap"), one.get("question")) for one in rows[:MOST_MISSING])
    return tuple(
        (_clean(gap).strip("[]"), _clean(question)[:LONGEST_MISSING])
        for gap, question in pairs
        if isinstance(gap, str) and isinstance(question, str) and question.strip()
    )


def _first_object(text: str) -> dict[str, Any] | None:
    """The first JSON object, whatever stands around it; raw line breaks in strings are fine."""
    start = text.find("{")
    if start < 0:
        return None
    try:
        found, _ = json.JSONDecoder(strict=False).raw_decode(text, start)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) and isinstance(found.get("reply"), str) else None


def unfenced(raw: str) -> str:
    """Without the ```json that some models put around their answer."""
    text = raw.strip()
    fence = re.match(r"```\w*\s*", text)
    return text[fence.end() :].removesuffix("```").strip() if fence else text


def _clean(text: str) -> str:
    return text.encode("utf-8", "ignore").decode().translate(UNWANTED).strip()
