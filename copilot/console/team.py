"""Where drafting is off, on request or always: per team, and within it per channel, topic and customer."""

from collections.abc import Iterable

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.console.cards import Choice
from copilot.console.fill_rows import colleague
from copilot.console.rows import SecondYes, SwitchLine, TeamSwitches
from copilot.console.shell import shell, tabs
from copilot.console.visit import Visit, page
from copilot.drafting.switch import place_of, set_switch
from copilot.models import DraftingSwitch
from copilot.release_rules import plain
from customers.access import visible_accounts
from customers.models import Account
from interactions.models import ReleaseBy
from people.access import visible_teams
from people.audit import note_deed
from people.models import Team, User

Mode = DraftingSwitch.Mode


@page("GET", "HEAD", "POST", allowed=lambda visit: bool(visit.who.teams) or visit.who.is_admin)
def team(visit: Visit) -> HttpResponse:
    if visit.request.method != "POST":
        return show_team(visit)
    found = team_to_change(visit)
    with transaction.atomic():
        problem = _keep(visit, found)
    if problem:
        return show_team(visit, problem, 422)
    messages.success(visit.request, f"Kept for {found}.")
    return visit.go(reverse("settings-team"))


def may_change(visit: Visit, team: Team) -> bool:
    return visit.who.is_admin or team.pk in visit.who.lead_teams


def team_to_change(visit: Visit) -> Team:
    told = visit.request.POST.get("team", "")
    found = visible_teams(visit.who).filter(pk=told).first() if told.isdigit() else None
    if found is None or not may_change(visit, found):
        raise Http404
    return found


def show_team(visit: Visit, problem: str = "", status: int = 200) -> HttpResponse:
    related = ("switches__pilot", "switches__account", "memberships__user", "release_rules")
    teams = visible_teams(visit.who).prefetch_related(*related)
    context = {
        "shell": shell(visit, "settings"),
        "section": "settings",
        "tabs": tabs(visit, "settings-team"),
        "teams": [_switches(visit, one) for one in teams],
        "problem": problem,
    }
    return visit.show("settings_team.html", context, status)


def _switches(visit: Visit, team: Team) -> TeamSwitches:
    members = [m.user for m in team.memberships.all() if m.user.is_active]
    switches = list(team.switches.all())
    general = next((s for s in switches if not (s.account_id or s.topic or s.channel)), None)
    pilots = {person.pk for person in general.pilot.all()} if general else set()
    first = SwitchLine("mode", "All of the team", general.mode if general else Mode.ALWAYS)
    return TeamSwitches(
        id=team.pk,
        team=team.name,
        members=tuple(colleague(person) for person in members),
        lines=(first, *(_line(visit, s) for s in switches if s is not general)),
        may_change=may_change(visit, team),
        pilot=tuple(Choice(str(p.pk), p.name, chosen=p.pk in pilots) for p in members),
        second=_second_yes(team),
    )


def _second_yes(team: Team) -> SecondYes:
    found = list(team.release_rules.all())
    limit = next((rule for rule in found if rule.above is not None), None)
    lines = tuple(
        SwitchLine(f"topic-{rule.pk}", f"Topic: {rule.topic}", rule.by) for rule in found if rule.topic
    )
    above = plain(limit.above).replace(",", "") if limit and limit.above is not None else ""
    return SecondYes(above, limit.by if limit else ReleaseBy.LEAD, lines)


def _line(visit: Visit, switch: DraftingSwitch) -> SwitchLine:
    return SwitchLine(f"switch-{switch.pk}", place_of(switch), switch.mode, "Wins over the lines above.")


def _keep(visit: Visit, team: Team) -> str:
    """Keep what the form says; returns what is wrong with it, in words."""
    post = visit.request.POST
    for switch in team.switches.exclude(account=None, topic="", channel=""):
        told = post.get(f"switch-{switch.pk}")
        if told == "remove":
            note_deed(visit.person, "removed switch", switch, place=place_of(switch))
            switch.delete()
        elif told in Mode.values and told != switch.mode:
            set_switch(
                team, told, visit.person, account=switch.account, topic=switch.topic, channel=switch.channel
            )
    if post.get("mode") in Mode.values:
        general = set_switch(team, post["mode"], visit.person)
        general.pilot.set(_pilots(team, post.getlist("pilot")))
    return _add(visit, team)


def _pilots(team: Team, told: Iterable[str]) -> list[User]:
    ids = [int(one) for one in told if one.isdigit()]
    return list(User.objects.filter(pk__in=ids, memberships__team=team))


def _add(visit: Visit, team: Team) -> str:
    """A line for a channel, a topic or a customer."""
    post = visit.request.POST
    kind, value, mode = post.get("new-kind", ""), post.get("new-value", "").strip(), post.get("new-mode", "")
    if not value:
        return ""
    if mode not in Mode.values:
        return "Choose off, on request or always for the new line. It was not added."
    match kind:
        case "channel":
            set_switch(team, mode, visit.person, channel=value.lower()[:20])
        case "topic":
            set_switch(team, mode, visit.person, topic=value[:80])
        case _:
            account = _account(visit, value)
            if account is None:
                return f"No customer of yours is called “{value[:80]}”. The line was not added."
            set_switch(team, mode, visit.person, account=account)
    return ""


def _account(visit: Visit, name: str) -> Account | None:
    seen = Account.objects.all() if visit.who.is_admin else visible_accounts(visit.who)
    return seen.filter(name__iexact=name).first()
