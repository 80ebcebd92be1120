"""Assign, label, snooze, resolve, open again: what is done with a conversation besides answering it."""

from datetime import datetime, time, timedelta

from django.http import HttpResponse
from django.urls import reverse
from django.utils import timezone

from copilot.console import scene as scenes
from copilot.console.conversation import answer_with
from copilot.console.fill_card import card as draft_card
from copilot.console.fill_rows import conversation_url, day_and_time
from copilot.console.fill_text import short
from copilot.console.inbox import told_view
from copilot.console.rows import Status
from copilot.console.shell import inbox_url
from copilot.console.visit import Visit, page, reads
from interactions import handling
from interactions.models import Conversation
from people.access import visible_people
from people.models import User
from people.zone import moment_of

MORNING = time(9)
MOST_LABELS, LONGEST_LABEL = 20, 60


@page("POST", allowed=reads)
def assign(visit: Visit, conversation_id: int) -> HttpResponse:
    """To me, to a colleague who may see it, or (empty) to nobody."""
    conversation = scenes.find_to_answer(visit, conversation_id)
    told = visit.request.POST.get("to", "me")
    person: User | None = visit.person if told == "me" else None
    if told not in ("me", ""):
        members = visible_people(visit.who).filter(memberships__team=conversation.team_id)
        person = members.filter(pk=told).first() if told.isdecimal() else None
        if person is None:
            return _refuse(visit, conversation, "This colleague is not in the team. Nothing was changed.")
    handling.assign(conversation, person, visit.person)
    whose = "you" if person == visit.person else person.name if person else "nobody"
    visit.tell(Status(f"Assigned to {whose}."))
    return visit.go(conversation_url(conversation_id, told_view(visit)))


@page("POST", allowed=reads)
def label(visit: Visit, conversation_id: int) -> HttpResponse:
    """All of its labels, apart by commas; told to the CRM as well."""
    conversation = scenes.find_to_answer(visit, conversation_id)
    labels = [one.strip() for one in visit.request.POST.get("labels", "").split(",") if one.strip()]
    if len(labels) > MOST_LABELS or any(len(one) > LONGEST_LABEL for one in labels):
        most = f"{MOST_LABELS} labels of {LONGEST_LABEL} letters"
        return _refuse(visit, conversation, f"At most {most}. Nothing was changed.")
    handling.label(conversation, labels, visit.person)
    visit.tell(Status(f"Labels: {', '.join(conversation.labels) or 'none'}."))
    return visit.go(conversation_url(conversation_id, told_view(visit)))


@page("POST", allowed=reads)
def snooze(visit: Visit, conversation_id: int) -> HttpResponse:
    conversation = scenes.find_to_answer(visit, conversation_id)
    until = _until(visit.request.POST.get("until", "tomorrow"))
    if until is None or until <= timezone.now():
        return _refuse(visit, conversation, "Choose a time that is still to come. Nothing was changed.")
    handling.snooze(conversation, until, visit.person)
    return _put_away(visit, conversation, f"Snoozed until {day_and_time(until)}", "moon")


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
    return moment_of(told)


def _morning(day: datetime) -> datetime:
    return datetime.combine(day.date(), MORNING, tzinfo=day.tzinfo)


@page("POST", allowed=reads)
def resolve(visit: Visit, conversation_id: int) -> HttpResponse:
    conversation = scenes.find_to_answer(visit, conversation_id)
    handling.resolve(conversation, visit.person)
    return _put_away(visit, conversation, "Resolved", "done")


def _put_away(visit: Visit, conversation: Conversation, what: str, glyph: str) -> HttpResponse:
    """Back to the list it stood in, which says what became of it and offers it again."""
    url = reverse("reopen", args=[conversation.pk])
    words = f"{what}: {short(conversation.subject or 'no subject', 60)}"
    visit.tell(Status(words, glyph, "Open again", url, "Z", post=True, whole=True))
    view = told_view(visit)
    return visit.go(inbox_url(view) if view else reverse("inbox"))


@page("POST", allowed=reads)
def reopen(visit: Visit, conversation_id: int) -> HttpResponse:
    handling.reopen(scenes.find_to_answer(visit, conversation_id), visit.person)
    visit.tell(Status("It is open again."))
    return visit.go(conversation_url(conversation_id, told_view(visit)))


def _refuse(visit: Visit, conversation: Conversation, problem: str) -> HttpResponse:
    scene = scenes.load(visit, conversation)
    return answer_with(visit, scene, draft_card(scene, problem=problem), 422)
