"""A team's topics with their records, for all of it to read; its leads make, rename, merge and retire them."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Count
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.console.cards import Choice
from copilot.console.copilot_rows import TopicRow
from copilot.console.copilot_team import has_teams, may_lead, team_and_chips
from copilot.console.shell import copilot_tabs, shell
from copilot.console.visit import Visit, page
from copilot.context.trust import DAYS, of_topic
from copilot.insight import topics as verbs
from copilot.models import DraftingLimits, Topic, TopicRecord
from people.audit import note_deed
from people.models import Team

Drafting = Topic.Drafting
RECORD = ("n", "unchanged", "edited", "rewritten", "escalated", "discarded", "unsupported", "reopened")


@page("GET", "HEAD", "POST", allowed=has_teams)
def topics(visit: Visit) -> HttpResponse:
    """All topics of a team; a POST makes one."""
    if visit.request.method != "POST":
        return show_topics(visit)
    team = _led(visit)
    try:
        verbs.make_topic(team, visit.request.POST.get("name", ""), visit.person)
    except verbs.Refused as error:
        return show_topics(visit, str(error), 422)
    return _kept(visit, team, "The topic is made. Give it to a few conversations, and the next are proposed.")


@page("POST", allowed=has_teams)
def change(visit: Visit, topic_id: int) -> HttpResponse:
    """Rename, merge or retire it, or say whether drafts are written on it."""
    team, post = _led(visit), visit.request.POST
    topic = Topic.objects.filter(pk=topic_id, team=team, retired_at=None).first()
    if topic is None:
        raise Http404
    try:
        said = _change(visit, topic, post.get("do", ""))
    except verbs.Refused as error:
        return show_topics(visit, str(error), 422)
    return _kept(visit, team, said)


def _change(visit: Visit, topic: Topic, deed: str) -> str:
    post = visit.request.POST
    match deed:
        case "merge":
            told = post.get("into", "")
            into = Topic.objects.filter(pk=told, team=topic.team_id).first() if told.isdecimal() else None
            verbs.merge(topic, into or topic, visit.person)
            return f"“{topic.name}” is part of “{into}” now."
        case "retire":
            verbs.retire(topic, visit.person)
            return f"“{topic.name}” is proposed no more."
    if post.get("drafting") in Drafting.values:
        verbs.set_drafting(topic, post["drafting"], visit.person)
    name = " ".join(post.get("name", topic.name).split())
    if name != topic.name:
        verbs.rename(topic, name, visit.person)
    return f"Kept for “{name}”."


@page("POST", allowed=has_teams)
def judge(visit: Visit) -> HttpResponse:
    """From how many decided drafts, and how many of no use, the copilot abstains in this team."""
    team, post = _led(visit), visit.request.POST
    enough, most = post.get("enough", ""), post.get("most_wrong", "")
    if not (enough.isdecimal() and most.isdigit() and 0 < int(enough) <= 1000 and 0 < int(most) <= 100):
        return show_topics(visit, "Give whole numbers: drafts up to 1000, percent up to 100.", 422)
    told: dict[str, Any] = {"enough": int(enough), "most_wrong": int(most)}
    limits, _ = DraftingLimits.objects.update_or_create(team=team, defaults=told)
    note_deed(visit.person, "set limits", limits, **told)
    return _kept(visit, team, "Kept. The next drafts heed it.")


def _led(visit: Visit) -> Team:
    team, _ = team_and_chips(visit, "topics")
    if team is None or not may_lead(visit, team):
        raise Http404
    return team


def _kept(visit: Visit, team: Team, said: str) -> HttpResponse:
    messages.success(visit.request, said)
    return visit.go(f"{reverse('topics')}?team={team.pk}")


def show_topics(visit: Visit, problem: str = "", status: int = 200) -> HttpResponse:
    team, chips = team_and_chips(visit, "topics")
    limits = limits_of(team)
    may_change = team is not None and may_lead(visit, team)
    context: dict[str, Any] = {
        "shell": shell(visit, "copilot"), "section": "copilot", "tabs": copilot_tabs(visit, "topics"),
        "chips": chips, "team": team, "limits": limits, "days": DAYS, "may_change": may_change,
        "topics": topic_rows(team, limits, may_change=may_change) if team else (), "problem": problem,
    }  # fmt: skip
    return visit.show("copilot_topics.html", context, status)


def limits_of(team: Team | None) -> DraftingLimits:
    return DraftingLimits.objects.filter(team=team).first() or DraftingLimits(team=team)


def topic_rows(team: Team, limits: DraftingLimits, *, may_change: bool = False) -> tuple[TopicRow, ...]:
    rows = Topic.objects.filter(team=team, retired_at=None).select_related("record").order_by("name")
    found = list(rows.annotate(labelled=Count("labels")))
    return tuple(_row(one, found, limits, may_change) for one in found)


def _row(topic: Any, all_of_them: Sequence[Topic], limits: DraftingLimits, may_change: bool) -> TopicRow:
    record: TopicRecord | None = getattr(topic, "record", None)
    numbers = {name: getattr(record, name) for name in RECORD} if record else {}
    standing, tone, glyph = _standing(topic, record, limits)
    others = [Choice(str(one.pk), one.name) for one in all_of_them if one.pk != topic.pk]
    ways = [Choice(value, label, chosen=value == topic.drafting) for value, label in Drafting.choices]
    return TopicRow(
        id=topic.pk, name=topic.name, labelled=topic.labelled, standing=standing, tone=tone, glyph=glyph,
        drafting=tuple(ways) if may_change else (), others=tuple(others) if may_change else (), **numbers,
    )  # fmt: skip


def _standing(topic: Topic, record: TopicRecord | None, limits: DraftingLimits) -> tuple[str, str, str]:
    """In words, with a tone and a glyph."""
    found = of_topic(topic, limits)
    if found.never:
        return "People answer, a lead said so", "", "user"
    if found.why_not:
        return "Abstains, too many were of no use", "amber", "ask"
    if topic.drafting == Drafting.ALWAYS:
        return "Drafts, a lead said so", "pine", "done"
    if record is None or record.n < limits.enough:
        return f"Drafts, too few to judge by ({limits.enough} are needed)", "", "dotted"
    return "Drafts", "pine", "done"
