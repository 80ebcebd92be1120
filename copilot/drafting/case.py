"""When a conversation has outgrown one prompt, its case so far is wanted: a row that a worker fills."""

from django.db.models import Q, QuerySet
from django.db.models.functions import Now

import bell
from copilot.context.build import MOST_TURNS
from copilot.models import CaseSummary
from interactions.models import Conversation, Message

SUMMARISE = "copilot.tasks.summarise"


def want(conversation: Conversation) -> None:
    """Ask for the case so far if it has grown past what a prompt takes; rings after the commit."""
    said = told(conversation)
    case = CaseSummary.objects.filter(conversation=conversation).select_related("until").first()
    if case and case.until:
        said = said.filter(_after(case.until))
    if not said[MOST_TURNS : MOST_TURNS + 1].exists():
        return
    case = case or CaseSummary.objects.get_or_create(conversation=conversation)[0]
    if CaseSummary.objects.filter(pk=case.pk, due_at=None).update(due_at=Now(), attempts=0):
        bell.ring(SUMMARISE, case.pk)


def due_cases(limit: int) -> list[int]:
    due = CaseSummary.objects.filter(due_at__lte=Now()).order_by("due_at")
    return list(due.values_list("pk", flat=True)[:limit])


def told(conversation: Conversation) -> QuerySet[Message]:
    """What was said to each other; an internal note is no part of it."""
    return conversation.messages.filter(automatic="").exclude(by=Message.By.NOTE)


def _after(last: Message) -> Q:
    return Q(sent_at__gt=last.sent_at) | Q(sent_at=last.sent_at, pk__gt=last.pk)
