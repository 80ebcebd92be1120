"""Accounts: who the customers are, and the whole story with one of them."""

from django.db.models import Count, IntegerField, Max, OuterRef, Q, QuerySet, Subquery
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.console.cards import plural
from copilot.console.fill_account import account_page, account_row
from copilot.console.rows import Place
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reads
from customers.access import visible_accounts
from customers.models import Account, Promise
from interactions.access import visible_conversations
from interactions.models import Conversation
from people.access import Standing

PAGE = 50


@page(allowed=reads)
def accounts(visit: Visit) -> HttpResponse:
    """By name; an account manager sees the own ones first."""
    shown = visible_accounts(visit.who)
    which = visit.request.GET.get("which") or ("mine" if visit.who.is_manager else "all")
    if which == "mine":
        shown = shown.filter(manager=visit.person)
    after = visit.request.GET.get("after", "")
    if after:
        name, _, pk = after.rpartition("~")
        if pk.isdigit():
            shown = shown.filter(Q(sort_key__gt=name) | Q(sort_key=name, pk__gt=int(pk)))
    found = list(with_numbers(visit.who, shown).order_by("sort_key", "pk")[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    here = reverse("accounts")
    context = {
        "shell": shell(visit, "accounts"),
        "section": "accounts",
        "accounts": [account_row(one) for one in found[:PAGE]],
        "kinds": _kinds(visit, which),
        "summary": f"{plural(min(len(found), PAGE), 'account')}{' and more' if last else ''}, by name.",
        "next_url": f"{here}?which={which}&after={last.sort_key}~{last.pk}" if last else "",
    }
    return visit.show("accounts.html", context)


def _kinds(visit: Visit, which: str) -> tuple[Place, ...]:
    if not visit.who.is_manager:
        return ()
    here = reverse("accounts")
    labels = {"mine": "Yours", "all": "All you can see"}
    return tuple(
        Place(one, label, f"{here}?which={one}", current=one == which) for one, label in labels.items()
    )


def with_numbers(who: Standing, accounts: QuerySet[Account]) -> QuerySet[Account]:
    """Each with its open promises, who waits there, and when we last spoke."""
    talks = visible_conversations(who).filter(account=OuterRef("pk")).order_by().values("account")
    waiting = talks.filter(status=Conversation.Status.OPEN, waiting_since__isnull=False)
    open_ones = Promise.objects.filter(account=OuterRef("pk"), state=Promise.State.OPEN)
    promises = open_ones.order_by().values("account")
    return accounts.select_related("manager").annotate(
        promised=Subquery(promises.annotate(n=Count("pk")).values("n"), output_field=IntegerField()),
        waiting=Subquery(waiting.annotate(n=Count("pk")).values("n"), output_field=IntegerField()),
        last_spoke=Subquery(talks.annotate(at=Max("last_message_at")).values("at")),
    )


@page(allowed=reads)
def account(visit: Visit, account_id: int) -> HttpResponse:
    found = with_numbers(visit.who, visible_accounts(visit.who)).filter(pk=account_id).first()
    if found is None:
        raise Http404
    kind = visit.request.GET.get("kind", "")
    before = visit.request.GET.get("before", "")
    made = account_page(visit.who, found, kind, before)
    if visit.wants_part and before:
        return visit.show("account.html#spans", {"account": made})
    return visit.show(
        "account.html", {"shell": shell(visit, "accounts"), "section": "accounts", "account": made}
    )
