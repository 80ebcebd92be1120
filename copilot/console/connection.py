"""One CRM connection: what its CRM needs, whether it works, who is who, and what can be done with it."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse

from copilot.console.cards import Choice, Line, Pair, plural
from copilot.console.connection_rows import Reading, SettingField
from copilot.console.fill_connection import (
    agents,
    line,
    reading,
    reading_of_test,
    rule_line,
    syncs,
    with_health,
)
from copilot.console.shell import shell, tabs
from copilot.console.visit import Visit, is_admin, page
from copilot.templatetags.rapport import ago
from interactions import connecting, listeners, sync
from interactions.access import visible_connections
from interactions.crm.base import CrmError
from interactions.crm.registry import crm_for
from interactions.models import Connection, InboxEvent
from people.models import Team, User


@dataclass(frozen=True, slots=True)
class Shown:
    """What a deed has to say on the page: `once` is shown now and never again."""

    once: list[Pair] = field(default_factory=list)
    tested: Reading | None = None
    problem: str = ""
    said: str = ""


@page(allowed=is_admin)
def connection(visit: Visit, connection_id: Any) -> HttpResponse:
    return show_connection(visit, _found(visit, connection_id))


def _found(visit: Visit, connection_id: Any, **only: Any) -> Connection:
    found = visible_connections(visit.who).filter(pk=connection_id, **only).first()
    if found is None:
        raise Http404
    return found


def show_connection(
    visit: Visit, connection: Connection, *, once: list[Pair] | None = None, tested: Reading | None = None,
    problem: str = "", status: int = 200,
) -> HttpResponse:  # fmt: skip
    connection = with_health(visible_connections(visit.who)).get(pk=connection.pk)
    about, done = crm_for(connection.kind).about, connecting.deeds(connection)
    fetches = syncs(connection)
    context = {
        "shell": shell(visit, "settings"),
        "section": "settings",
        "tabs": tabs(visit, "settings-connections"),
        "connection": connection,
        "about": about,
        "line": line(connection),
        "address": connecting.address(connection),
        "is_inner": not settings.PUBLIC_URL.startswith("https:"),
        "secrets": len(connection.secrets),
        "settings": _fields(connection, connecting.told_at(done)),
        "takes_address": connecting.is_told_at_address(connection.kind),
        "teams": [Choice(str(t.pk), t.name, chosen=t == connection.team) for t in Team.objects.all()],
        "rules": [rule_line(one) for one in connection.field_rules.order_by("kind", "source")],
        "agents": agents(connection),
        "syncs": fetches,
        "is_fetching": any(one.is_busy for one in fetches),
        "rest": _rest(connection),
        "last": _last(visit, connection),
        "deeds": [Line(one.verb.capitalize(), "dotted", note=_by(one)) for one in done[:8]],
        "once": once or [],
        "tested": tested,
        "problem": problem,
    }
    return visit.show("connection.html", context, status)


def _rest(connection: Connection) -> Choice:
    if connection.paused_at:
        return Choice("resume", "Listen again", "What has waited is applied.")
    if connection.disabled_reason or connection.rests_until:
        return Choice("enable", "Deliver to it again", "What has waited leaves again.")
    return Choice("pause", "Pause", "What comes in is kept and waits; nothing is lost.")


def _by(deed: Any) -> str:
    return f"{deed.person.name if deed.person else 'Somebody who left'}, {ago(deed.at)}"


def _last(visit: Visit, connection: Connection) -> Reading | None:
    """Rather one that said something: of what was asked for most is here already, and is ignored."""
    newest = connecting.last_events(connection)
    if not newest:
        return None
    told = next((one for one in newest if one.state != InboxEvent.State.IGNORED), newest[0])
    return reading(told, list(connection.field_rules.all()), may_read=visit.who.reads_all)


def _fields(connection: Connection, told_at: dict[str, Any]) -> list[SettingField]:
    """Of a secret nothing is told but when it was set."""
    kept = connection.credentials
    return [
        SettingField(
            name=one.name, label=one.label, help=one.help, example=one.example, secret=one.secret,
            value="" if one.secret else str(connection.config.get(one.name, "")),
            required=one.required and one.name not in kept,
            note=f"set {ago(told_at.get(one.name)) or 'before'}" if one.name in kept else "",
        )
        for one in crm_for(connection.kind).about.settings
    ]  # fmt: skip


@page("POST", allowed=is_admin)
def change(visit: Visit, connection_id: Any, verb: str) -> HttpResponse:
    if verb not in VERBS:
        raise Http404
    found = _found(visit, connection_id, revoked_at=None)
    shown = VERBS[verb](visit, found)
    if shown.said:
        messages.success(visit.request, f"{found.name}: {shown.said}")
        return visit.go(reverse("connection", args=[found.pk]))
    return show_connection(
        visit, found, once=shown.once, tested=shown.tested, problem=shown.problem,
        status=422 if shown.problem else 200,
    )  # fmt: skip


def _rotate(visit: Visit, connection: Connection) -> Shown:
    """Where the vendor makes the secret it is pasted; else ours is shown this once."""
    if crm_for(connection.kind).about.makes_secret:
        secret = connecting.rotate(connection, visit.person)
        return Shown(once=[Pair(f"New secret of {connection.name}", secret)])
    pasted = visit.request.POST.get("secret", "").strip()[:4000]
    if not pasted:
        return Shown(problem="Paste the secret that the CRM shows. Nothing was changed.")
    connecting.rotate(connection, visit.person, pasted)
    return Shown(said="the signing secret is kept.")


def _end_overlap(visit: Visit, connection: Connection) -> Shown:
    connecting.end_overlap(connection, visit.person)
    return Shown(said="only the newest secret is valid now.")


def _pause(visit: Visit, connection: Connection) -> Shown:
    connecting.pause(connection, visit.person)
    return Shown(said="paused. What comes in is kept and waits.")


def _resume(visit: Visit, connection: Connection) -> Shown:
    connecting.resume(connection, visit.person)
    return Shown(said="listening again. What has waited is applied now.")


def _enable(visit: Visit, connection: Connection) -> Shown:
    listeners.enable(connection, visit.person)
    return Shown(said="what has waited is delivered now.")


def _revoke(visit: Visit, connection: Connection) -> Shown:
    connecting.revoke(connection, visit.person)
    return Shown(said="revoked. It is answered 410 from now on; its history stays.")


def _target(visit: Visit, connection: Connection) -> Shown:
    target = visit.request.POST.get("deliver_to", "").strip()
    if problem := wrong_target(target):
        return Shown(problem=problem)
    listeners.change(connection, {"deliver_to": target}, visit.person)
    return Shown(said="replies go to the new address.")


def _rename(visit: Visit, connection: Connection) -> Shown:
    post = visit.request.POST
    name, told = post.get("name", "").strip()[:80], post.get("team", "")
    team = Team.objects.filter(pk=told).first() if told.isdecimal() else None
    if not name or team is None:
        return Shown(problem="A connection needs a name and a team. Nothing was changed.")
    connecting.rename(connection, visit.person, name, team)
    return Shown(said="kept.")


def _settle(visit: Visit, connection: Connection) -> Shown:
    """The kind's own settings; a secret that is left empty stays as it is."""
    config, credentials = settings_told(connection.kind, visit.request.POST)
    needed = [one for one in crm_for(connection.kind).about.settings if one.required]
    known = {**connection.credentials, **config, **credentials}
    if missing := [one.label for one in needed if not known.get(one.name)]:
        return Shown(problem=f"Still missing: {', '.join(missing)}. Nothing was changed.")
    connecting.set_settings(connection, visit.person, config, credentials)
    sync.go_on(connection, visit.person)
    return Shown(said="the settings are kept. Check the credentials next.")


