"""Other wordings of a draft: asked for, picked, without what serves a goal, with what was held back."""

from django.http import HttpResponse

from copilot import choosing
from copilot.console.decide import Ask, act
from copilot.console.rows import Status
from copilot.console.visit import Visit, page, reads


@page("POST", allowed=reads)
def vary(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    """Ask for other wordings, by the names of the ways or in words, several parted by semicolons."""
    return act(visit, conversation_id, n, _vary)


def _vary(ask: Ask) -> Status:
    ways = [*ask.visit.request.POST.getlist("way"), *ask.field("words").split(";")]
    choosing.ask_for(ask.draft.pk, ask.version, ask.actor, ways)
    return Status("Another wording is on its way.", quiet=True)


@page("POST", allowed=reads)
def pick(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    return act(visit, conversation_id, n, _pick)


def _pick(ask: Ask) -> Status:
    draft = choosing.pick(ask.draft.pk, ask.version, ask.actor, ask.field("alternative"))
    return Status(f"The draft is now {draft.picked}. The former wording is kept beside it.", quiet=True)


@page("POST", allowed=reads)
def without_goals(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    return act(visit, conversation_id, n, _without_goals)


def _without_goals(ask: Ask) -> Status:
    choosing.leave_out_goals(ask.draft.pk, ask.version, ask.actor)
    return Status("Left out. The wording with them is kept beside it.", quiet=True)


@page("POST", allowed=reads)
def apply_held(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    return act(visit, conversation_id, n, _apply_held)


def _apply_held(ask: Ask) -> Status:
    choosing.apply_held(ask.draft.pk, ask.version, ask.actor)
    return Status("Applied. The wording without it is kept beside it.", quiet=True)
