"""What strategies hold of an erased contact: their quotes, what a model made of those, lines that name them.

What a colleague wrote by themselves stays, but for the lines in which the contact is named.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from django.db.models import F, Q

from copilot.board import Board, Scenario
from copilot.models import Strategy, StrategyDecision, StrategyRound
from customers.models import Contact
from interactions.erasing import BLANK
from interactions.events import ContactErased
from interactions.models import Conversation, Escalation

TEXTS = ("aim", "constraints", "people", "instruction")
SHORTEST_NAME = 3
BY_RULE = ("", "offline")


@dataclass(frozen=True, slots=True)
class Gone:
    """Ids of evidence that goes, and how the contact is named; `by_model`: a model may have said it anew."""

    ids: frozenset[str]
    named: re.Pattern[str] | None
    by_model: bool = False

    def text(self, told: str) -> str:
        return "\n".join(map(self.line, told.split("\n")))

    def line(self, told: str) -> str:
        return BLANK if self.named and self.named.search(told) else told

    def board(self, told: Board) -> Board:
        ways = tuple(map(self._scenario, told.scenarios))
        rested = {key for one in ways if one.title == BLANK for key in one.rests_on}
        return Board(
            tuple(
                replace(one, text=BLANK, was="")
                if one.key in rested
                else replace(one, text=self.line(one.text), was=self.line(one.was))
                for one in told.assumptions
            ),
            ways,
        )

    def _scenario(self, one: Scenario) -> Scenario:
        kept = tuple(cited for cited in one.evidence if not self._is_theirs(cited.id, cited.quote, cited.title))
        if self.by_model and one.title and any(cited.id in self.ids for cited in one.evidence):
            return replace(one, title=BLANK, steps=(), risks=(), evidence=())
        return replace(
            one, title=self.line(one.title), steps=tuple(map(self.line, one.steps)),
            risks=tuple(map(self.line, one.risks)), evidence=kept,
        )  # fmt: skip

    def _is_theirs(self, cited: str, *told: str) -> bool:
        return cited in self.ids or any(self.line(one) == BLANK for one in told)


def forget_in_strategies(fact: ContactErased) -> int:
    """How many strategies held something; one that is being explored is explored anew."""
    gone = _gone(fact)
    talks = Conversation.objects.filter(pk__in=fact.conversations).exclude(account=None)
    here = Q(account=fact.account_id or 0) | Q(account__in=talks.values("account"))
    return sum(_forget(row, gone) for row in Strategy.objects.select_for_update().filter(here).order_by("pk"))


def _gone(fact: ContactErased) -> Gone:
    handed = Escalation.objects.filter(conversation__in=fact.conversations).values_list("pk", flat=True)
    ids = {f"{kind[0]}{pk}" for kind, pk in fact.rows} | {f"e{pk}" for pk in handed}
    name = Contact.objects.values_list("name", flat=True).filter(pk=fact.contact_id).first() or ""
    return Gone(frozenset(ids), _named([*name.split(), fact.email]))


def _named(names: Collection[str]) -> re.Pattern[str] | None:
    parts = [re.escape(one) for one in names if len(one) >= SHORTEST_NAME]
    return re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)", re.I) if parts else None


def _forget(row: Strategy, gone: Gone) -> bool:
    rounds = list(row.rounds.all())
    gone = replace(gone, by_model=any(one.engine not in BY_RULE for one in rounds))
    changed = {name: gone.text(getattr(row, name)) for name in TEXTS}
    held = any(getattr(row, name) != text for name, text in changed.items())
    Strategy.objects.filter(pk=row.pk).update(**changed, version=F("version") + 1)
    for one in rounds:
        board = gone.board(Board.from_json(one.board)).to_json()
        asked = gone.line(one.instruction)
        held |= asked != one.instruction or Board.from_json(one.board).to_json() != board
        StrategyRound.objects.filter(pk=one.pk).update(board=board, instruction=asked)
    return _forget_decision(row, gone) or held


def _forget_decision(row: Strategy, gone: Gone) -> bool:
    decision = StrategyDecision.objects.select_related("round").filter(strategy=row).first()
    if decision is None:
        return False
    ways = {one.key: one.title for one in Board.from_json(decision.round.board).scenarios}
    lines = [
        {**one, "title": ways.get(one["key"], BLANK), "why": gone.line(one["why"])} for one in decision.lines
    ]
    texts = {name: gone.text(getattr(decision, name)) for name in ("expected", "actual")}
    StrategyDecision.objects.filter(pk=decision.pk).update(lines=lines, **texts)
    return lines != decision.lines or any(getattr(decision, name) != text for name, text in texts.items())
