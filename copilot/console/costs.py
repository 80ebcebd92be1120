"""What drafts cost a team a day, as a plot, a table and CSV, and the budgets that pause drafting."""

import csv
import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from copilot.console.copilot_rows import CostDay
from copilot.console.copilot_team import team_and_chips
from copilot.console.shell import copilot_tabs, shell
from copilot.console.topics import limits_of
from copilot.console.visit import Visit, is_lead_or_admin, page
from copilot.models import DraftingLimits, Spending
from people.audit import note_deed
from people.models import Team

DAYS = 30
MICROS = 1_000_000
WIDE, HIGH, STEP = 600, 120, 20
MONEY = {"day_micros": "A day", "month_micros": "A month"}
COUNTS = {"sender_hour": "Drafts an hour for one sender", "sender_day": "Drafts a day for one sender"}
COLUMNS = ("day", "drafts", "input", "output", "cache_read", "cache_write", "cost_micros")


@page("GET", "HEAD", "POST", allowed=is_lead_or_admin)
def costs(visit: Visit) -> HttpResponse:
    if visit.request.method != "POST":
        return _show(visit)
    team = _team(visit)
    told = _told(visit)
    if told is None:
        return _show(
            visit, "Give amounts like 5 or 2.50, whole numbers of drafts, or nothing for no limit.", 422
        )
    limits, _ = DraftingLimits.objects.update_or_create(team=team, defaults=told)
    note_deed(visit.person, "set limits", limits, **told)
    messages.success(visit.request, f"Kept for {team}. Drafts that were paused can be tried again.")
    return visit.go(f"{reverse('costs')}?team={team.pk}")


@page(allowed=is_lead_or_admin)
def table(visit: Visit) -> HttpResponse:
    """All days as CSV, the newest first; money in millionths of a US dollar."""
    team = _team(visit)
    answer = HttpResponse(content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="costs-{team.slug}.csv"'
    writer = csv.writer(answer)
    writer.writerow(COLUMNS)
    writer.writerows(Spending.objects.filter(team=team).order_by("-day").values_list(*COLUMNS))
    return answer


def _team(visit: Visit) -> Team:
    team, _ = team_and_chips(visit, "costs", led=True)
    if team is None:
        raise Http404
    return team


def _told(visit: Visit) -> dict[str, Any] | None:
    """The four limits as the form says them; None where one makes no sense."""
    told: dict[str, Any] = {}
    for name in (*MONEY, *COUNTS):
        text = visit.request.POST.get(name, "").strip().removeprefix("$")
        try:
            number = round(float(text) * (MICROS if name in MONEY else 1)) if text else None
        except (ValueError, OverflowError):
            return None
        if number is not None and not 0 <= number < 2**31 * (MICROS if name in MONEY else 1):
            return None
        told[name] = number
    return told


def _show(visit: Visit, problem: str = "", status: int = 200) -> HttpResponse:
    team, chips = team_and_chips(visit, "costs", led=True)
    limits = limits_of(team)
    days = _days(team) if team else ()
    context: dict[str, Any] = {
        "shell": shell(visit, "copilot"), "section": "copilot", "tabs": copilot_tabs(visit, "costs"),
        "chips": chips, "team": team, "days": days, "total": _sum(days), "problem": problem,
        "money": [(name, label, _dollars(getattr(limits, name))) for name, label in MONEY.items()],
        "counts": [(name, label, getattr(limits, name)) for name, label in COUNTS.items()],
    }  # fmt: skip
    return visit.show("copilot_costs.html", context, status)


def _days(team: Team) -> tuple[CostDay, ...]:
    """The last thirty days of the team, those without a draft included, the newest last."""
    today = timezone.localdate(timezone=ZoneInfo(team.time_zone))
    first = today - timedelta(days=DAYS - 1)
    spent = {one.day: one for one in Spending.objects.filter(team=team, day__gte=first)}
    most = max((one.cost_micros for one in spent.values()), default=0) or 1
    dates = [first + timedelta(days=number) for number in range(DAYS)]
    return tuple(_day(one, spent.get(one), number, most) for number, one in enumerate(dates))


def _day(day: date, one: Spending | None, number: int, most: int) -> CostDay:
    if one is None:
        return CostDay(day, 0, 0, 0, _dollars(0), number * STEP)
    height = math.ceil(HIGH * one.cost_micros / most)
    read = one.input + one.cache_read + one.cache_write
    return CostDay(
        day, one.drafts, read, one.output, _dollars(one.cost_micros), number * STEP, HIGH - height, height
    )


def _sum(days: Sequence[CostDay]) -> dict[str, Any]:
    money = sum(float(one.money) for one in days)
    return {"drafts": sum(one.drafts for one in days), "money": f"{money:.2f}", "highest": max(
        (one.money for one in days), key=float, default="0.00"
    )}  # fmt: skip


def _dollars(micros: int | None) -> str:
    return "" if micros is None else f"{micros / MICROS:.2f}"
