"""A copy of what is held of a contact; erasing one for good, and the receipts of what went."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpResponse, JsonResponse
from django.urls import reverse

from copilot.console.shell import shell, tabs
from copilot.console.visit import Visit, is_admin, page
from copilot.exporting import copy_of
from customers.models import Contact, Erasure
from interactions.erasing import erase
from interactions.models import Connection

MOST = 20
RECEIPTS = 50


@dataclass(frozen=True, slots=True)
class ReceiptLine:
    id: int
    when: datetime
    by: str
    went: tuple[str, ...]


@page(allowed=is_admin)
def erasures(visit: Visit) -> HttpResponse:
    """`q` finds contacts by their exact address, phone number or id in the CRM."""
    sought = visit.request.GET.get("q", "").strip()
    context = {
        "shell": shell(visit, "settings"),
        "section": "settings",
        "tabs": tabs(visit, "settings-erasures"),
        "sought": sought,
        "found": _found(sought) if sought else (),
        "reads": visit.who.reads_all,
        "receipts": tuple(_receipts()),
    }
    return visit.show("settings_erasures.html", context)


def _found(sought: str) -> QuerySet[Contact]:
    exact = Q(email__iexact=sought) | Q(phone=sought) | Q(identities__external_id=sought)
    found = Contact.objects.filter(exact).select_related("account").distinct()
    return found.annotate(talks=Count("conversations", distinct=True)).order_by("pk")[:MOST]


def _receipts() -> Iterable[ReceiptLine]:
    connections = dict(Connection.objects.values_list("pk", "name"))
    for one in Erasure.objects.select_related("person").order_by("-pk")[:RECEIPTS]:
        by = one.person.name if one.person else connections.get(one.source, "") if one.source else ""
        went = tuple(f"{number} {kind}" for kind, number in one.counts.items())
        yield ReceiptLine(one.pk, one.done_at, by, went)


@page("POST", allowed=is_admin)
def erase_contact(visit: Visit, contact_id: int) -> HttpResponse:
    receipt = erase(contact_id, person=visit.person)
    if receipt is None:
        raise Http404
    messages.success(visit.request, f"The contact is erased. Receipt {receipt.pk} says what went.")
    return visit.go(reverse("settings-erasures"))


@page(allowed=lambda visit: visit.who.is_admin and visit.who.reads_all)
def copy_contact(visit: Visit, contact_id: int) -> HttpResponse:
    """All that is held of them, as a file."""
    contact = Contact.objects.filter(pk=contact_id).first()
    if contact is None:
        raise Http404
    answer = JsonResponse(
        copy_of(contact, visit.person), json_dumps_params={"indent": 1, "ensure_ascii": False}
    )
    answer.headers["Content-Disposition"] = f'attachment; filename="contact-{contact_id}.json"'
    return answer
