"""The case so far: three lines for a conversation that has outgrown one prompt, each with words really said.

A model writes them when there is one, and each quote is looked for in its message; where one is not there, and
without a model, three sentences of the conversation itself stand in.
"""

import logging
from datetime import timedelta
from typing import Any

from django.db.models import F
from django.db.models.functions import Now
from pydantic import BaseModel, ConfigDict, Field

import bell
from copilot.context.build import LEFT_WHOLE
from copilot.drafting.budget import has_money, spend
from copilot.drafting.case import told
from copilot.drafting.engine import EngineError
from copilot.drafting.prompt import Prompt, letters, rules
from copilot.drafting.switch import people_only
from copilot.drafting.work import model_in_use
from copilot.models import CaseSummary
from copilot.slots import details
from copilot.words import content, sentences
from interactions.models import Message

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=2)
MOST_ATTEMPTS = 3
LINES = 3
BEGINNING, END = 4, 120  # messages that a model reads, of what is to be told
LONGEST = 1500  # characters of one message
LONGEST_LINE, SHORTEST_QUOTE, LONGEST_QUOTE = 300, 8, 400
RULES, VERSION = rules("case-1")


class Line(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: str = Field(description="One plain sentence.")
    message: str = Field(description="The id of the message that it stands on.")
    quote: str = Field(description="Words of that message, copied letter by letter.")


class Lines(BaseModel):
    model_config = ConfigDict(extra="forbid")

    lines: list[Line]


def summarise(case_id: int) -> None:
    """Make the three lines anew; a worker that dies leaves it due again when its lease is over."""
    mine = CaseSummary.objects.filter(pk=case_id)
    claimed = mine.filter(due_at__lte=Now()).update(due_at=Now() + LEASE, attempts=F("attempts") + 1)
    related = [f"conversation__{name}" for name in ("contact", "account", "team")]
    case = mine.select_related(*related).first() if claimed else None
    if case is None:
        return
    said = list(told(case.conversation).order_by("sent_at", "pk"))[:-LEFT_WHOLE]
    if len(said) < LINES:
        mine.update(due_at=None)
        return
    try:
        made = _written(case, said)
    except EngineError as error:
        log.warning("case %s: %s", case_id, error.code)
        if not error.permanent and case.attempts < MOST_ATTEMPTS:
            return
        made = _by_rule(case, said)
    mine.filter(attempts=case.attempts).update(until=said[-1], due_at=None, made_at=Now(), **made)
    bell.tell(f"conversation:{case.conversation_id}", 0)


def _written(case: CaseSummary, said: list[Message]) -> dict[str, Any]:
    writer = model_in_use()
    team = case.conversation.team
    if writer is None or people_only(case.conversation) or not has_money(team):
        return _by_rule(case, said)
    read = said if len(said) <= BEGINNING + END else said[:BEGINNING] + said[-END:]
    prompt = Prompt(RULES, letters("conversation", read, LONGEST), frozenset())
    answer, model, usage = writer.fill(prompt, Lines)
    spend(team, usage, drafts=0)
    cost, lines = {"cost_micros": F("cost_micros") + usage.cost_micros}, checked(answer, read)
    if len(lines) < LINES:
        log.info("case %s: %d of its lines stood on nothing", case.pk, LINES - len(lines))
        return _by_rule(case, said) | cost
    return {"lines": lines, "engine": writer.name, "model": model, "prompt_version": VERSION} | cost


def _by_rule(case: CaseSummary, said: list[Message]) -> dict[str, Any]:
    lines = extract(case.conversation.subject, said)
    return {"lines": lines, "engine": "offline", "model": "", "prompt_version": ""}


def checked(answer: Lines, read: list[Message]) -> list[dict[str, Any]]:
    """The lines whose quote stands in the message they name and whose details were all said."""
    texts = {f"m{one.pk}": one.text for one in read}
    known = {text[a:b].lower() for text in texts.values() for _, a, b in details(text)}
    kept = []
    for line in answer.lines[:LINES]:
        stands = _plain(line.quote) in _plain(texts.get(line.message, ""))
        fits = SHORTEST_QUOTE <= len(line.quote) <= LONGEST_QUOTE and 0 < len(line.text) <= LONGEST_LINE
        if stands and fits and all(line.text[a:b].lower() in known for _, a, b in details(line.text)):
            kept.append(_line(line.text, line.quote, int(line.message[1:])))
    return kept


def _plain(text: str) -> str:
    return " ".join(text.split())


def _line(text: str, quote: str, message: int) -> dict[str, Any]:
    return {"text": text, "quote": quote, "message": message}


def extract(subject: str, said: list[Message]) -> list[dict[str, Any]]:
    """Without a model: how it began, our answer that says most on it, and what was said last of all this."""
    first = next((one for one in said if one.by == Message.By.CUSTOMER), said[0])
    rest = [one for one in said if one is not first]
    about = content(f"{subject} {first.text}")
    ours = [one for one in rest[:-1] if one.by == Message.By.COLLEAGUE] or rest[:-1]
    answer = max(ours, key=lambda one: len(about & content(one.text)))
    last = rest[-1]
    heads = ("It began with this.", "This was answered to it.", "This was said last of it.")
    return [
        _line(head, _telling(one.text, about), one.pk)
        for head, one in zip(heads, (first, answer, last), strict=True)
    ]


def _telling(text: str, about: set[str]) -> str:
    """The sentence that says most on what the conversation is about; the first of equals."""
    spans = [text[start:end] for start, end in sentences(text)] or [text]
    return max(spans, key=lambda said: len(about & content(said)))[:LONGEST_QUOTE]
