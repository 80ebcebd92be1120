"""Which of the person's teams a page about the copilot tells of, and who may change what it says."""

from django.http import Http404
from django.urls import reverse

from copilot.console.rows import Place
from copilot.console.visit import Visit
from people.access import visible_teams
from people.models import Team


def has_teams(visit: Visit) -> bool:
    return bool(visit.who.teams) or visit.who.is_admin


def may_lead(visit: Visit, team: Team) -> bool:
    return visit.who.is_admin or team.pk in visit.who.lead_teams


def team_and_chips(visit: Visit, page: str, *, led: bool = False) -> tuple[Team | None, tuple[Place, ...]]:
    """The team in `team=`, else the first; chips where there are several. None where there is no team yet."""
    told = visit.request.GET.get("team", "") or visit.request.POST.get("team", "")
    teams = [one for one in visible_teams(visit.who).order_by("name") if not led or may_lead(visit, one)]
    if told and told not in {str(one.pk) for one in teams}:
        raise Http404
    chosen = next((one for one in teams if str(one.pk) == told), teams[0] if teams else None)
    chips = [Place(page, one.name, f"{reverse(page)}?team={one.pk}", current=one == chosen) for one in teams]
    return chosen, tuple(chips) if len(chips) > 1 else ()
