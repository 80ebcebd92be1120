"""Assign, snooze, resolve, open again: what is done with a conversation besides answering it."""

from datetime import datetime, time, timedelta

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime

from copilot.console import scene as scenes
from copilot.console.conversation import answer_with
from copilot.console.fill_card import card as draft_card
from copilot.console.fill_rows import conversation_url
from copilot.console.visit import Visit, page, reads
from interactions import handling
from interactions.models import Conversation
from people.access import visible_people
from people.models import User

MORNING = time(9)


@page("POST", allowed=reads)
def assign(visit: Visit, conversation_id: int) -> HttpResponse:
    """To me, to a colleague who may see it, or (empty) to nobody."""
    conversation = scenes.find_to_answer(visit, conversation_id)
    told = visit.request.POST.get("to", "me")
    person: User | None = visit.person if told == "me" else None
    if told not in ("me", ""):
        members = visible_people(visit.who).filter(memberships__team=conversation.team_id)
        person = members.filter(pk=told).first() if told.isdigit() else None
        if person is None:
            return _refuse(visit, conversation, "This colleague is not in the team. Nothing was changed.")
    handling.assign(conversation, person)
    return visit.go(conversation_url(conversation_id))


@page("POST", allowed=reads)
def snooze(visit: Visit, conversation_id: int) -> HttpResponse:
    conversation = scenes.find_to_answer(visit, conversation_id)
    until = _until(visit.request.POST.get("until", "tomorrow"))
    if until is None or until <= timezone.now():
        return _refuse(visit, conversation, "Choose a time that is still to come. Nothing was changed.")
    handling.snooze(conversation, until)
    return visit.go(conversation_url(conversation_id))


def _until(told: str) -> datetime | None:
    """`hour`, `tomorrow`, `monday`, or a date and time, all in the person's own zone."""
    now = timezone.localtime()
    match told:
        case "hour":
            return now + timedelta(hours=1)
        case "tomorrow":
            return _morning(now + timedelta(days=1))
        case "monday":
            return _morning(now + timedelta(days=7 - now.weekday()))
    try:
        moment = parse_datetime(told)
    except ValueError:
        return None
    return timezone.make_aware(moment) if moment and timezone.is_naive(moment) else moment


def _morning(day: datetime) -> datetime:
    return datetime.combine(day.date(), MORNING, tzinfo=day.tzinfo)


@page("POST", allowed=reads)
def resolve(visit: Visit, conversation_id: int) -> HttpResponse:
    handling.resolve(scenes.find_to_answer(visit, conversation_id))
    return visit.go(reverse("inbox"))


@page("POST", allowed=reads)
def reopen(visit: Visit, conversation_id: int) -> HttpResponse:
    handling.reopen(scenes.find_to_answer(visit, conversation_id))
    return visit.go(conversation_url(conversation_id))


def _refuse(visit: Visit, conversation: Conversation, problem: str) -> HttpResponse:
    scene = scenes.load(visit, conversation)
    return answer_with(visit, scene, draft_card(scene, problem=problem), 422)
