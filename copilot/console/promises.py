"""A promise in hand: kept, cancelled, or due at another time."""

from datetime import date, datetime, time

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from copilot.console.visit import Visit, page, reads
from copilot.relationship import promises as verbs
from customers.access import tended_accounts
from customers.models import Promise

END_OF_DAY = time(17)


@page("POST", allowed=reads)
def promise(visit: Visit, promise_id: int) -> HttpResponse:
    """`fate` is kept, cancelled, moved (to the day `due`, at the hour it had), or open (closed too soon)."""
    found = Promise.objects.filter(account__in=tended_accounts(visit.who), pk=promise_id).first()
    if found is None:
        raise Http404
    said = _settled(visit, found, visit.request.POST.get("fate", ""))
    if said:
        messages.success(visit.request, said)
    else:
        messages.error(visit.request, "This promise is closed already. Nothing was changed.")
    return visit.go(reverse("account", args=[found.account_id]))


def _settled(visit: Visit, found: Promise, fate: str) -> str:
    """What happened, in words; nothing where it was too late."""
    if fate == "kept":
        return "Kept. It is closed." if verbs.close_promise(found, visit.person, verbs.State.KEPT) else ""
    if fate == "open":
        return "It is open again." if verbs.reopen_promise(found, visit.person) else ""
    if fate == "cancelled":
        done = verbs.close_promise(found, visit.person, verbs.State.CANCELLED)
        return "Cancelled. Tell the customer, if they do not know." if done else ""
    day = _day(visit.request.POST.get("due", ""))
    if fate != "moved" or day is None or day < timezone.localdate():
        return "Say on which day it is due, today or later. Nothing was changed."
    at = timezone.localtime(found.due_at).time() if found.due_at else END_OF_DAY
    due = datetime.combine(day, at, timezone.get_current_timezone())
    moved = verbs.move_promise(found, visit.person, due)
    return f"Due on {day:%A}, {day.day} {day:%B} now." if moved else ""


def _day(told: str) -> date | None:
    """None also for a day that no calendar has."""
    try:
        return parse_date(told)
    except ValueError:
        return None
