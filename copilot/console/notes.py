"""Notes that wait for a person: one at a time, with the words it rests on and what is known already."""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.dateparse import parse_date

from copilot.console.cards import plural
from copilot.console.rows import Status
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reviews_notes
from copilot.relationship import notes as verbs
from copilot.relationship.notes import Said as Wording
from copilot.relationship.proposals import may_clash
from customers.access import managed_accounts
from customers.models import Note
from interactions.access import visible_conversations
from interactions.models import Quote

NEXT = 8
DECIDED = 5
KNOWN = 3
UNDECIDED = (Note.State.PROPOSED, Note.State.EXPIRED)
TOO_LATE = "Somebody decided on this note just now. Nothing was changed."


@dataclass(frozen=True, slots=True)
class Said:
    """The words that a note was taken from; `url` where the person may read the conversation."""

    text: str
    by: str
    at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class Known:
    """What was accepted of the same kind; `clashes` where the two may not both be so."""

    note: Note
    clashes: bool = False


@dataclass(frozen=True, slots=True)
class Waiting:
    """The note to decide on."""

    note: Note
    said: tuple[Said, ...]
    known: tuple[Known, ...]
    kinds: list[tuple[str, str]] = field(default_factory=lambda: list(Note.Kind.choices))


@page(allowed=reviews_notes)
def notes(visit: Visit) -> HttpResponse:
    """The oldest first; `note` names another one."""
    asked = visit.request.GET.get("note", "")
    return visit.show(
        "notes.html",
        {
            "shell": shell(visit, "notes"),
            "section": "notes",
            **_queue(visit, asked if asked.isdecimal() else ""),
        },
    )


def _queue(visit: Visit, asked: str = "") -> dict[str, Any]:
    waiting = _to_decide(visit).filter(state=Note.State.PROPOSED).order_by("created_at", "pk")
    waiting = waiting.select_related("account", "contact__shown_as", "author")
    count, rows = waiting.count(), list(waiting[: NEXT + 1])
    here = waiting.filter(pk=int(asked)).first() if asked else None
    here = here or (rows[0] if rows else None)
    decided = _to_decide(visit).filter(decided_by=visit.person).exclude(state__in=UNDECIDED)
    expired = _to_decide(visit).filter(state=Note.State.EXPIRED).order_by("review_by", "pk")
    return {
        "summary": f"{plural(count, 'note')} to review" if count else "",
        "waiting": _waiting(visit, here) if here else None,
        "others": [one for one in rows if one != here][:NEXT],
        "expired": expired[:NEXT],
        "decided": decided.order_by("-decided_at", "-pk")[:DECIDED],
    }


@page("POST", allowed=reviews_notes)
def decide(visit: Visit, note_id: int) -> HttpResponse:
    """`fate` is accept, correct (with `text`), reject, back for what the person decided before, renew for what
    is out of date; or, of the known note `other`, over (it takes its place) and merge (it says the same).

    For htmx the queue alone answers, with the next note: a hundred are decided in a few minutes.
    """
    note = _to_decide(visit).filter(pk=note_id).select_related("account", "contact").first()
    if note is None:
        raise Http404
    fate = visit.request.POST.get("fate", "")
    told = _settled(visit, note, fate)
    if visit.wants_part:
        return visit.show("notes.html#answer", {**_queue(visit), "status": told, "answered": True})
    visit.tell(told)
    return visit.go(reverse("notes"))


def _settled(visit: Visit, note: Note, fate: str) -> Status:
    if fate == "correct" and not visit.request.POST.get("text", "").strip():
        return Status("A correction needs words. Nothing was changed.", "triangle")
    return Status(DONE[fate]) if _decided(visit, note, fate) else Status(TOO_LATE, "triangle")


DONE = {
    "accept": "Accepted. Drafts know it from now on.",
    "correct": "Accepted in your words. Drafts know it from now on.",
    "over": "Accepted. It takes the place of what was known before.",
    "merge": "Kept as more evidence of what is known.",
    "reject": "Rejected. No draft will know it.",
    "back": "Taken back. It waits for you again.",
    "renew": "Still so. Drafts know it again.",
}


def _decided(visit: Visit, note: Note, fate: str) -> bool:
    """False where it was too late, or what is asked makes no sense."""
    match fate:
        case "accept" | "correct":
            return verbs.accept_note(note, visit.person, said=_wording(visit))
        case "reject":
            return verbs.reject_note(note, visit.person)
        case "back":
            return verbs.take_back(note, visit.person)
        case "renew":
            return verbs.renew_note(note, visit.person)
    other = _other(visit, note)
    if other is None or fate not in ("over", "merge"):
        return False
    if fate == "merge":
        return verbs.merge_note(note, other, visit.person)
    return verbs.accept_note(note, visit.person, over=other)


def _wording(visit: Visit) -> Wording:
    """`shown` says that the form had the tick, for an empty one is not sent."""
    sent = visit.request.POST
    kind = sent.get("kind", "")
    return Wording(
        text=sent.get("text", "").strip(),
        kind=kind if kind in Note.Kind.values else "",
        internal="mention" not in sent if "shown" in sent else None,
        review_by=_day(sent.get("review_by", "")),
    )


def _day(told: str) -> date | None:
    try:
        return parse_date(told)
    except ValueError:
        return None


def _other(visit: Visit, note: Note) -> Note | None:
    told = visit.request.POST.get("other", "")
    known = Note.objects.filter(account=note.account_id, state=Note.State.ACCEPTED)
    return known.filter(pk=int(told)).first() if told.isdecimal() else None


def _to_decide(visit: Visit) -> QuerySet[Note]:
    rows = Note.objects.filter(account__in=managed_accounts(visit.who))
    return rows.select_related("account")


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


def _known(note: Note) -> tuple[Known, ...]:
    """What was accepted of the same kind, that the two may be compared; what may contradict it first."""
    same = Note.objects.filter(account=note.account, kind=note.kind, state=Note.State.ACCEPTED)
    rows = [Known(one, may_clash(note, one)) for one in same.order_by("-created_at")[:20]]
    return tuple(sorted(rows, key=lambda one: not one.clashes)[:KNOWN])
