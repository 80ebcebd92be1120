"""The topic of one conversation: what it is, and a colleague's better word for it."""

from django.http import Http404, HttpResponse

from copilot.console import scene as scenes
from copilot.console.cards import Choice
from copilot.console.conversation import answer_action
from copilot.console.rows import Status
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reads
from copilot.insight import topics
from copilot.models import Topic
from interactions.models import Conversation

NONE = "none"


@page("GET", "HEAD", "POST", allowed=reads)
def topic(visit: Visit, conversation_id: int) -> HttpResponse:
    conversation = scenes.find_to_answer(visit, conversation_id)
    mine = Topic.objects.filter(team=conversation.team_id, retired_at=None).order_by("name")
    if visit.request.method != "POST":
        return _form(visit, conversation, list(mine))
    told = visit.request.POST.get("topic", "")
    chosen = mine.filter(pk=told).first() if told.isdecimal() and len(told) < 19 else None
    if chosen is None and told != NONE:
        raise Http404
    topics.correct(conversation, chosen, visit.person)
    said = f"Topic: {chosen.name}." if chosen else "It has no topic."
    return answer_action(visit, conversation.pk, said=Status(f"{said} The next ones like it are told so."))


def _form(visit: Visit, conversation: Conversation, mine: list[Topic]) -> HttpResponse:
    label = getattr(conversation, "topic_label", None)
    current = label.topic_id if label else None
    choices = [Choice(str(one.pk), one.name, chosen=one.pk == current) for one in mine]
    context = {"conversation_id": conversation.pk, "choices": [*choices, Choice(NONE, "None of these")]}
    if visit.wants_part:
        return visit.show("topic.html#form", context)
    return visit.show("topic.html", context | {"shell": shell(visit, "inbox")})
