"""Ask a model what is worth noting in a conversation; nothing counts unless its words are really there."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, Field

from copilot.drafting.budget import has_money, spend
from copilot.drafting.engine import EngineError
from copilot.drafting.prompt import Prompt, letters, rules
from copilot.drafting.switch import people_only
from copilot.drafting.work import model_in_use
from copilot.slots import details
from customers.models import Note
from interactions.models import Conversation, Message

log = logging.getLogger(__name__)

LONGEST, LONGEST_TEXT, SHORTEST_QUOTE, LONGEST_QUOTE = 3_000, 300, 8, 400  # characters
RULES, VERSION = rules("note-1")


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str = Field(description="One of: " + ", ".join(Note.Kind.values))
    text: str = Field(description="One plain sentence.")
    message: str = Field(description="The id of the message that it stands on.")
    quote: str = Field(description="Words of that message, copied letter by letter.")
    surely: bool = Field(description="Whether it was said plainly.")


class Lines(BaseModel):
    model_config = ConfigDict(extra="forbid")

    notes: list[Line]


@dataclass(frozen=True, slots=True)
class Noticed:
    """A line that stood the checks, and the message it stands on."""

    message: Message
    line: Line


def notice(conversation: Conversation, said: Sequence[Message]) -> list[Noticed] | None:
    """None where no model may be asked, or it gave no answer that can be used: then rules read instead."""
    writer, team = model_in_use(), conversation.team
    if writer is None or people_only(conversation) or not has_money(team):
        return None
    prompt = Prompt(RULES, letters("conversation", said, LONGEST), frozenset())
    try:
        answer, _, usage = writer.fill(prompt, Lines)
    except EngineError as error:
        log.warning("conversation %s was not read for notes: %s", conversation.pk, error.code)
        return None
    spend(team, usage, drafts=0)
    texts = {f"m{one.pk}": one for one in said}
    kept = [
        Noticed(texts[line.message], line) for line in answer.notes if _stands(line, texts.get(line.message))
    ]
    if len(kept) < len(answer.notes):
        log.info("%d notes on conversation %s stood on nothing", len(answer.notes) - len(kept), conversation.pk)
    return kept or (None if answer.notes else [])


def _stands(line: Line, message: Message | None) -> bool:
    """It is of a known kind, its quote is in the message it names, and its details were all said there."""
    if message is None or line.kind not in Note.Kind.values:
        return False
    fits = SHORTEST_QUOTE <= len(line.quote) <= LONGEST_QUOTE and 0 < len(line.text) <= LONGEST_TEXT
    known = {message.text[a:b].lower() for _, a, b in details(message.text)}
    is_there = " ".join(line.quote.split()) in " ".join(message.text.split())
    return fits and is_there and all(line.text[a:b].lower() in known for _, a, b in details(line.text))
