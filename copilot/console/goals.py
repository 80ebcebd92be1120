"""Set what matters with an account now, and end it: for who manages the account or leads its team."""

from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.dateparse import parse_date

from copilot.console.visit import Visit, page, reads
from copilot.relationship import goals as verbs
from copilot.relationship.goals import Told
from customers.access import managed_accounts
from customers.models import Account, Goal

LONGEST = 300


@page("POST", allowed=reads)
def goal(visit: Visit, account_id: int) -> HttpResponse:
    """A new one, or with `end` the end of that one."""
    account = managed_accounts(visit.who).filter(pk=account_id).first()
    if account is None:
        raise Http404
    problem, done = _done(visit, account)
    (messages.error if problem else messages.success)(visit.request, problem or done)
    return visit.go(reverse("account", args=[account.pk]))


def _done(visit: Visit, account: Account) -> tuple[str, str]:
    """Why it was not done, or what was."""
    sent = visit.request.POST
    if "end" in sent:
        number = sent["end"]
        found = Goal.objects.filter(account=account, pk=int(number)).first() if number.isdecimal() else None
        ended = found is not None and verbs.end_goal(found, visit.person)
        return ("", "Ended. Drafts know it no more.") if ended else ("It was over already.", "")
    text = sent.get("text", "").strip()[:LONGEST]
    if not text:
        return "Say in a few words what matters. Nothing was set.", ""
    do, dont = (sent.get(name, "").strip() for name in ("do", "dont"))
    told = Told(text, do, dont, _day(sent.get("by", "")), not_on_complaints="always" not in sent)
    verbs.set_goal(account, visit.person, told)
    return "", "Set. Drafts know it from now on."


def _day(told: str) -> date | None:
    try:
        return parse_date(told)
    except ValueError:
        return None
