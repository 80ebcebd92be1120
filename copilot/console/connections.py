"""CRM connections: all of them with their health, and how an admin makes a new one."""

from dataclasses import dataclass

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse

from copilot.console.cards import Pair
from copilot.console.connection import settings_told, show_connection, wrong_target
from copilot.console.connection_rows import SettingField
from copilot.console.fill_connection import line, with_health
from copilot.console.rows import Place
from copilot.console.shell import shell, tabs
from copilot.console.visit import Visit, is_admin, page
from interactions import connecting
from interactions.access import visible_connections
from interactions.crm.registry import CRMS, crm_for
from people.models import Team


@page(allowed=is_admin)
def connections(visit: Visit) -> HttpResponse:
    rows = with_health(visible_connections(visit.who)).order_by("created_at")
    context = {
        "shell": shell(visit, "settings"),
        "section": "settings",
        "tabs": tabs(visit, "settings-connections"),
        "connections": [line(one) for one in rows],
        "kinds": kinds(),
    }
    return visit.show("settings_connections.html", context)


def kinds() -> tuple[Place, ...]:
    """The kinds of CRM that can be connected, each with its form."""
    here = reverse("connection-new")
    return tuple(Place(kind, crm().about.label, f"{here}?kind={kind}") for kind, crm in CRMS.items())


@dataclass(frozen=True, slots=True)
class Told:
    """What the form said of a new connection; `problem` when none can be made of it."""

    name: str
    team: Team | None
    deliver_to: str
    config: dict[str, str]
    credentials: dict[str, str]
    problem: str


@page("GET", "HEAD", "POST", allowed=is_admin)
def new(visit: Visit) -> HttpResponse:
    """Its secret and its key are shown on the page that answers, and never again."""
    request = visit.request
    kind = (request.POST if request.method == "POST" else request.GET).get("kind", "generic")
    if kind not in CRMS:
        raise Http404
    if request.method != "POST":
        return _show(visit, kind)
    told = _read(kind, request.POST)
    if told.problem or told.team is None:
        return _show(visit, kind, told.problem, status=422)
    made = connecting.make(
        visit.person, kind=kind, name=told.name, team=told.team, deliver_to=told.deliver_to,
        config=told.config, credentials=told.credentials,
    )  # fmt: skip
    if not made.secret:
        messages.success(visit.request, f"{told.name} is here. Paste the webhook address over there next.")
        return visit.go(reverse("connection", args=[made.connection.pk]))
    once = [Pair("Address", connecting.address(made.connection)), Pair("Secret", made.secret)]
    once += [Pair("API key", made.key)] if made.key else []
    return show_connection(visit, made.connection, once=once)


def _show(visit: Visit, kind: str, problem: str = "", status: int = 200) -> HttpResponse:
    post, about = visit.request.POST, crm_for(kind).about
    context = {
        "shell": shell(visit, "settings"),
        "section": "settings",
        "tabs": tabs(visit, "settings-connections"),
        "kind": kind,
        "about": about,
        "kinds": [Place(one.name, one.label, one.url, current=one.name == kind) for one in kinds()],
        "settings": [
            SettingField(
                one.name, one.label, "" if one.secret else post.get(f"set-{one.name}", ""), one.help,
                one.example, one.secret, one.required,
            )
            for one in about.settings
        ],
        "takes_address": connecting.is_told_at_address(kind),
        "teams": Team.objects.all(),
        "typed": post,
        "problem": problem,
    }  # fmt: skip
    return visit.show("connection_new.html", context, status)


def _read(kind: str, post: QueryDict) -> Told:
    name, target, team = post.get("name", "").strip()[:80], post.get("deliver_to", "").strip(), None
    if (told := post.get("team", "")).isdigit():
        team = Team.objects.filter(pk=told).first()
    config, credentials = settings_told(kind, post)
    missing = [
        one.label
        for one in crm_for(kind).about.settings
        if one.required and not (config.get(one.name) or credentials.get(one.name))
    ]
    problem = wrong_target(target)
    if not name or team is None:
        problem = "A connection needs a name and a team. None was made."
    elif missing:
        problem = f"Still missing: {', '.join(missing)}. None was made."
    return Told(name, team, target, config, credentials, problem)