def _check(visit: Visit, connection: Connection) -> Shown:
    try:
        found = connecting.check(connection)
    except CrmError as error:
        return Shown(problem=f"{connecting.in_plain_words(error)} Nothing was changed.")
    people = plural(found, "person", "people")
    return Shown(said=f"the credentials work. The CRM shows us {people}.")


def _test(visit: Visit, connection: Connection) -> Shown:
    return Shown(tested=reading_of_test(connecting.try_event(connection, visit.person)))


def _fetch_people(visit: Visit, connection: Connection) -> Shown:
    try:
        found = connecting.fetch_people(connection, visit.person)
    except CrmError as error:
        return Shown(problem=f"{connecting.in_plain_words(error)} The people stay as they were.")
    return Shown(said=f"{plural(found, 'person', 'people')} fetched. Look at who is who.")


def _map(visit: Visit, connection: Connection) -> Shown:
    post = visit.request.POST
    told = {int(name[6:]): post[name] for name in post if name.startswith("agent-") and name[6:].isdecimal()}
    ids = [int(value) for value in told.values() if value.isdecimal()]
    here = User.objects.filter(is_active=True).in_bulk(ids)
    chosen = {pk: here.get(int(value)) if value.isdecimal() else None for pk, value in told.items()}
    connecting.map_agents(connection, visit.person, chosen)
    return Shown(said="who is who is kept.")


def _fetch(visit: Visit, connection: Connection) -> Shown:
    kind = visit.request.POST.get("kind", "")
    try:
        sync.start(connection, kind, visit.person)
    except sync.CannotFetch as error:
        return Shown(problem=str(error))
    return Shown(said="it is fetched in the background, behind live mail. No drafts are made of old mail.")


def _stop(visit: Visit, connection: Connection) -> Shown:
    kind = visit.request.POST.get("kind", "")
    running = connection.syncs.filter(kind=kind).order_by("-pk").first()
    if running is None or not sync.stop(running, visit.person):
        return Shown(problem="It has ended already. Nothing was changed.")
    return Shown(said="stopped. What came is kept; it goes on from there when it is started again.")


VERBS: dict[str, Callable[[Visit, Connection], Shown]] = {
    "rotate": _rotate, "end-overlap": _end_overlap, "pause": _pause, "resume": _resume, "enable": _enable,
    "revoke": _revoke,
    "target": _target, "rename": _rename, "settings": _settle, "check": _check, "test": _test,
    "fetch-people": _fetch_people, "people": _map, "fetch": _fetch, "stop": _stop,
}  # fmt: skip


def settings_told(kind: str, post: QueryDict) -> tuple[dict[str, str], dict[str, str]]:
    """The settings that were told, and the credentials; an empty credential is none."""
    told = {one: post.get(f"set-{one.name}", "").strip()[:4000] for one in crm_for(kind).about.settings}
    config = {one.name: value for one, value in told.items() if not one.secret}
    return config, {one.name: value for one, value in told.items() if one.secret and value}


def wrong_target(target: str) -> str:
    """Addresses inside our own network are refused again at every delivery."""
    if not target:
        return ""
    try:
        URLValidator(schemes=["https", "http"])(target)
    except ValidationError:
        return f"“{target[:80]}” is not a web address. Nothing was kept."
    return ""
