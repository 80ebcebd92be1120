"""Write down a call or meeting with an account, pasted or typed."""

from datetime import date, datetime, time

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_date

from copilot.calls import KINDS, LONGEST, Call, log_call, team_for
from copilot.console.visit import Visit, page, reads
from customers.access import tended_accounts
from customers.models import Account, Contact

NOON = time(12)
KEPT = "Kept. What it says of promises and notes appears in a moment."
EMPTY = "Say in a few words what was said. Nothing was kept."
NOT_YET = "A call is written down once it has happened: today or before. Nothing was kept."


@page("POST", allowed=reads)
def log(visit: Visit, account_id: int) -> HttpResponse:
    account = tended_accounts(visit.who).filter(pk=account_id).first()
    if account is None:
        raise Http404
    problem = _keep(visit, account)
    (messages.error if problem else messages.success)(visit.request, problem or KEPT)
    return visit.go(reverse("account", args=[account.pk]))


def _keep(visit: Visit, account: Account) -> str:
    """Why it was not kept; empty when it was."""
    sent = visit.request.POST
    text, day, team = sent.get("text", "").strip(), _day(sent.get("day", "")), team_for(account, visit.who)
    if not text or team is None:
        return EMPTY
    if day is None or day > timezone.localdate():
        return NOT_YET
    kind = sent.get("kind", "")
    call = Call(kind if kind in KINDS else "call", text[:LONGEST], _at(day), _contact(visit, account))
    log_call(account, team, visit.person, call)
    return ""


def _day(told: str) -> date | None:
    """Today, where none is told; None for a day that no calendar has."""
    try:
        return parse_date(told) if told else timezone.localdate()
    except ValueError:
        return None


def _at(day: date) -> datetime:
    """Now, or noon of an earlier day."""
    noon = datetime.combine(day, NOON, timezone.get_current_timezone())
    return timezone.now() if day == timezone.localdate() else noon


def _contact(visit: Visit, account: Account) -> Contact | None:
    told = visit.request.POST.get("contact", "")
    return account.contacts.filter(pk=int(told)).first() if told.isdecimal() else None
