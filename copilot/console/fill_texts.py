"""Rows become what the pages of articles, saved replies and proposed changes show."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from django.urls import reverse
from django.utils.html import linebreaks
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

from copilot.console.cards import Person
from copilot.console.compared import Piece
from copilot.console.fill_diff import lines
from copilot.console.fill_rows import colleague
from copilot.console.visit import Visit
from copilot.knowledge import proposals, texts
from copilot.knowledge.texts import Text
from copilot.models import Article, ArticleProposal, TextVersion
from interactions.access import visible_conversations

ADDRESS = {"article": "articles", "saved_reply": "saved-replies"}


@dataclass(frozen=True, slots=True)
class TextRow:
    title: str
    url: str
    about: str
    owner: Person | None
    review_by: date | None
    is_due: bool
    is_retired: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class VersionRow:
    n: int
    by: str
    at: datetime
    why: str
    url: str
    is_present: bool


@dataclass(frozen=True, slots=True)
class EvidenceRow:
    sent: str
    by: str
    at: datetime
    url: str


@dataclass(frozen=True, slots=True)
class ProposalRow:
    id: int
    title: str
    url: str
    origin: str
    by: str
    at: datetime
    state: str
    lines: tuple[tuple[Piece, ...], ...]
    evidence: tuple[EvidenceRow, ...]
    unseen: int
    may_decide: bool
    fits: bool
    whole: str
    reason: str


def url_of(text: Text, name: str = "text") -> str:
    return reverse(name, args=[ADDRESS[texts.kind(text)], text.pk])


def row(text: Text) -> TextRow:
    return TextRow(
        text.title, url_of(text), scope(text), colleague(text.owner) if text.owner else None, text.review_by,
        texts.review_is_due(text.review_by), text.retired_at is not None, text.updated_at,
    )  # fmt: skip


def scope(text: Text) -> str:
    if isinstance(text, Article):
        return ", ".join(team.name for team in text.teams.all()) or "All teams"
    return text.team.name


# Raw HTML is shown as text, and no picture is fetched from elsewhere by opening an article.
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")


def formatted(text: Text) -> SafeString:
    """Articles are Markdown, under the page's own heading; saved replies are read as they would be sent."""
    if not isinstance(text, Article):
        return mark_safe(linebreaks(text.text, autoescape=True))
    tokens = _MARKDOWN.parse(text.body)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = "h2" if token.tag in ("h1", "h2") else "h3"
        if token.type == "heading_open":
            token.attrSet("class", "section")
    return mark_safe(_MARKDOWN.renderer.render(tokens, _MARKDOWN.options, {}))


def versions(text: Text) -> list[VersionRow]:
    return [_version(text, one) for one in text.versions.select_related("by").order_by("-n")]


def _version(text: Text, one: TextVersion) -> VersionRow:
    url = reverse("text-version", args=[ADDRESS[texts.kind(text)], text.pk, one.n])
    return VersionRow(one.n, one.by.name if one.by else "", one.at, one.why, url, one.n == text.version)


def proposal_rows(visit: Visit, rows: Iterable[ArticleProposal], decidable: set[int]) -> list[ProposalRow]:
    """Evidence from conversations that this person may not see is only counted."""
    rows = list(rows)
    told = {one.conversation_id for row in rows for one in row.evidence.all()}
    seen = (
        set(visible_conversations(visit.who).filter(pk__in=told).values_list("pk", flat=True))
        if told
        else set()
    )
    return [_proposal(one, seen, may_decide=one.pk in decidable) for one in rows]


def _proposal(one: ArticleProposal, seen: set[int], *, may_decide: bool) -> ProposalRow:
    evidence = list(one.evidence.all())
    shown = [e for e in evidence if e.conversation_id in seen]
    whole = proposals.applied(one)
    return ProposalRow(
        id=one.pk,
        title=one.title or (one.article.title if one.article else "A new article"),
        url=url_of(one.article) if one.article else "",
        origin=one.get_origin_display(),
        by=one.by.name if one.by else "",
        at=one.created_at,
        state=one.state,
        lines=tuple(lines(one.before, one.after)),
        evidence=tuple(
            EvidenceRow(e.sent, e.by.name if e.by else "A colleague", e.at, f"/inbox/{e.conversation_id}/")
            for e in shown
        ),
        unseen=len(evidence) - len(shown),
        may_decide=may_decide and one.state == ArticleProposal.State.PROPOSED,
        fits=whole is not None,
        whole=whole or one.after,
        reason=one.reason,
    )
