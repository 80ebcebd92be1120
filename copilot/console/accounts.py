"""Accounts: who the customers are, and the whole story with one of them."""

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce, JSONObject, NullIf
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.console.cards import plural
from copilot.console.fill_account import account_page, account_row
from copilot.console.fill_attention import needy
from copilot.console.fill_timeline import asked_for
from copilot.console.rows import Place
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reads
from customers.access import visible_accounts
from customers.models import Account, Contact, ContactMerge, Promise
from interactions.access import visible_conversations, visible_merges
from interactions.models import Conversation
from people.access import Standing
from prepared import first, prepared

PAGE = 50
MOST_CHANNELS = 20


@page(allowed=reads)
def accounts(visit: Visit) -> HttpResponse:
    """What needs somebody first, then all by name; an account manager sees the own ones."""
    shown = visible_accounts(visit.who)
    which = visit.request.GET.get("which") or ("mine" if visit.who.is_manager else "all")
    if which == "mine":
        shown = shown.filter(manager=visit.person)
    after = visit.request.GET.get("after", "")
    first = () if after else needy(visit.who, shown)
    if after:
        name, _, pk = after.rpartition("~")
        if pk.isdecimal():
            shown = shown.filter(Q(sort_key__gt=name) | Q(sort_key=name, pk__gt=int(pk)))
    found = list(with_numbers(visit.who, shown).order_by("sort_key", "pk")[: PAGE + 1])
    last = found[PAGE - 1] if len(found) > PAGE else None
    here = reverse("accounts")
    context = {
        "shell": shell(visit, "accounts"),
        "section": "accounts",
        "accounts": [account_row(one) for one in found[:PAGE]],
        "kinds": _kinds(visit, which),
        "needy": first,
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


def _channels(who: Standing) -> ArraySubquery:
    """Over which the account was spoken with, as far as one sees."""
    talks = visible_conversations(who).filter(account=OuterRef("pk")).order_by("channel")
    return ArraySubquery(talks.values("channel").distinct()[:MOST_CHANNELS])


def _joined() -> ArraySubquery:
    """Who was merged with a contact of the account; some of them may stand elsewhere."""
    here = Contact.objects.filter(account=OuterRef(OuterRef("pk")), shown_as__isnull=False)
    return ArraySubquery(Contact.objects.filter(shown_as__in=here.values("shown_as")).values("pk"))


def _proposed(who: Standing) -> ArraySubquery:
    """Pairs of contacts that may be one person, of which somebody has yet to decide."""
    here = Q(contact__account=OuterRef("pk")) | Q(into__account=OuterRef("pk"))
    waiting = visible_merges(who).filter(here, state=ContactMerge.State.PROPOSED).order_by("pk")
    names = {one: Coalesce(NullIf(f"{one}__name", Value("")), f"{one}__email") for one in ("contact", "into")}
    return ArraySubquery(waiting.values(pair=JSONObject(id="pk", **names))[:10])


@prepared
def _seen(who: Standing, *, account: int) -> QuerySet[Account]:
    seen = with_numbers(who, visible_accounts(who)).filter(pk=account)
    return seen.annotate(joined=_joined(), proposed=_proposed(who), channels=_channels(who))


@page(allowed=reads)
def account(visit: Visit, account_id: int) -> HttpResponse:
    found = first(_seen(visit.who, account=account_id))
    if found is None:
        raise Http404
    asked = asked_for(visit.request.GET.dict())
    made = account_page(visit.who, found, asked)
    if visit.wants_part and visit.request.GET.get("before"):
        return visit.show("account.html#spans", {"account": made})
    return visit.show(
        "account.html", {"shell": shell(visit, "accounts"), "section": "accounts", "account": made}
    )
