"""A team without drafting: how drafts fare in other teams, by counts, and the wish for it with its answer."""

from dataclasses import dataclass

from django.contrib import messages
from django.db.models import Exists, OuterRef
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot import requesting
from copilot.access import decidable_requests, visible_requests
from copilot.console.cards import Choice
from copilot.console.copilot_team import has_teams, team_and_chips
from copilot.console.rehearsal_rows import NeighbourRow, RequestRow
from copilot.console.visit import Visit, page
from copilot.drafting.switch import mode_of_team
from copilot.models import DraftingRequest, DraftingSwitch, Topic, TopicRecord
from people.models import Team

State, Mode = DraftingRequest.State, DraftingSwitch.Mode
MOST = 20


@dataclass(frozen=True, slots=True)
class Asking:
    """Where drafts are not written by themselves here, how they fare in other teams, and who asked for them."""

    places: tuple[Choice, ...]
    neighbours: tuple[NeighbourRow, ...]
    requests: tuple[RequestRow, ...]


def asking(visit: Visit, team: Team) -> Asking:
    topics = list(Topic.objects.filter(team=team, retired_at=None).order_by("name"))
    mode = mode_of_team(team)
    places = [Choice("", "All of the team")] if mode("") != Mode.ALWAYS else []
    places += [Choice(str(one.pk), one.name) for one in topics if mode(one.name) != Mode.ALWAYS]
    return Asking(tuple(places), _neighbours(team) if places else (), _requests(visit, team))


def _neighbours(team: Team) -> tuple[NeighbourRow, ...]:
    """The topics of the others: those of the same names as the team's own first, then the best known."""
    same = Exists(Topic.objects.filter(team=team, retired_at=None, name__iexact=OuterRef("topic__name")))
    rows = TopicRecord.objects.filter(n__gt=0, topic__retired_at=None).exclude(topic__team=team)
    return tuple(
        NeighbourRow(
            topic=one.topic.name, team=one.topic.team.name, n=one.n, unchanged=one.unchanged,
            edited=one.edited, of_no_use=one.wrong, unsupported=one.unsupported,
        )
        for one in rows.select_related("topic__team").order_by(same.desc(), "-n", "pk")[:MOST]
    )  # fmt: skip


def _requests(visit: Visit, team: Team) -> tuple[RequestRow, ...]:
    rows = visible_requests(visit.who).filter(team=team).select_related("topic", "asked_by", "decided_by")
    decides = visit.who.is_admin or team.pk in visit.who.lead_teams
    return tuple(
        RequestRow(
            id=one.pk, place=f"“{one.topic}”" if one.topic else f"all of {team}", at=one.asked_at, why=one.why,
            by=one.asked_by.name if one.asked_by else "A colleague", state=one.state,
            word=one.get_state_display(), decided_by=one.decided_by.name if one.decided_by else "",
            reason=one.reason, may_decide=decides and one.state == State.OPEN,
        )
        for one in rows.order_by("-pk")[:MOST]
    )  # fmt: skip


@page("POST", allowed=has_teams)
def ask(visit: Visit) -> HttpResponse:
    """For the team, or with `topic` for one of its topics."""
    team, _ = team_and_chips(visit, "rehearsals")
    told = visit.request.POST.get("topic", "")
    if team is None or (told and not (told.isdecimal() and len(told) < 18)):
        raise Http404
    topic = Topic.objects.filter(pk=told, team=team, retired_at=None).first() if told else None
    if told and topic is None:
        raise Http404
    try:
        requesting.ask(team, topic, visit.person, visit.request.POST.get("why", ""))
        messages.success(visit.request, f"Asked. A lead of {team} says yes or no.")
    except requesting.Refused as refusal:
        messages.error(visit.request, str(refusal))
    return visit.go(f"{reverse('rehearsals')}?team={team.pk}")


@page("POST", allowed=has_teams)
def decide(visit: Visit, request_id: int) -> HttpResponse:
    """`do` is approve, or decline with a reason."""
    rows = decidable_requests(visit.who).select_related("team", "topic")
    asked, post = rows.filter(pk=request_id).first(), visit.request.POST
    if asked is None or post.get("do") not in ("approve", "decline"):
        raise Http404
    try:
        if post["do"] == "approve":
            requesting.approve(asked, visit.person, post.get("reason", ""))
            messages.success(visit.request, "Approved. From the next message on drafts are written there.")
        else:
            requesting.decline(asked, visit.person, post.get("reason", ""))
            messages.success(visit.request, "Declined. People answer there as before.")
    except requesting.Refused as refusal:
        messages.error(visit.request, str(refusal))
    return visit.go(f"{reverse('rehearsals')}?team={asked.team_id}")
