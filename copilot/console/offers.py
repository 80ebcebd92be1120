"""What other teams learnt and offer, and what one's own were told of ours; a team's leads answer."""

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.access import decidable_offers, visible_lessons, visible_offers
from copilot.console.copilot_team import has_teams
from copilot.console.learning_rows import OfferRow, labels_of
from copilot.console.shell import shell
from copilot.console.visit import Visit, page
from copilot.learning import moves, network
from copilot.models import Offer

MOST = 100
State = Offer.State


@page(allowed=has_teams)
def offers(visit: Visit) -> HttpResponse:
    """The open ones, the best proven first; with `decided` the latest that were decided."""
    decided = "decided" in visit.request.GET
    rows = visible_offers(visit.who)
    if decided:
        rows = rows.exclude(state=State.OPEN).order_by("-decided_at", "-pk")
    else:
        rows = rows.filter(state=State.OPEN).order_by("-agree", "pk")
    context = {
        "shell": shell(visit, "learning"), "section": "learning", "decided": decided,
        "offers": offer_rows(visit, rows),
    }  # fmt: skip
    return visit.show("offers.html", context)


def offer_rows(visit: Visit, rows: QuerySet[Offer]) -> tuple[OfferRow, ...]:
    shown = list(rows.select_related("team", "from_team", "by")[:MOST])
    ids = {one.pk for one in shown}
    mine = set(decidable_offers(visit.who).filter(pk__in=ids, state=State.OPEN).values_list("pk", flat=True))
    made = {one.made_id for one in shown if one.made_id}
    seen = set(visible_lessons(visit.who).filter(pk__in=made).values_list("pk", flat=True))
    return tuple(
        OfferRow(
            id=one.pk, title=one.title, before=one.before, after=one.after, from_team=one.from_team.name,
            team=one.team.name, agree=one.agree, kept=one.kept, of=one.of, state=one.state,
            word=one.get_state_display(), at=one.decided_at or one.created_at, why=one.why,
            by=one.by.name if one.by else "", version=one.version, may_decide=one.pk in mine,
            has_lesson=one.has_lesson, heading=one.heading, body=one.body,
            **(labels_of(one.kind) if one.has_lesson else {}),
            evidence=tuple(said(each) for each in one.evidence),
            url=_url(visit, one, seen),
        )
        for one in shown
    )  # fmt: skip


def _url(visit: Visit, one: Offer, seen: set[int]) -> str:
    """Of what came of it, for those who may see it."""
    if one.made_id in seen:
        return reverse("lesson", args=[one.made_id])
    theirs = visit.who.is_admin or one.team_id in visit.who.teams
    if theirs and one.made_article_id:
        return reverse("text", args=["articles", one.made_article_id])
    return reverse("text", args=["saved-replies", one.made_reply_id]) if theirs and one.made_reply_id else ""


def said(proof: dict[str, Any]) -> str:
    """One team's part of what belongs together: what its edits say, or how replies with its article fared."""
    if proof["of"]:
        return (
            f"{proof['name']}: {proof['agree']} of {proof['of']} replies with the article went out as drafted."
        )
    return f"{proof['name']}: edits in {proof['agree']} conversations agree on the wording."


@page("POST", allowed=has_teams)
def decide(visit: Visit, offer_id: int) -> HttpResponse:
    """`do` is accept, adapt (with its words) or decline (with why)."""
    post = visit.request.POST
    version = post.get("version", "")
    offer = decidable_offers(visit.who).filter(pk=offer_id).first()
    if offer is None or not version.isdigit() or len(version) > 9:
        raise Http404
    try:
        messages.success(visit.request, _decide(visit, offer, int(version)))
    except moves.Refused as refusal:
        messages.error(visit.request, str(refusal))
    return visit.go(reverse("offers"))


def _decide(visit: Visit, offer: Offer, version: int) -> str:
    post = visit.request.POST
    match post.get("do"):
        case "accept":
            network.accept(offer.pk, version, visit.person)
            return f"Accepted. The next drafts of {offer.team} have it."
        case "adapt":
            words = ("before", "after", "heading", "body")
            told = network.Told(**{name: post.get(name, "") for name in words})
            network.adapt(offer.pk, version, visit.person, told)
            return f"Accepted in your words. The next drafts of {offer.team} have it."
        case "decline":
            network.decline(offer.pk, version, visit.person, post.get("why", ""))
            return f"Declined. {offer.team} writes as before."
    raise Http404
