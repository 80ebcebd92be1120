"""What a person does with a draft. A view here is: access, parse, one verb, respond.

Whatever goes wrong, the answer is the card as it is now, with what happened and what was typed.
"""

from collections.abc import Callable
from dataclasses import dataclass

from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse
from django_htmx.http import reswap, retarget

from copilot import decisions, escalations, keeping
from copilot.access import decidable_drafts
from copilot.console import scene as scenes
from copilot.console.conversation import answer_action, answer_with, keep_envelope, kept_envelope
from copilot.console.files import add_chosen, check_none_waits
from copilot.console.fill_card import Typed, addresses, edited_now_by, editing
from copilot.console.fill_card import card as draft_card
from copilot.console.fill_diff import typed as typed_diff
from copilot.console.fill_handover import handover
from copilot.console.fill_rows import conversation_url
from copilot.console.inbox import told_view
from copilot.console.rows import Status
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reads
from copilot.decisions import Actor, Conflict, Invalid, Refused, Wording
from copilot.knowledge import proposals
from copilot.models import Decision, Draft
from interactions import handling
from interactions.models import Escalation
from people.access import visible_people
from people.models import Team, User


@dataclass(frozen=True, slots=True)
class Ask:
    """One posted action on a draft, read and allowed."""

    visit: Visit
    draft: Draft
    actor: Actor

    @property
    def version(self) -> int:
        told = self.visit.request.POST.get("version", "")
        if not told.isdecimal():
            raise Invalid("This page is too old. Look at the draft again; nothing was sent.")
        return int(told)

    def field(self, name: str) -> str:
        return self.visit.request.POST.get(name, "").strip()

    @property
    def typed(self) -> Typed | None:
        """What stood in the editor, if the action came from there."""
        post = self.visit.request.POST
        if "text" not in post:
            return None
        return typed_in(self.visit)


def typed_in(visit: Visit) -> Typed:
    post = visit.request.POST
    text = post.get("text")
    return Typed(
        text=None if text is None else text.replace("\r\n", "\n"), to=post.get("to"), cc=post.get("cc"),
        subject=post.get("subject"), attachments=None if text is None else post.getlist("attachments"),
        ticks=post.getlist("ticks"),
    )  # fmt: skip


def wording(typed: Typed) -> Wording:
    return Wording(
        text=typed.text,
        to=None if typed.to is None else addresses(typed.to),
        cc=None if typed.cc is None else addresses(typed.cc),
        subject=typed.subject,
        attachments=typed.attachments,
    )


def sheet_key(conversation_id: int) -> str:
    """Where the session keeps what is typed without a draft."""
    return f"reply-{conversation_id}"


type Verb = Callable[[Ask], Status | None]


def act(visit: Visit, conversation_id: int, n: int, verb: Verb) -> HttpResponse:
    ask = _ask(visit, conversation_id, n)
    try:
        said = verb(ask)
    except Refused as error:
        return _refused(ask, error)
    return answer_action(visit, conversation_id, said=said)


def _ask(visit: Visit, conversation_id: int, n: int) -> Ask:
    mine = decidable_drafts(visit.who).select_related("conversation__contact", "conversation__account")
    draft = mine.filter(conversation=conversation_id, n=n).first()
    if draft is None:
        raise Http404
    return Ask(visit, draft, Actor(visit.person))


def _refused(ask: Ask, error: Refused) -> HttpResponse:
    """The card as it is now, why it was refused, and what was typed in its field."""
    conversation_id = ask.draft.conversation_id
    scene = scenes.load(ask.visit, scenes.find(ask.visit, conversation_id))
    ticks = ask.visit.request.POST.getlist("ticks")
    card = draft_card(scene, problem=str(error), typed=ask.typed, ticks=ticks)
    return answer_with(ask.visit, scene, card, 409 if isinstance(error, Conflict) else 422)


