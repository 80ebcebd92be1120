"""Articles and saved replies: what there is, one of them, and its earlier wordings."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.contrib.postgres.search import SearchQuery
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from copilot.access import (
    decidable_proposals,
    visible_articles,
    visible_proposals,
    visible_saved_replies,
    writable_articles,
    writable_saved_replies,
)
from copilot.console.fill_diff import lines
from copilot.console.fill_texts import formatted, proposal_rows, row, scope, url_of, versions
from copilot.console.rows import Place
from copilot.console.shell import shell
from copilot.console.visit import Visit, page
from copilot.knowledge import embedding
from copilot.knowledge import texts as verbs
from copilot.knowledge.texts import Text
from copilot.learning.moves import Refused
from copilot.learning.offering_texts import offer_text
from copilot.models import ArticleProposal

PAGE = 50
WORDS = {
    "articles": {
        "many": "Articles",
        "one": "article",
        "What": "What the house holds true, for drafts to stand on.",
    },
    "saved-replies": {
        "many": "Saved replies",
        "one": "saved reply",
        "What": "Wordings that a team likes to use.",
    },
}


def has_place(visit: Visit) -> bool:
    return bool(visit.who.teams) or visit.who.is_admin


def visible(visit: Visit, kind: str) -> QuerySet[Any]:
    if kind == "articles":
        return visible_articles(visit.who).select_related("owner").prefetch_related("teams")
    return visible_saved_replies(visit.who).select_related("owner", "team")


def writable(visit: Visit, kind: str) -> QuerySet[Any]:
    return writable_articles(visit.who) if kind == "articles" else writable_saved_replies(visit.who)


def may_add(visit: Visit) -> bool:
    return visit.who.is_lead or visit.who.is_admin


def found(rows: QuerySet[Any], pk: int) -> Any:
    text = rows.filter(pk=pk).first()
    if text is None:
        raise Http404
    return text


def frame(visit: Visit, kind: str, **more: Any) -> dict[str, Any]:
    tabs = [("articles", "Articles"), ("saved-replies", "Saved replies")]
    places = [Place(one, label, reverse("texts", args=[one]), current=one == kind) for one, label in tabs]
    places.append(Place("proposals", "Proposed changes", reverse("proposals"), current=kind == "proposals"))
    return {
        "shell": shell(visit, "articles"), "section": "articles", "tabs": places, "kind": kind,
        "words": WORDS.get(kind), **more,
    }  # fmt: skip


@page(allowed=has_place)
def texts(visit: Visit, kind: str) -> HttpResponse:
    """By title. `q` finds words, `which` is due, mine or retired; else all that drafts draw on."""
    get = visit.request.GET
    q, which = get.get("q", "").strip()[:200], get.get("which", "")
    rows = _which(visible(visit, kind), which, visit)
    if q:
        rows = rows.filter(
            Q(title__icontains=q) | Q(vector=SearchQuery(q, config="english", search_type="websearch"))
        )
    title, _, pk = get.get("after", "").rpartition("~")
    if pk.isdecimal():
        rows = rows.filter(Q(title__gt=title) | Q(title=title, pk__gt=int(pk)))
    shown = list(rows.defer("vector").order_by("title", "pk")[: PAGE + 1])
    last = shown[PAGE - 1] if len(shown) > PAGE else None
    here = reverse("texts", args=[kind])
    context = frame(
        visit, kind, rows=[row(one) for one in shown[:PAGE]], q=q, which=which, may_add=may_add(visit),
        standing=embedding.standing(),
        kinds=[Place(w, label, f"{here}?which={w}", current=w == which) for w, label in WHICH.items()],
        next_url=_next(here, q, which, last) if last else "",
    )  # fmt: skip
    return visit.show("texts.html", context)


def _next(here: str, q: str, which: str, last: Text) -> str:
    return f"{here}?{urlencode({'q': q, 'which': which, 'after': f'{last.title}~{last.pk}'})}"


WHICH = {"": "In use", "due": "Review is due", "mine": "Yours", "retired": "Retired"}


def _which(rows: QuerySet[Any], which: str, visit: Visit) -> QuerySet[Any]:
    if which == "retired":
        return rows.exclude(retired_at=None)
    rows = rows.filter(retired_at=None)
    if which == "due":
        return rows.filter(review_by__lt=timezone.localdate())
    return rows.filter(owner=visit.person) if which == "mine" else rows


@page(allowed=has_place)
def text(visit: Visit, kind: str, pk: int) -> HttpResponse:
    one: Text = found(visible(visit, kind), pk)
    return visit.show("text.html", frame(visit, kind, **_read(visit, kind, one)))


def _read(visit: Visit, kind: str, one: Text) -> dict[str, Any]:
    may_write = writable(visit, kind).filter(pk=one.pk).exists()
    return {
        "text": one, "words": formatted(one), "scope": scope(one),
        "is_due": verbs.review_is_due(one.review_by), "may_write": may_write,
        "may_propose": kind == "articles" and not may_write, "versions": versions(one),
        "proposals": _proposals(visit, one) if kind == "articles" else [],
    }  # fmt: skip


def _proposals(visit: Visit, one: Text) -> list[Any]:
    rows = visible_proposals(visit.who).filter(article=one.pk).order_by("-pk")[:20]
    return proposal_rows(visit, with_evidence(rows), deciding(visit))


def with_evidence(rows: QuerySet[ArticleProposal]) -> QuerySet[ArticleProposal]:
    return rows.select_related("article", "by").prefetch_related("evidence__by")


def deciding(visit: Visit) -> set[int]:
    open_ones = decidable_proposals(visit.who).filter(state=ArticleProposal.State.PROPOSED)
    return set(open_ones.values_list("pk", flat=True))


@page("GET", "HEAD", "POST", allowed=has_place)
def version(visit: Visit, kind: str, pk: int, n: int) -> HttpResponse:
    """What changed since version `n`; posting brings it back as a new version."""
    one: Text = found(visible(visit, kind), pk)
    old = one.versions.filter(n=n).select_related("by").first()
    if old is None:
        raise Http404
    may_write = writable(visit, kind).filter(pk=pk).exists()
    if visit.request.method != "POST":
        changed = tuple(lines(f"{old.title}\n{old.text}", f"{one.title}\n{verbs.wording(one)}"))
        context = frame(visit, kind, text=one, old=old, diff={"lines": changed}, may_write=may_write)
        return visit.show("text_version.html", context)
    if not may_write:
        raise Http404
    if verbs.restore(one, visit.person, _number(visit), n):
        messages.success(visit.request, f"Version {n} is the wording again; the one before it is kept.")
    else:
        messages.error(visit.request, "Somebody changed it just now. Nothing was changed; look at it again.")
    return visit.go(url_of(one))


def _number(visit: Visit) -> int:
    told = visit.request.POST.get("version", "")
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 9 else 0


@page("POST", allowed=has_place)
def retire(visit: Visit, kind: str, pk: int) -> HttpResponse:
    """Out of use, or with `back` in use again."""
    one: Text = found(writable(visit, kind), pk)
    back = "back" in visit.request.POST
    verbs.retire(one, visit.person, back=back)
    said = "Drafts draw on it again." if back else "No draft draws on it from now on. It is kept under Retired."
    messages.success(visit.request, said)
    return visit.go(url_of(one))


@page("POST", allowed=has_place)
def offer(visit: Visit, kind: str, pk: int) -> HttpResponse:
    """To the teams that do not use it."""
    one: Text = found(writable(visit, kind), pk)
    try:
        count = len(offer_text(one, visit.person, None if visit.who.is_admin else visit.who.lead_teams))
        said = f"Offered to {count} team{'s' if count > 1 else ''}. Their leads find it among the offers."
        messages.success(visit.request, said)
    except Refused as refusal:
        messages.error(visit.request, str(refusal))
    return visit.go(url_of(one))
