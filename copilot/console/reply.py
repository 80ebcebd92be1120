"""Without a draft: a reply of their own, a note, the wish for a draft, what became of a reply."""

from dataclasses import replace
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpResponse, JsonResponse
from django_htmx.http import reswap, retarget

from copilot import decisions
from copilot.console import scene as scenes
from copilot.console.cards import Card
from copilot.console.conversation import (
    answer_action,
    answer_with,
    keep_envelope,
    kept_envelope,
    show_conversation,
)
from copilot.console.decide import sending, sheet_key, typed_in, wording
from copilot.console.files import add_chosen, check_none_waits
from copilot.console.fill_card import Typed, writing
from copilot.console.fill_card import card as draft_card
from copilot.console.fill_rows import conversation_url
from copilot.console.fill_thread import letter
from copilot.console.inbox import told_view
from copilot.console.rows import Status
from copilot.console.scene import Scene
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reads
from copilot.decisions import Actor, Invalid, Refused
from copilot.drafting import opening
from interactions import handling, outbox
from interactions.access import answerable_conversations
from interactions.models import Conversation, Message, OutboxMessage


@page("GET", "HEAD", "POST", allowed=reads)
def reply(visit: Visit, conversation_id: int) -> HttpResponse:
    """An empty sheet; what is typed on it is kept in the session until it is sent."""
    conversation = scenes.find_to_answer(visit, conversation_id)
    post = visit.request.POST
    if visit.request.method != "POST":
        kept = visit.request.session.get(sheet_key(conversation.pk), "")
        envelope = kept_envelope(visit, conversation_id=conversation.pk, n=0)
        return _sheet(visit, conversation, replace(envelope, text=kept))
    if "ask" in post:
        return _ask_for_draft(visit, conversation)
    if "attach" in post:
        return _attach(visit, conversation)
    if "save" in post or "close" in post:
        keep_envelope(visit, typed_in(visit), conversation_id=conversation.pk, n=0)
    if "save" in post:
        visit.request.session[sheet_key(conversation.pk)] = typed_in(visit).text
        return JsonResponse({})
    if "close" in post:
        text = visit.request.session[sheet_key(conversation.pk)] = typed_in(visit).text or ""
        said = Status("Your text is kept. Write myself opens it again.") if text.strip() else None
        return answer_action(visit, conversation_id, said=said)
    return _send(visit, conversation)


def _sheet(
    visit: Visit, conversation: Conversation, typed: Typed, problem: str = "", status: int = 200
) -> HttpResponse:
    scene = scenes.load(visit, conversation)
    card = writing(scene, typed, problem)
    return _show_sheet(visit, scene, card, status)


def _show_sheet(visit: Visit, scene: Scene, card: Card, status: int) -> HttpResponse:
    if visit.wants_part:
        return answer_with(visit, scene, card, status)
    return show_conversation(visit, scene, card, status=status)


def _attach(visit: Visit, conversation: Conversation) -> HttpResponse:
    typed = typed_in(visit)
    try:
        typed = add_chosen(visit, conversation, typed)
    except Invalid as error:
        return _sheet(visit, conversation, typed, str(error), 422)
    visit.request.session[sheet_key(conversation.pk)] = typed.text or ""
    keep_envelope(visit, typed, conversation_id=conversation.pk, n=0)
    return _sheet(visit, conversation, typed)


def _send(visit: Visit, conversation: Conversation) -> HttpResponse:
    typed = typed_in(visit)
    try:
        check_none_waits(visit)
        decision = decisions.write(conversation.pk, Actor(visit.person), wording(typed))
    except Refused as error:
        return _sheet(visit, conversation, typed, str(error), 422 if isinstance(error, Invalid) else 409)
    visit.request.session.pop(sheet_key(conversation.pk), None)
    keep_envelope(visit, Typed(), conversation_id=conversation.pk, n=0)
    return answer_action(visit, conversation.pk, said=sending(visit, decision))


def _ask_for_draft(visit: Visit, conversation: Conversation) -> HttpResponse:
    with transaction.atomic():
        asked = opening.request(conversation, visit.person, visit.request.POST.get("instruction", "").strip())
    if asked:
        return answer_action(visit, conversation.pk, said=Status("A draft is on its way.", quiet=True))
    scene = scenes.load(visit, conversation)
    return answer_with(visit, scene, draft_card(scene, problem=scene.ruling.why), 422)


@page("POST", allowed=reads)
def ask(visit: Visit, conversation_id: int) -> HttpResponse:
    return _ask_for_draft(visit, scenes.find_to_answer(visit, conversation_id))


@page("GET", "HEAD", "POST", allowed=reads)
def note(visit: Visit, conversation_id: int) -> HttpResponse:
    """A note for colleagues, kept in the conversation and never sent."""
    conversation = scenes.find_to_answer(visit, conversation_id)
    if visit.request.method != "POST":
        return _note_form(visit, conversation)
    text = visit.request.POST.get("text", "").strip()
    if not text:
        return _note_form(visit, conversation, "The note is empty. Nothing was kept.", status=422)
    if len(text) > 20_000:
        return _note_form(visit, conversation, "The note is longer than 20,000 characters.", text, 422)
    kept = handling.add_note(conversation, visit.person, text)
    if visit.wants_part:
        return _note_part(visit, conversation, kept)
    return visit.go(f"{conversation_url(conversation.pk, told_view(visit))}#message-{kept.pk}")


@page("POST", allowed=reads)
def settle(visit: Visit, delivery_id: UUID, fate: str) -> HttpResponse:
    """A person has found out whether a reply arrived of which nobody knew."""
    mine = OutboxMessage.objects.filter(conversation__in=answerable_conversations(visit.who))
    row = mine.select_related("conversation", "connection").filter(pk=delivery_id).first()
    if row is None or row.conversation is None or fate not in _FATES:
        raise Http404
    arrived, said = _FATES[fate]
    if outbox.settle_unknown(row, visit.person, arrived=arrived):
        return answer_action(visit, row.conversation.pk, said=Status(said))
    scene = scenes.load(visit, scenes.find_to_answer(visit, row.conversation.pk))
    card = draft_card(scene, problem="What became of this reply is known already. Nothing was changed.")
    return answer_with(visit, scene, card, 409)


_FATES = {"arrived": (True, "Kept as sent."), "lost": (False, "The reply is sent again.")}


def _note_part(visit: Visit, conversation: Conversation, kept: Message) -> HttpResponse:
    message = Message.objects.select_related("person", "contact__shown_as").get(pk=kept.pk)
    scene = Scene(conversation, visit.person, True, [message], None, [])
    return visit.show("conversation.html#message", {"letter": letter(message, scene)})


def _note_form(
    visit: Visit, conversation: Conversation, problem: str = "", text: str = "", status: int = 200
) -> HttpResponse:
    context = {"conversation_id": conversation.pk, "problem": problem, "text": text}
    if not visit.wants_part:
        return visit.show("note.html", context | {"shell": shell(visit, "inbox")}, status)
    response = visit.show("note.html#form", context, status)
    return retarget(reswap(response, "innerHTML"), "#dialog") if problem else response
