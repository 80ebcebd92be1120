"""Lessons where they are met: wrong on a draft, and on the sent reply undone or kept to oneself."""

from collections.abc import Callable

from django.http import Http404, HttpResponse

from copilot.console import scene as scenes
from copilot.console.conversation import answer_action, answer_with
from copilot.console.fill_card import card as draft_card
from copilot.console.rows import Status
from copilot.console.visit import Visit, page, reads
from copilot.learning import moves
from copilot.models import Lesson, Signal
from interactions.models import Conversation

WAYS = {
    "undo": (moves.undo, "Undone. This reply no longer counts for it."),
    "only-me": (moves.only_me, "Kept for you alone. The next drafts that you answer have it."),
}


@page("POST", allowed=reads)
def wrong(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    """A lesson that shaped the draft does not fit it."""
    conversation = scenes.find_to_answer(visit, conversation_id)
    draft = conversation.drafts.filter(n=n).first()
    told = visit.request.POST.get("lesson", "")
    if draft is None or not told.isdecimal() or len(told) > 18:
        raise Http404
    said = "Noted: it does not fit here. When a second conversation says so, it is retired."
    return _answer(visit, conversation, lambda: moves.wrong_here(int(told), draft, visit.person), said)


@page("POST", allowed=reads)
def learnt(visit: Visit, conversation_id: int, lesson_id: int, way: str) -> HttpResponse:
    """What the person's own latest reply taught: `way` is undo or only-me."""
    conversation = scenes.find_to_answer(visit, conversation_id)
    mine = Signal.objects.filter(conversation=conversation, person=visit.person, evidence__lesson=lesson_id)
    signal = mine.order_by("-pk").first()
    if way not in WAYS or signal is None:
        raise Http404
    verb, said = WAYS[way]
    return _answer(visit, conversation, lambda: verb(lesson_id, signal, visit.person), said)


def _answer(visit: Visit, talk: Conversation, verb: Callable[[], Lesson], said: str) -> HttpResponse:
    try:
        verb()
    except Lesson.DoesNotExist:
        raise Http404 from None
    except moves.Refused as error:
        scene = scenes.load(visit, talk)
        return answer_with(visit, scene, draft_card(scene, problem=str(error)), 409)
    return answer_action(visit, talk.pk, said=Status(said))
