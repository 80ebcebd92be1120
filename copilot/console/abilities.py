"""What the copilot can and cannot do in a team: said from rows and settings alone, in plain words."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, OuterRef, Q, Subquery
from django.http import HttpResponse
from django.utils import timezone

from copilot.console.cards import Line, plural
from copilot.console.copilot_rows import Part, TopicRow
from copilot.console.copilot_team import has_teams, team_and_chips
from copilot.console.fill_rows import day_and_time
from copilot.console.rows import Fact
from copilot.console.shell import copilot_tabs, shell
from copilot.console.topics import limits_of, topic_rows
from copilot.console.visit import Visit, page
from copilot.drafting.switch import place_of
from copilot.models import Article, DraftingSwitch, PastReply, SavedReply
from copilot.templatetags.rapport import ago
from interactions.models import Connection, FieldRule, InboxEvent
from people.models import Team

Mode = DraftingSwitch.Mode
LANGUAGES = {
    "da": "Danish", "de": "German", "en": "English", "es": "Spanish", "fi": "Finnish", "fr": "French",
    "it": "Italian", "nl": "Dutch", "no": "Norwegian", "pt": "Portuguese", "sv": "Swedish",
}  # fmt: skip
NEVER_SENT = (
    "Other customers’ names, addresses, numbers and records.",
    "Attachments, passwords and keys of this install.",
    "Own fields of a contact or an account that no rule lets through.",
    "Notes that nobody has accepted, and notes that are out of date.",
)


@page(allowed=has_teams)
def abilities(visit: Visit) -> HttpResponse:
    team, chips = team_and_chips(visit, "copilot")
    context: dict[str, Any] = {
        "shell": shell(visit, "copilot"), "section": "copilot", "tabs": copilot_tabs(visit, "copilot"),
        "chips": chips, "team": team,
    }  # fmt: skip
    if team is not None:
        context |= _told(team)
    return visit.show("copilot.html", context)


def _told(team: Team) -> dict[str, Any]:
    topics = topic_rows(team, limits_of(team))
    replies = list(
        PastReply.objects.filter(team=team).values("language").annotate(n=Count("pk"), last=Max("sent_at"))
    )
    articles = Article.objects.filter(Q(teams=None) | Q(teams=team), retired_at=None).aggregate(
        n=Count("pk", distinct=True),
        overdue=Count("pk", distinct=True, filter=Q(review_by__lt=timezone.localdate())),
        last=Max("updated_at"),
    )
    saved = SavedReply.objects.filter(team=team, retired_at=None).aggregate(
        n=Count("pk"), last=Max("updated_at")
    )
    newest = InboxEvent.objects.filter(connection=OuterRef("pk")).order_by("-pk").values("received_at")[:1]
    crms = list(Connection.objects.filter(team=team, disabled_reason="").annotate(heard=Subquery(newest)))
    parts = (
        Part("What it draws on", tuple(_sources(replies, articles, saved))),
        Part("The CRMs that tell it of customers", tuple(_crms(crms))),
        Part("Where it drafts", tuple(_switches(team))),
        Part("What reaches the model", tuple(_reach(crms)), _REACH),
        Part("What is never sent to it", tuple(Line(one, "lock") for one in NEVER_SENT)),
        Part("What it has no record of", tuple(_unknown(topics, replies))),
    )
    return {"facts": _facts(topics, replies, articles), "topics": topics, "parts": parts}


_REACH = "The conversation, the customer’s records, accepted notes, promises, goals and what it draws on."


def _facts(topics: Iterable[TopicRow], replies: list[Any], articles: dict[str, Any]) -> tuple[Fact, ...]:
    online = bool(settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL)
    where = "a server of your own choice" if settings.ANTHROPIC_BASE_URL else "Anthropic’s API"
    topics = list(topics)
    judged = [one for one in topics if one.n]
    return (
        Fact(
            "Written by", settings.COPILOT_MODEL if online else "No language model",
            f"by {where}" if online else "your team’s own replies",
        ),
        Fact("Topics", str(len(topics)), f"{len(judged)} with decided drafts"),
        Fact("Past replies", str(sum(one["n"] for one in replies)), f"in {plural(len(replies), 'language')}"),
        Fact("Articles", str(articles["n"]), f"{articles['overdue']} to review", bool(articles["overdue"])),
    )  # fmt: skip


def _sources(replies: list[Any], articles: dict[str, Any], saved: dict[str, Any]) -> Iterable[Line]:
    for one in sorted(replies, key=lambda row: -row["n"]):
        language = LANGUAGES.get(one["language"][:2], one["language"] or "no known language")
        yield Line(f"{plural(one['n'], 'past reply', 'past replies')} in {language}", "reply",
                   note=f"the newest {ago(one['last'])}")  # fmt: skip
    if saved["n"]:
        words = plural(saved["n"], "saved reply", "saved replies")
        yield Line(words, "note", note=f"the last change {ago(saved['last'])}")
    if articles["n"]:
        due = f", {articles['overdue']} past the day of review" if articles["overdue"] else ""
        yield Line(
            plural(articles["n"], "article") + due, "articles", note=f"the last change {ago(articles['last'])}"
        )
    if not (replies or saved["n"] or articles["n"]):
        yield Line("Nothing yet: it can only repeat what the customer’s records say.", "ask")


def _crms(crms: list[Any]) -> Iterable[Line]:
    for one in crms:
        heard = f"last heard {ago(one.heard)}" if one.heard else "nothing was heard yet"
        paused = ", paused" if one.paused_at else ""
        yield Line(f"{one.name}{paused}", "record", note=heard)
    if not crms:
        yield Line("None: it knows no orders, invoices or contracts.", "ask")


def _switches(team: Team) -> Iterable[Line]:
    switches = list(DraftingSwitch.objects.filter(team=team).select_related("account"))
    if not any(not place_of(one) for one in switches):
        yield Line("Everywhere by itself, where no line below says otherwise", "done")
    for one in sorted(switches, key=lambda switch: place_of(switch)):
        since = f"since {day_and_time(one.set_at)}"
        yield Line(
            f"{place_of(one) or 'All of the team'}: {one.get_mode_display().lower()}",
            _GLYPH[one.mode],
            note=since,
        )
    yield Line("Never to customers who want to be answered by people only", "user")


_GLYPH: dict[str, str] = {Mode.OFF: "dropped", Mode.ON_REQUEST: "ask", Mode.ALWAYS: "done"}


def _reach(crms: list[Any]) -> Iterable[Line]:
    rules = FieldRule.objects.filter(connection__in=[one.pk for one in crms]).exclude(target="")
    for rule in rules.order_by("kind", "target"):
        name = rule.target.removeprefix("fields.").replace("_", " ")
        words = "is read" if rule.may_reach_model else "is kept out"
        yield Line(f"{rule.get_kind_display()}, {name}: {words}", "done" if rule.may_reach_model else "lock")


def _unknown(topics: Iterable[TopicRow], replies: list[Any]) -> Iterable[Line]:
    silent = [one.name for one in topics if not one.n]
    if silent:
        shown = ", ".join(silent[:8]) + (f" and {len(silent) - 8} more" if len(silent) > 8 else "")
        yield Line(f"No draft was decided yet on {shown}", "ask")
    told = {one["language"][:2] for one in replies}
    missing = [name for code, name in LANGUAGES.items() if code not in told]
    if missing:
        yield Line(f"No past reply in {', '.join(missing)}", "ask")
    yield Line("Conversations without a topic: their drafts count nowhere", "ask")
