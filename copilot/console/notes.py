"""Notes that wait for a person: one at a time, with the words it rests on and what is known already."""

from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.console.cards import plural
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reads
from copilot.relationship import notes as verbs
from customers.access import tended_accounts
from customers.models import Note
from interactions.access import visible_conversations
from interactions.models import Quote

NEXT = 8
DECIDED = 5
KNOWN = 3


@dataclass(frozen=True, slots=True)
class Said:
    """The words that a note was taken from; `url` where the person may read the conversation."""

    text: str
    by: str
    at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class Waiting:
    """The note to decide on."""

    note: Note
    said: tuple[Said, ...]
    known: tuple[Note, ...]


@page(allowed=reads)
def notes(visit: Visit) -> HttpResponse:
    """The oldest first; `note` names another one."""
    waiting = _tended(visit).filter(state=Note.State.PROPOSED).order_by("created_at", "pk")
    count, rows = waiting.count(), list(waiting[: NEXT + 1])
    asked = visit.request.GET.get("note", "")
    here = waiting.filter(pk=int(asked)).first() if asked.isdecimal() else None
    here = here or (rows[0] if rows else None)
    decided = _tended(visit).filter(decided_by=visit.person).exclude(state=Note.State.PROPOSED)
    context = {
        "shell": shell(visit, "notes"),
        "section": "notes",
        "summary": f"{plural(count, 'note')} to review" if count else "",
        "waiting": _waiting(visit, here) if here else None,
        "others": [one for one in rows if one != here][:NEXT],
        "decided": decided.order_by("-decided_at", "-pk")[:DECIDED],
    }
    return visit.show("notes.html", context)


@page("POST", allowed=reads)
def decide(visit: Visit, note_id: int) -> HttpResponse:
    """`fate` is accept, correct (with `text`), reject, or back for what the person decided before."""
    note = _tended(visit).filter(pk=note_id).first()
    if note is None:
        raise Http404
    said = _decided(visit, note, visit.request.POST.get("fate", ""))
    if said:
        messages.success(visit.request, said)
    else:
        messages.error(visit.request, "Somebody decided on this note just now. Nothing was changed.")
    return visit.go(reverse("notes"))


def _decided(visit: Visit, note: Note, fate: str) -> str:
    """What happened, in words; nothing where it was too late."""
    text = visit.request.POST.get("text", "").strip()
    match fate:
        case "accept":
            return "Accepted. Drafts know it from now on." if verbs.accept_note(note, visit.person) else ""
        case "correct" if text:
            done = verbs.accept_note(note, visit.person, text=text)
            return "Accepted in your words. Drafts know it from now on." if done else ""
        case "reject":
            return "Rejected. No draft will know it." if verbs.reject_note(note, visit.person) else ""
        case "back":
            return "Taken back. It waits for you again." if verbs.take_back(note, visit.person) else ""
    return "A correction needs words. Nothing was changed."


def _tended(visit: Visit) -> QuerySet[Note]:
    rows = Note.objects.filter(account__in=tended_accounts(visit.who))
    return rows.select_related("account", "contact__shown_as", "author")


def _waiting(visit: Visit, note: Note) -> Waiting:
    talks = visible_conversations(visit.who)
    quotes = Quote.objects.filter(note=note).select_related("message__contact", "message__person")
    readable = set(talks.filter(messages__quotes__note=note).values_list("pk", flat=True))
    return Waiting(note, tuple(_said(one, readable) for one in quotes[:KNOWN]), _known(note))


def _said(quote: Quote, readable: set[int]) -> Said:
    message = quote.message
    talk = message.conversation_id
    url = f"{reverse('conversation', args=[talk])}#message-{message.pk}" if talk in readable else ""
    by = str(message.contact or message.person or message.author_name)
    return Said(quote.text, by, message.sent_at, url)


def _known(note: Note) -> tuple[Note, ...]:
    """What was accepted of the same kind, that the two may be compared."""
    same = Note.objects.filter(account=note.account, kind=note.kind, state=Note.State.ACCEPTED)
    return tuple(same.order_by("-created_at")[:KNOWN])
