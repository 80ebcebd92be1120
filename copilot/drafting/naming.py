"""Ask a model what preference is behind an edit: one short call, which sees no customer's details."""

from pydantic import BaseModel, ConfigDict, Field

from copilot.drafting.budget import has_money, spend
from copilot.drafting.prompt import Prompt, edit, rules
from copilot.drafting.switch import people_only
from copilot.drafting.work import model_in_use
from copilot.models import Lesson, Signal
from copilot.slots import mask

MOST = 2
LONGEST = 4_000  # characters of a draft or a reply; a longer one says too much to name one habit
RULES, VERSION = rules("name-1")


class Preference(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: str = Field(description="One of: " + ", ".join(Lesson.Kind.values))
    before: str
    after: str


class Named(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kinds: list[str] = Field(description="Each of: " + ", ".join(Signal.Kind.values))
    preferences: list[Preference]


def name(signal: Signal, names: tuple[str, ...]) -> Named | None:
    """None where no model may be asked; `names` are taken out of both texts first. Raises EngineError."""
    writer, talk = model_in_use(), signal.conversation
    if writer is None or people_only(talk) or not has_money(signal.team):
        return None
    if max(len(signal.drafted), len(signal.sent)) > LONGEST:
        return None
    told = edit(mask(signal.drafted, names), mask(signal.sent, names), talk.language or "en")
    answer, _, usage = writer.fill(Prompt(RULES, told, frozenset()), Named)
    spend(signal.team, usage, drafts=0)
    kept = [one for one in answer.preferences if one.kind in Lesson.Kind.values]
    return Named(kinds=[one for one in answer.kinds if one in Signal.Kind.values], preferences=kept[:MOST])
