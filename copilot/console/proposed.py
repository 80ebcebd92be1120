"""Proposed changes to articles, and what a person says to one."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.access import decidable_proposals, visible_proposals
from copilot.console.fill_texts import proposal_rows, url_of
from copilot.console.texts import deciding, frame, has_place, with_evidence
from copilot.console.visit import Visit, page
from copilot.knowledge import proposals as verbs
from copilot.knowledge.texts import clean

MOST = 50


@page(allowed=has_place)
def proposals(visit: Visit) -> HttpResponse:
    """The open ones, the oldest first; with `decided` the latest that were decided."""
    decided = "decided" in visit.request.GET
    rows = visible_proposals(visit.who)
    if decided:
        rows = rows.exclude(state=verbs.State.PROPOSED).order_by("-decided_at", "-pk")
    else:
        rows = rows.filter(state=verbs.State.PROPOSED).order_by("pk")
    shown = proposal_rows(visit, with_evidence(rows.distinct())[:MOST], deciding(visit))
    return visit.show("proposals.html", frame(visit, "proposals", proposals=shown, decided=decided))


@page("POST", allowed=has_place)
def decide(visit: Visit, proposal_id: int) -> HttpResponse:
    """`fate` is accept (with the whole text, where it was edited) or decline."""
    post = visit.request.POST
    found = (
        decidable_proposals(visit.who).select_related("article", "by", "team").filter(pk=proposal_id).first()
    )
    if found is None:
        raise Http404
    back = url_of(found.article) if found.article else reverse("proposals")
    try:
        if post.get("fate") == "accept":
            title, body = post.get("title", "").strip()[:200], clean(post.get("body", ""))
            back = url_of(verbs.accept(found, visit.person, title=title, body=body))
            messages.success(visit.request, "Accepted. The article says it so from now on.")
        else:
            verbs.decline(found, visit.person, post.get("reason", "").strip())
            messages.success(visit.request, "Declined. The article stays as it is.")
    except verbs.Refused as refusal:
        messages.error(visit.request, str(refusal))
    return visit.go(back)
