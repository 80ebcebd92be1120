"""Write an article or a saved reply, or propose a change to an article that others look after."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.console.cards import Choice
from copilot.console.fill_diff import lines
from copilot.console.fill_texts import url_of
from copilot.console.texts import found, frame, has_place, may_add, visible, writable
from copilot.console.visit import Visit, page
from copilot.knowledge import proposals
from copilot.knowledge import texts as verbs
from copilot.knowledge.texts import Text
from copilot.models import Article
from copilot.models.knowledge import DICTIONARIES
from people.models import Team, User

LANGUAGES = ["en", *DICTIONARIES]


@dataclass(frozen=True, slots=True)
class Typed:
    """What stands in the form, as it was read or as it was typed."""

    title: str
    body: str
    why: str = ""
    owner: str = ""
    review_by: str = ""
    language: str = "en"
    teams: tuple[int, ...] = ()
    version: int = 0


@page("GET", "HEAD", "POST", allowed=may_add)
def new(visit: Visit, kind: str) -> HttpResponse:
    if visit.request.method != "POST":
        return _show(visit, kind, Typed("", ""))
    typed = _typed(visit)
    problem = _wrong(visit, kind, typed)
    if problem:
        return _show(visit, kind, typed, problem=problem, status=422)
    teams = list(own_teams(visit).filter(pk__in=typed.teams))
    if kind == "articles":
        made: Text = verbs.new_article(visit.person, typed.title, typed.body, teams, **_about(typed))
    else:
        made = verbs.new_saved_reply(visit.person, teams[0], typed.title, typed.body, **_about(typed))
    messages.success(visit.request, "Kept. Drafts may draw on it from now on.")
    return visit.go(url_of(made))


@page("GET", "HEAD", "POST", allowed=has_place)
def edit(visit: Visit, kind: str, pk: int) -> HttpResponse:
    """Who does not look after an article proposes the change to those who do."""
    one: Text = found(visible(visit, kind), pk)
    may_write = writable(visit, kind).filter(pk=pk).exists()
    if not may_write and kind != "articles":
        raise Http404
    if visit.request.method != "POST":
        return _show(visit, kind, _as_it_is(one), one, may_write=may_write)
    typed = _typed(visit)
    problem = _wrong(visit, kind, typed, one)
    if problem:
        return _show(visit, kind, typed, one, may_write=may_write, problem=problem, status=422)
    if not may_write and isinstance(one, Article):
        return _propose(visit, one, typed)
    if not verbs.rewrite(one, visit.person, typed.version, typed.title, typed.body, typed.why):
        return _moved_on(visit, kind, typed, one)
    teams = _teams_after(visit, one, typed) if isinstance(one, Article) else None
    verbs.describe(one, visit.person, _about(typed), teams)
    messages.success(visit.request, "Kept. The wording before it stays among the versions.")
    return visit.go(url_of(one))


def _propose(visit: Visit, article: Article, typed: Typed) -> HttpResponse:
    team = Team.objects.filter(pk__in=visit.who.teams).order_by("pk").first()
    if team is None or (typed.body, typed.title) == (article.body, article.title):
        messages.error(visit.request, "It says the same as before, so nothing was proposed.")
        return visit.go(url_of(article))
    proposals.propose(
        team, visit.person, typed.body, origin=proposals.Origin.PERSON, article=article, before=article.body,
        title=typed.title if typed.title != article.title else "", why=typed.why,
    )  # fmt: skip
    messages.success(visit.request, "Proposed. Those who look after the article decide.")
    return visit.go(url_of(article))


def _moved_on(visit: Visit, kind: str, typed: Typed, one: Text) -> HttpResponse:
    """What was typed is kept, beside what changed meanwhile."""
    fresh = type(one).objects.get(pk=one.pk)
    problem = (
        "Somebody changed it while you were writing. Your text is kept here, and nothing of theirs is lost."
    )
    typed = Typed(**{**{name: getattr(typed, name) for name in Typed.__slots__}, "version": fresh.version})
    changed = {"lines": tuple(lines(verbs.wording(fresh), typed.body))}
    return _show(visit, kind, typed, fresh, may_write=True, problem=problem, diff=changed, status=409)


def _show(
    visit: Visit, kind: str, typed: Typed, one: Text | None = None, *, may_write: bool = True,
    problem: str = "", diff: Any = None, status: int = 200,
) -> HttpResponse:  # fmt: skip
    teams = own_teams(visit)
    context = frame(
        visit, kind, text=one, typed=typed, may_write=may_write, problem=problem, diff=diff,
        owners=[Choice(str(u.pk), u.name, chosen=str(u.pk) == typed.owner) for u in _people()],
        languages=[Choice(code, code, chosen=code == typed.language) for code in LANGUAGES],
        teams=[Choice(str(t.pk), t.name, chosen=t.pk in typed.teams) for t in teams],
        may_be_for_all=visit.who.is_admin, back=url_of(one) if one else reverse("texts", args=[kind]),
    )  # fmt: skip
    return visit.show("text_edit.html", context, status)


def _people() -> Any:
    return User.objects.filter(is_active=True).order_by("name")


def own_teams(visit: Visit) -> Any:
    """The teams whose texts this person writes."""
    return Team.objects.all() if visit.who.is_admin else Team.objects.filter(pk__in=visit.who.lead_teams)


def _as_it_is(one: Text) -> Typed:
    teams = [team.pk for team in one.teams.all()] if isinstance(one, Article) else [one.team_id]
    return Typed(
        one.title, verbs.wording(one), owner=str(one.owner_id or ""), language=one.language, teams=tuple(teams),
        review_by=one.review_by.isoformat() if one.review_by else "", version=one.version,
    )  # fmt: skip


def _typed(visit: Visit) -> Typed:
    post = visit.request.POST
    version = post.get("version", "")[:9]
    return Typed(
        title=post.get("title", "").strip()[: verbs.LONGEST_TITLE], body=verbs.clean(post.get("body", "")),
        why=post.get("why", "").strip()[:300], owner=post.get("owner", "")[:18],
        review_by=post.get("review_by", ""),
        language=post.get("language", "en"), version=int(version) if version.isdecimal() else 0,
        teams=tuple(int(one) for one in post.getlist("team") if one.isdecimal() and len(one) < 9),
    )  # fmt: skip


def _wrong(visit: Visit, kind: str, typed: Typed, one: Text | None = None) -> str:
    kept = "What you typed is still here; nothing was changed."
    if not typed.title or not typed.body:
        return f"It needs a title and a text. {kept}"
    if len(typed.body) > verbs.LONGEST_TEXT:
        return f"A text may have {verbs.LONGEST_TEXT:,} characters. {kept}"
    if typed.review_by and _day(typed.review_by) is None:
        return f"“{typed.review_by[:20]}” is no date like 2027-03-31. {kept}"
    if one is None and not typed.teams and (kind != "articles" or not visit.who.is_admin):
        return f"Say for which of your teams it is. {kept}"
    if one is None and typed.teams and not own_teams(visit).filter(pk__in=typed.teams).exists():
        return f"You write for your own teams. {kept}"
    return ""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        return None


def _about(typed: Typed) -> dict[str, Any]:
    owner = User.objects.filter(pk=typed.owner, is_active=True).first() if typed.owner.isdecimal() else None
    language = typed.language if typed.language in LANGUAGES else "en"
    return {"owner": owner, "review_by": _day(typed.review_by), "language": language}


def _teams_after(visit: Visit, article: Article, typed: Typed) -> list[Team] | None:
    """A lead adds and takes away own teams only, and never so that it becomes one for all."""
    own = set(own_teams(visit).values_list("pk", flat=True))
    before = set(article.teams.values_list("pk", flat=True))
    after = (before - own) | (own & set(typed.teams))
    if before == after or not (visit.who.is_admin or (before and after)):
        return None
    return list(Team.objects.filter(pk__in=after))
