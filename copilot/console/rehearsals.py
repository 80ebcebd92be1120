"""Rehearsals of a team: start one, see how far it is and what it showed, each draft beside what was sent."""

import secrets
from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot import rehearsing
from copilot.access import led_rehearsals, visible_rehearsals, visible_rehearsed
from copilot.console.copilot_team import has_teams, may_lead, team_and_chips
from copilot.console.fill_diff import lines
from copilot.console.learning_rows import ShadowRow
from copilot.console.rehearsal_rows import RehearsalRow, ReplyRow, ResultRow
from copilot.console.requests import asking
from copilot.console.shell import shell
from copilot.console.visit import Visit, page
from copilot.drafting.budget import opens_again
from copilot.learning.rehearsed import Result, results
from copilot.learning.trials import ENOUGH
from copilot.models import Rehearsal, RehearsedReply
from people.audit import note_deed
from people.models import Team

State, Run = RehearsedReply.State, Rehearsal.State
MOST = 50
USUAL_SIZE = 50
LARGEST_DRAWN = 999_999
MICROS = 1_000_000
WHY = {
    "people_only": "The customer is answered by people only.",
    "nothing_asked": "The message that it answered is gone.",
}
STOPPED_BY = {
    "key_refused": "The model’s provider did not accept this install’s key.",
    "payment": "The model’s provider asks for payment before it writes more.",
    "model_unknown": "The model’s provider does not know the model that is set here.",
}


@page("GET", "HEAD", "POST", allowed=has_teams)
def rehearsals(visit: Visit) -> HttpResponse:
    """All of a team; a POST starts one."""
    team, chips = team_and_chips(visit, "rehearsals")
    leads = team is not None and may_lead(visit, team)
    problem, post = "", visit.request.POST
    if visit.request.method == "POST":
        if team is None or not leads:
            raise Http404
        try:
            made = rehearsing.start(team, _number(post, "size"), _number(post, "seed"), visit.person)
            return visit.go(reverse("rehearsal", args=[made.pk]))
        except rehearsing.Refused as refusal:
            problem = str(refusal)
    context: dict[str, Any] = {
        "shell": shell(visit, "learning"), "section": "learning", "chips": chips, "team": team, "leads": leads,
        "problem": problem, "size": post.get("size", USUAL_SIZE), "most": rehearsing.MOST,
        "seed": post.get("seed", secrets.randbelow(LARGEST_DRAWN)),
        "rehearsals": _rows(visit, team) if team else (), "asking": asking(visit, team) if team else None,
    }  # fmt: skip
    return visit.show("rehearsals.html", context, 422 if problem else 200)


def _number(post: Any, name: str) -> int:
    told = post.get(name, "").strip()
    return int(told) if told.isdecimal() and len(told) < 12 else -1


def _rows(visit: Visit, team: Team) -> tuple[RehearsalRow, ...]:
    found = _counted(visit).filter(team=team).order_by("-pk")[:MOST]
    return tuple(_row(one) for one in found)


def _counted(visit: Visit) -> Any:
    left = Count("replies", filter=Q(replies__state=State.QUEUED))
    return visible_rehearsals(visit.who).select_related("team", "started_by").annotate(left=left)


def _row(one: Any, **more: Any) -> RehearsalRow:
    return RehearsalRow(
        id=one.pk, url=reverse("rehearsal", args=[one.pk]), seed=one.seed, size=one.size, of=one.of,
        done=one.size - one.left, state=one.state, word=one.get_state_display(),
        by=one.started_by.name if one.started_by else "A colleague", at=one.created_at, **more,
    )  # fmt: skip


@page("GET", "HEAD", "POST", allowed=has_teams)
def rehearsal(visit: Visit, rehearsal_id: int) -> HttpResponse:
    """How far it is and what it shows; a POST stops it or goes on with it."""
    found = _counted(visit).filter(pk=rehearsal_id).first()
    if found is None:
        raise Http404
    leads = may_lead(visit, found.team)
    if visit.request.method == "POST":
        return _change(visit, rehearsal_id)
    in_all, by_topic = results(found)
    until = opens_again(found.team) if found.state == Run.RUNNING else None
    shown = _row(found, until=until, why=STOPPED_BY.get(found.failure, ""))
    context = {
        "shell": shell(visit, "learning"), "section": "learning", "team": found.team, "leads": leads,
        "rehearsal": shown, "all": _result(in_all, leads=leads),
        "topics": [_result(one, leads=leads) for one in by_topic], "replies": list(_replies(visit, found)),
    }  # fmt: skip
    return visit.show("rehearsal.html", context)


def _change(visit: Visit, rehearsal_id: int) -> HttpResponse:
    found = led_rehearsals(visit.who).select_related("team").filter(pk=rehearsal_id).first()
    deed = visit.request.POST.get("do", "")
    if found is None or deed not in ("stop", "go-on"):
        raise Http404
    try:
        if deed == "stop":
            rehearsing.stop(found, visit.person)
            messages.success(visit.request, "Stopped. What was rehearsed is kept.")
        else:
            rehearsing.go_on(found, visit.person)
            messages.success(visit.request, "It goes on with what was not rehearsed yet.")
    except rehearsing.Refused as refusal:
        messages.error(visit.request, str(refusal))
    return visit.go(reverse("rehearsal", args=[rehearsal_id]))


def _result(one: Result, *, leads: bool) -> ResultRow:
    """What it cost is for leads and admins."""
    far = one.distance
    mean, low, high = (min(100, max(0, round(100 * part))) for part in (far.mean, far.low, far.high))
    return ResultRow(
        topic=one.topic, n=one.n - one.waiting, drafted=one.drafted, as_sent=one.as_sent,
        abstained=one.abstained, failed=one.failed, unsupported=one.unsupported, enough=ENOUGH,
        money=f"{one.cost_micros / MICROS:.2f}" if leads else "", says=far.is_enough, mean=mean, low=low,
        high=high,
    )  # fmt: skip


def _replies(visit: Visit, found: Rehearsal) -> Iterable[ReplyRow]:
    seen = set(visible_rehearsed(visit.who).filter(rehearsal=found).values_list("pk", flat=True))
    done = found.replies.exclude(state=State.QUEUED).select_related("topic", "message")
    for one in done.only("state", "abstained", "distance", "unsupported", "topic__name", "message__sent_at"):
        yield ReplyRow(
            topic=one.topic.name if one.topic else "", at=one.message.sent_at,
            word="No draft" if one.abstained else one.get_state_display(), unsupported=one.unsupported,
            far=None if one.distance is None else round(100 * one.distance),
            url=reverse("rehearsed-reply", args=[one.pk]) if one.pk in seen else "",
        )  # fmt: skip


@page(allowed=has_teams)
def reply(visit: Visit, reply_id: int) -> HttpResponse:
    """One draft beside what was sent."""
    rows = visible_rehearsed(visit.who).exclude(state=State.QUEUED)
    found = rows.select_related("rehearsal", "message", "conversation", "topic").filter(pk=reply_id).first()
    if found is None:
        raise Http404
    if visit.who.reads_all:
        note_deed(visit.person, "read", found.conversation)
    asked = rehearsing.answered_by(found.message)
    diff = ShadowRow(tuple(lines(found.text, found.message.text)), "") if found.distance is not None else None
    context = {
        "shell": shell(visit, "learning"), "section": "learning", "reply": found, "asked": asked, "diff": diff,
        "far": None if found.distance is None else round(100 * found.distance),
        "why_not": WHY.get(found.failure, "The engine wrote none.") if found.failure else "",
    }  # fmt: skip
    return visit.show("rehearsed.html", context)