@page("POST", allowed=reads)
def approve(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    """From the card: the draft as it stands. From the editor: what the person made of it."""
    return act(visit, conversation_id, n, _approve)


def _approve(ask: Ask) -> Status | None:
    ticks = ask.visit.request.POST.getlist("ticks")
    typed = ask.typed
    check_none_waits(ask.visit)
    if typed is None:
        decision = decisions.approve(ask.draft.pk, ask.version, ask.actor, ticks)
    else:
        decision = decisions.edit(ask.draft.pk, ask.version, ask.actor, wording(typed), ticks)
        Draft.objects.filter(pk=ask.draft.pk).update(edited_text=decision.text, edited_by=ask.actor.person)
    return sending(ask.visit, decision)


def sending(visit: Visit, decision: Decision) -> Status:
    """What the status line says once a reply is on its way."""
    seconds = decisions.undo_seconds(visit.person)
    if decision.outbox and decision.outbox.release_by:
        return Status("Approved. It waits for a second person; nothing leaves before.", "lock")
    if not seconds:
        return Status("Approved. It is leaving now.")
    n = decision.draft.n if decision.draft else 0
    url = reverse("draft-undo", args=[decision.conversation_id, n])
    return Status("Approved. Until it leaves it can be taken back.", "clock", "Undo", url, "Z", post=True)


@page("POST", allowed=reads)
def edit(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    """Open the text, keep what is typed, show the changes, or close and keep."""
    ask = _ask(visit, conversation_id, n)
    post = visit.request.POST
    if "save" in post:
        return _save(ask)
    try:
        if "attach" in post:
            return _attach(ask)
        if post.get("show"):
            return _show_changes(ask)
        if post.get("close"):
            _keep(ask)
            return answer_action(visit, conversation_id, said=Status("Your text is kept.", quiet=True))
        return _open(ask)
    except Refused as error:
        return _refused(ask, error)


def _save(ask: Ask) -> HttpResponse:
    """The editor's own saving, every two seconds: no page, only whether it is kept."""
    try:
        draft = _keep(ask)
    except Refused as error:
        return JsonResponse({"detail": str(error)}, status=409)
    return JsonResponse({"version": draft.version, "saved_at": draft.edited_at})


def _attach(ask: Ask) -> HttpResponse:
    typed = add_chosen(ask.visit, ask.draft.conversation, ask.typed or Typed(text=""))
    _keep(ask, typed)
    if not ask.visit.wants_part:
        return ask.visit.go(conversation_url(ask.draft.conversation_id, told_view(ask.visit), edit="1"))
    scene = scenes.load(ask.visit, scenes.find(ask.visit, ask.draft.conversation_id))
    return answer_with(ask.visit, scene, editing(scene, typed), 200)


def _keep(ask: Ask, typed: Typed | None = None) -> Draft:
    typed = typed or ask.typed
    if typed is None or typed.text is None:
        raise Invalid("There was no text to keep.")
    keep_envelope(ask.visit, typed, conversation_id=ask.draft.conversation_id, n=ask.draft.n)
    if typed.text.strip() == ask.draft.text.strip():
        return _unchanged(ask)
    return decisions.save_edit(ask.draft.pk, ask.actor, typed.text)


def _unchanged(ask: Ask) -> Draft:
    """Nobody is editing any more, and nothing was changed."""
    mine = Draft.objects.filter(pk=ask.draft.pk, edited_by=ask.actor.person)
    mine.update(edited_text="", edited_by=None, edited_at=None)
    ask.draft.refresh_from_db()
    return ask.draft


def _show_changes(ask: Ask) -> HttpResponse:
    typed = ask.typed
    scene = scenes.load(ask.visit, scenes.find(ask.visit, ask.draft.conversation_id), ask.draft.n)
    text = (typed.text if typed else None) or ""
    if ask.visit.wants_part:
        return ask.visit.show("draft.html#changes", {"diff": typed_diff(scene, text)})
    _keep(ask)
    return ask.visit.go(conversation_url(ask.draft.conversation_id, told_view(ask.visit), edit="1"))


def _open(ask: Ask) -> HttpResponse:
    """Whoever opens the text is seen by the others as editing it, and the conversation becomes theirs."""
    draft = ask.draft
    scene = scenes.load(ask.visit, scenes.find(ask.visit, draft.conversation_id))
    by_other = edited_now_by(scene, draft)
    if by_other and "take" not in ask.visit.request.POST and "version" in ask.visit.request.POST:
        raise Conflict(f"{by_other.name} is editing this draft. Take over above, if you have talked.", draft)
    if draft.state == Draft.State.ESCALATED:
        escalations.take(draft.conversation, ask.actor.person, ask.visit.who)
    if draft.conversation.assignee_id is None:
        handling.assign(draft.conversation, ask.actor.person, ask.actor.person)
    decisions.save_edit(draft.pk, ask.actor, draft.edited_text or draft.text)
    if not ask.visit.wants_part:
        return ask.visit.go(conversation_url(draft.conversation_id, told_view(ask.visit), edit="1"))
    scene = scenes.load(ask.visit, scenes.find(ask.visit, draft.conversation_id))
    kept = kept_envelope(ask.visit, conversation_id=draft.conversation_id, n=draft.n)
    return answer_with(ask.visit, scene, editing(scene, kept), 200)


@page("POST", allowed=reads)
def stop(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    return act(visit, conversation_id, n, _stop)


def _stop(ask: Ask) -> Status:
    decisions.stop(ask.draft.pk)
    return Status("Drafting was stopped.")


@page("POST", allowed=reads)
def redraft(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    return act(visit, conversation_id, n, _redraft)


def _redraft(ask: Ask) -> Status:
    without = ask.field("without")
    number = int(without) if without.isdecimal() else None
    decisions.redraft(ask.draft.pk, ask.version, ask.actor, ask.field("instruction"), number)
    return Status("A new draft is on its way.", quiet=True)


@page("POST", allowed=reads)
def answer(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    """What the draft lacked; each field is named for its question."""
    return act(visit, conversation_id, n, _answer)


def _answer(ask: Ask) -> Status:
    told = {name.removeprefix("answer-"): str(text) for name, text in ask.visit.request.POST.items()}
    answers = {int(pk): text for pk, text in told.items() if pk.isdecimal()}
    decisions.answer(ask.draft.pk, ask.version, ask.actor, answers)
    return Status("Kept with your name. A new draft is on its way.", quiet=True)


@page("POST", allowed=reads)
def keep(visit: Visit, conversation_id: int, question_id: int, way: str) -> HttpResponse:
    """An answer for the next time: as a note about the account, or as an article of the team."""
    conversation = scenes.find_to_answer(visit, conversation_id)
    question = conversation.questions.filter(pk=question_id).first()
    if question is None or way not in ("note", "article"):
        raise Http404
    try:
        if way == "note":
            keeping.keep_as_note(question, Actor(visit.person))
            said = Status("Noted for this account.")
        else:
            proposal = keeping.keep_as_article(question, Actor(visit.person), visit.who)
            accepted = proposal.state == proposal.State.ACCEPTED
            said = Status("Kept as an article." if accepted else "Proposed as an article; a lead looks at it.")
    except (Refused, proposals.Refused) as error:
        scene = scenes.load(visit, conversation)
        return answer_with(visit, scene, draft_card(scene, problem=str(error)), 409)
    return answer_action(visit, conversation_id, said=said)


@page("POST", allowed=reads)
def discard(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    return act(visit, conversation_id, n, _discard)


def _discard(ask: Ask) -> Status:
    decisions.discard(ask.draft.pk, ask.version, ask.actor, ask.field("reason"))
    url = reverse("draft-undo", args=[ask.draft.conversation_id, ask.draft.n])
    return Status("Draft discarded. Nothing was sent.", "dropped", "Bring back", url, "Z", post=True)


@page("POST", allowed=reads)
def undo(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    """Take back the last decision on the draft; `n` 0 is a reply that no draft was made for."""
    conversation = scenes.find_to_answer(visit, conversation_id)
    last = _last_decision(conversation.pk, n)
    problem = "There is nothing to take back any more."
    if last:
        try:
            decisions.undo(last.pk, Actor(visit.person))
            if last.kind == Decision.Kind.WRITE:
                visit.request.session[sheet_key(conversation_id)] = last.text
            return answer_action(visit, conversation_id, said=_taken_back(last))
        except Refused as error:
            problem = f"{error} What was decided stands."
    scene = scenes.load(visit, conversation)
    return answer_with(visit, scene, draft_card(scene, problem=problem), 409)


def _last_decision(conversation_id: int, n: int) -> Decision | None:
    """The newest that can be taken back: a reply, an escalation or a discard."""
    kinds = [Decision.Kind.APPROVE, Decision.Kind.EDIT, Decision.Kind.WRITE, Decision.Kind.ESCALATE]
    done = Decision.objects.filter(
        conversation=conversation_id, undone_at=None, kind__in=[*kinds, Decision.Kind.DISCARD]
    )
    last = done.select_related("draft").order_by("-pk").first()
    return last if last and (last.draft is None or last.draft.n == n) else None


def _taken_back(decision: Decision) -> Status:
    match decision.kind:
        case Decision.Kind.ESCALATE:
            return Status("Taken back. The draft is here again.")
        case Decision.Kind.DISCARD:
            return Status("The draft is back.")
    return Status("Taken back. Nothing was sent; your text is kept.")


@page("GET", "HEAD", "POST", allowed=reads)
def escalate(visit: Visit, conversation_id: int, n: int) -> HttpResponse:
    """Ask to whom and why; then hand it on."""
    ask = _ask(visit, conversation_id, n)
    if visit.request.method != "POST":
        return _handover(ask)
    try:
        to = _receiver(ask)
        reason = ask.field("reason")
        known = reason if reason in Escalation.Reason.values else Escalation.Reason.OTHER
        decisions.escalate(ask.draft.pk, ask.version, ask.actor, to, known, ask.field("question")[:2000])
    except Conflict as error:
        return _refused(ask, error)
    except Refused as error:
        return _handover(ask, str(error), 422)
    url = reverse("draft-undo", args=[conversation_id, n])
    said = Status(f"Handed to {to}. The draft went along.", "away", "Take back", url, "Z", post=True)
    return answer_action(visit, conversation_id, said=said)


def _receiver(ask: Ask) -> User | Team:
    """`user:<id>` or `team:<id>`, as over REST."""
    kind, _, number = ask.field("to").partition(":")
    found: User | Team | None = None
    if number.isdecimal() and kind == "user":
        found = visible_people(ask.visit.who).exclude(pk=ask.actor.person.pk).filter(pk=number).first()
    elif number.isdecimal() and kind == "team":
        found = Team.objects.filter(pk=number).first()
    if found is None:
        raise Invalid("Choose who should decide this. Nothing was handed on.")
    return found


def _handover(ask: Ask, problem: str = "", status: int = 200) -> HttpResponse:
    scene = scenes.load(ask.visit, scenes.find(ask.visit, ask.draft.conversation_id), ask.draft.n)
    context = {"handover": handover(ask.visit, scene, problem)}
    if ask.visit.wants_part:
        response = ask.visit.show("escalate.html#form", context, status)
        if problem:  # the form stands in the dialog; the card behind it stays
            retarget(reswap(response, "innerHTML"), "#dialog")
        return response
    return ask.visit.show("escalate.html", context | {"shell": shell(ask.visit, "inbox")}, status)
