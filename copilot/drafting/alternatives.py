"""Up to three other wordings of a draft, on request: each differs in the way that its name says."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Now

import bell
from copilot.context.build import CONVERSATION, build_context
from copilot.context.value import Context
from copilot.drafting.asking import ask_gaps
from copilot.drafting.budget import check_budget, spend
from copilot.drafting.checks import check
from copilot.drafting.checks.leaks import repeats_prompt
from copilot.drafting.engine import Engine, EngineError, Reply, Usage
from copilot.drafting.moves import tell
from copilot.drafting.serving import serving
from copilot.drafting.switch import people_only
from copilot.drafting.work import engine_in_use, place, sources_of
from copilot.models import Alternative, Draft

log = logging.getLogger(__name__)
State = Alternative.State

WRITE = "copilot.tasks.alternative"
LEASE = timedelta(seconds=180)
MOST_ATTEMPTS = 2
# What a person chooses from, and what the model is asked; offline only what can be done without one.
WISHES = {
    "shorter": "Write it at most half as long, and leave no answer out.",
    "warmer": "Write it warmer and more personal, and promise nothing more.",
    "firmer": "Write it firmer and plainer, still polite, and take nothing back.",
}
OFFLINE = ("shorter", "another")


def ways_here() -> tuple[str, ...]:
    """The ways that this install's engine can write; a model takes others in a person's words too."""
    return tuple(WISHES) if takes_words() else OFFLINE


def takes_words() -> bool:
    return bool(settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL)


def request(draft: Draft, ways: Sequence[str], person_id: int) -> int:
    """How many were asked for; what is there already, or beyond three, is not."""
    there = set(draft.alternatives.values_list("way", flat=True))
    fresh = [way for way in dict.fromkeys(ways) if way not in there][: max(0, Alternative.MOST - len(there))]
    for way in fresh:
        made = Alternative.objects.create(draft=draft, way=way, asked_by_id=person_id)
        bell.ring(WRITE, made.pk)
    tell(draft)
    return len(fresh)


def due(limit: int) -> list[int]:
    return list(_free().order_by("pk").values_list("pk", flat=True)[:limit])


def _free() -> QuerySet[Alternative]:
    return Alternative.objects.filter(Q(lease_until=None) | Q(lease_until__lt=Now()), state=State.QUEUED)


def write(alternative_id: int) -> None:
    claimed = _free().filter(pk=alternative_id).update(lease_until=Now() + LEASE, attempts=F("attempts") + 1)
    if not claimed:
        return
    related = (f"draft__conversation__{name}" for name in CONVERSATION)
    row = Alternative.objects.select_related(*related).get(pk=alternative_id)
    try:
        _write(row, engine_in_use())
    except EngineError as error:
        _fail(row, error)
    except Exception as error:
        log.error("alternative %s broke down: %s at %s", row.pk, type(error).__name__, place(error))
        _fail(row, EngineError("crashed", permanent=False))


def _write(row: Alternative, engine: Engine) -> None:
    if people_only(row.draft.conversation):
        raise EngineError("people_only", permanent=True)
    check_budget(row.draft)
    context = build_context(row.draft)
    wish = WISHES.get(row.way, f"Write this version of it: {row.way}.")
    wished = replace(context, instructions=(*context.instructions, wish), way=row.way)
    reply = engine.write(wished, lambda text: None)
    if reply.abstained or not reply.text.strip() or reply.text == row.draft.text:
        raise EngineError("nothing_else", permanent=True, usage=reply.usage)
    if repeats_prompt(reply.text):
        raise EngineError("instructions", permanent=True, usage=reply.usage)
    _keep(row, context, reply)


def _keep(row: Alternative, context: Context, reply: Reply) -> None:
    with transaction.atomic():
        kept = _mine(row).update(
            state=State.READY, text=reply.text, sources=sources_of(reply, context), lease_until=None,
            checks=[one.to_json() for one in check(reply, context)], cost_micros=reply.usage.cost_micros,
            goals=serving(reply, context),
        )  # fmt: skip
        if kept:
            asked = row.draft.questions.values_list("gap", flat=True)
            ask_gaps(row.draft, reply, context, set(asked))
            _count(row, reply.usage)


def _mine(row: Alternative) -> QuerySet[Alternative]:
    """While it is still this worker's, and nobody had the draft written anew."""
    return Alternative.objects.filter(pk=row.pk, state=State.QUEUED, attempts=row.attempts)


def _count(row: Alternative, usage: Usage) -> None:
    """What it cost is the draft's cost; the draft itself stays as it is, and so does its version."""
    Draft.objects.filter(pk=row.draft_id).update(cost_micros=F("cost_micros") + usage.cost_micros)
    spend(row.draft.conversation.team, usage)
    tell(row.draft)


def _fail(row: Alternative, error: EngineError) -> None:
    again = not error.permanent and row.attempts < MOST_ATTEMPTS
    with transaction.atomic():
        state = State.QUEUED if again else State.FAILED
        until = Now() + timedelta(seconds=5) if again else None
        if _mine(row).update(state=state, failure=error.code, lease_until=until):
            _count(row, error.usage)
