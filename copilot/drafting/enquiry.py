"""Ask about this customer: an answer with quotes that are really there, or that nothing here says it."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from pydantic import BaseModel, ConfigDict, Field

from copilot.context.enquiry import Customer, Passage, nearest, readable
from copilot.context.value import Item
from copilot.drafting.budget import has_money, spend
from copilot.drafting.engine import EngineError
from copilot.drafting.prompt import Prompt, passages, rules
from copilot.drafting.work import model_in_use
from copilot.slots import details
from people.access import Standing

log = logging.getLogger(__name__)

LONGEST_QUESTION = 500
SHOWN = 3  # sentences, where no model answers
READ = 24  # sentences that a model is given
MOST_QUOTES = 6
LONGEST_ANSWER = 1_000
RULES, VERSION = rules("ask-1")


class Quote(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: str = Field(description="The id of the passage.")
    quote: str = Field(description="Words of it, copied letter by letter.")


class Answered(BaseModel):
    model_config = ConfigDict(extra="forbid")

    known: bool
    answer: str
    quotes: list[Quote]


@dataclass(frozen=True, slots=True)
class Cited:
    """Words that stand in an item, so that the answer can be looked up."""

    item: Item
    quote: str


@dataclass(frozen=True, slots=True)
class Enquiry:
    """What was asked and what was found; `text` is a model's, empty where the quotes speak."""

    question: str
    quotes: tuple[Cited, ...] = ()
    text: str = ""

    @property
    def known(self) -> bool:
        return bool(self.quotes)


def enquire(who: Standing, customer: Customer, question: str) -> Enquiry:
    """Asks a model where there is one and the customer allows it; nothing is written down."""
    question = question.strip()[:LONGEST_QUESTION]
    near = nearest(question, readable(who, customer), customer.language, READ)
    plain = Enquiry(question, tuple(Cited(one.item, one.quote) for one in near if one.speaks)[:SHOWN])
    writer = model_in_use() if near else None
    team = customer.team
    if writer is None or customer.people_only or team is None or not has_money(team):
        return plain
    prompt = Prompt(RULES, passages(customer.name, [_shown(one) for one in near], question), frozenset())
    try:
        answer, _, usage = writer.fill(prompt, Answered)
    except EngineError as error:
        log.warning("an enquiry was not answered by the model: %s", error.code)
        return plain
    spend(team, usage, drafts=0)
    if not answer.known:
        return Enquiry(question)
    return checked(answer, near, question) or plain


def _shown(passage: Passage) -> Item:
    return replace(passage.item, text=passage.quote)


def checked(answer: Answered, near: Sequence[Passage], question: str) -> Enquiry | None:
    """The answer if each of its quotes and details stands in what was given; None if anything does not."""
    texts: dict[str, list[Passage]] = {}
    for one in near:
        texts.setdefault(one.item.id, []).append(one)
    said = " \n".join(f"{one.item.title} {one.quote}" for one in near) + f" \n{question}"
    known = {said[a:b].lower() for _, a, b in details(said)}
    if not answer.answer or not answer.quotes or len(answer.answer) > LONGEST_ANSWER:
        return None
    if any(answer.answer[a:b].lower() not in known for _, a, b in details(answer.answer)):
        return None
    quotes = [_cited(one, texts.get(one.id, [])) for one in answer.quotes[:MOST_QUOTES]]
    kept = tuple(one for one in quotes if one)
    return Enquiry(question, kept, answer.answer) if len(kept) == len(quotes) else None


def _cited(told: Quote, given: Sequence[Passage]) -> Cited | None:
    quote = " ".join(told.quote.split())
    held = (one.item for one in given if quote and quote in " ".join(one.quote.split()))
    item = next(held, None)
    return Cited(item, quote) if item else None
