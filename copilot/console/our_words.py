"""In our words: what is typed in the editor, in wordings of the house; and those that a lead took out."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.db.models import Count, Max
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.console import scene as scenes
from copilot.console.asked import HouseWording, OurWords
from copilot.console.cards import Card, plural
from copilot.console.conversation import answer_with, show_conversation
from copilot.console.copilot_team import has_teams, may_lead, team_and_chips
from copilot.console.decide import typed_in
from copilot.console.fill_card import Typed, editing, writing
from copilot.console.scene import Scene
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reads
from copilot.context.refill import SLOT
from copilot.gaps import WORDS
from copilot.learning import our_words
from copilot.learning.our_words import CUSTOMERS, NOTHING, PEOPLE, Offered
from copilot.models import PastReply, UnwantedWording
from interactions.models import Conversation
from people.models import Team

LONGEST = 4000  # characters; a rough text is short
MOST_SHOWN = 50


@page("POST", allowed=reads)
def ask(visit: Visit, conversation_id: int) -> HttpResponse:
    """Offer wordings for what is typed, put one in, or take one out for good; nothing is sent by it."""
    conversation = scenes.find_to_answer(visit, conversation_id)
    typed, post = typed_in(visit), visit.request.POST
    if "never" in post:
        _take_out(visit, conversation.team, post["never"])
    if "use" in post:
        kept = our_words.rough_text(conversation, visit.person)
        return _show(visit, conversation, typed, post["use"], OurWords(kept))
    return _offer(visit, conversation, typed)


def _offer(visit: Visit, conversation: Conversation, typed: Typed) -> HttpResponse:
    text = (typed.text or "").strip()
    if not text or len(text) > LONGEST:
        note = "Type in a few words what you want to say, then ask again."
        return _show(visit, conversation, typed, typed.text or "", OurWords(typed.text or "", note=note))
    found = our_words.in_our_words(conversation, visit.person, visit.who.teams, text)
    leads = conversation.team_id in visit.who.lead_teams
    return _show(visit, conversation, typed, typed.text or "", _told(text, found, leads=leads))


def _told(text: str, found: Sequence[Offered], *, leads: bool) -> OurWords:
    offers = tuple(
        HouseWording(
            one.text,
            f"Sent {plural(one.evidence.sent, 'time')} by {plural(one.evidence.people, 'colleague')}",
            one.evidence.worded if leads else "",
        )
        for one in found
    )
    return OurWords(text, offers, "" if offers else NOTHING)


def _show(visit: Visit, talk: Conversation, typed: Typed, text: str, ours: OurWords) -> HttpResponse:
    scene = scenes.load(visit, talk)
    card = replace(_card(visit, scene, replace(typed, text=text.replace("\r\n", "\n"))), ours=ours)
    return answer_with(visit, scene, card, 200) if visit.wants_part else show_conversation(visit, scene, card)


def _card(visit: Visit, scene: Scene, typed: Typed) -> Card:
    """Of the draft that is being edited, if it is still open, else of the empty sheet."""
    draft = scene.draft
    edits = draft is not None and scene.is_open and visit.request.POST.get("n") == str(draft.n)
    return editing(scene, typed) if edits else writing(scene, typed)


def _take_out(visit: Visit, team: Team, worded: str) -> None:
    if not may_lead(visit, team) or not our_words.take_out(team, worded, visit.person):
        raise Http404


@page("GET", "HEAD", "POST", allowed=has_teams)
def wordings(visit: Visit) -> HttpResponse:
    """What a team sends most in the same words, and what its lead has taken out or put back."""
    team, chips = team_and_chips(visit, "house-wordings")
    if visit.request.method == "POST":
        return _switch(visit, team)
    context = {
        "shell": shell(visit, "learning"), "section": "learning", "chips": chips, "team": team,
        "leads": team is not None and may_lead(visit, team), "rows": _rows(team) if team else [],
    }  # fmt: skip
    return visit.show("house_wordings.html", context)


def _switch(visit: Visit, team: Team | None) -> HttpResponse:
    worded = visit.request.POST.get("worded", "")
    if team is None or not may_lead(visit, team):
        raise Http404
    row = UnwantedWording.objects.filter(team=team, worded=worded).first()
    if row:
        our_words.put_back(row, visit.person)
        messages.success(visit.request, "It may be offered again.")
    else:
        _take_out(visit, team, worded)
        messages.success(visit.request, "It is not offered any more. You can put it back below.")
    return visit.go(f"{reverse('house-wordings')}?team={team.pk}")


def _rows(team: Team) -> list[dict[str, Any]]:
    """Those taken out first; a wording that nobody sends any more has no words left to show."""
    out = set(UnwantedWording.objects.filter(team=team).values_list("worded", flat=True))
    rows = PastReply.objects.filter(team=team).exclude(wording="").values("worded").annotate(
        sent=Count("pk"), people=Count("author", distinct=True), customers=Count("customer", distinct=True),
        text=Max("wording"),
    )  # fmt: skip
    known = rows.filter(people__gte=PEOPLE, customers__gte=CUSTOMERS).order_by("-sent", "worded")[:MOST_SHOWN]
    taken = [_row(row, out=True) for row in rows.filter(worded__in=out)]
    return taken + [_row(row, out=False) for row in known if row["worded"] not in out]


def _row(row: Mapping[str, Any], *, out: bool) -> dict[str, Any]:
    """Its slots as gaps are written, for a reader."""
    text = SLOT.sub(lambda slot: f"[{WORDS.get(slot[1], slot[1])}]", row["text"])
    return {**row, "text": text, "out": out}
