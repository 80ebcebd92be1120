"""A month of a team's lessons on one page: what was learnt, what it saved, what it cost, what it harmed."""

import re
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from copilot.console.copilot_team import has_teams, may_lead, team_and_chips
from copilot.console.learning import measured_row
from copilot.console.rows import Place
from copilot.console.shell import shell
from copilot.console.visit import Visit, page
from copilot.learning.month import month_of
from copilot.models import Lesson
from people.models import Team

MONTHS = 6
MICROS = 1_000_000


@page(allowed=has_teams)
def month(visit: Visit) -> HttpResponse:
    team, chips = team_and_chips(visit, "learning-month")
    context: dict[str, Any] = {
        "shell": shell(visit, "learning"), "section": "learning", "chips": chips, "team": team,
    }  # fmt: skip
    if team is not None:
        context |= _told(visit, team)
    return visit.show("month.html", context)


def _told(visit: Visit, team: Team) -> dict[str, Any]:
    today = timezone.localdate(timezone=ZoneInfo(team.time_zone))
    first = _asked(visit.request.GET.get("month", ""), today)
    found = month_of(team, _midnight(first, team), _midnight(_later(first, 1), team))
    return {
        "month": found, "name": f"{first:%B %Y}", "months": _months(team, today, first),
        "in_use": _places(found.in_use), "retired": _places(found.retired), "idle": _places(found.idle),
        "kinds": [(kind, measured_row(one)) for kind, one in found.measured],
        # What it cost is for leads and admins.
        "money": f"{found.rehearsal_micros / MICROS:.2f}" if may_lead(visit, team) else "",
    }  # fmt: skip


def _asked(told: str, today: date) -> date:
    if not told:
        return today.replace(day=1)
    if not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", told):
        raise Http404
    return date(int(told[:4]), int(told[5:]), 1)


def _later(first: date, months: int) -> date:
    at = first.year * 12 + first.month - 1 + months
    return date(at // 12, at % 12 + 1, 1)


def _midnight(day: date, team: Team) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(team.time_zone))


def _months(team: Team, today: date, chosen: date) -> tuple[Place, ...]:
    here = f"{reverse('learning-month')}?team={team.pk}&month="
    some = (_later(today.replace(day=1), -back) for back in range(MONTHS))
    return tuple(
        Place("learning-month", f"{one:%B}", f"{here}{one:%Y-%m}", current=one == chosen) for one in some
    )


def _places(some: Iterable[Lesson]) -> tuple[Place, ...]:
    return tuple(Place("lesson", one.title, reverse("lesson", args=[one.pk])) for one in some)
