"""A contact and who may be the same person; two contacts side by side, to be merged, declined or parted."""

from collections.abc import Callable
from typing import Any

from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.console import fill_merge
from copilot.console.rows import Status
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reads
from copilot.merging import take_back
from customers import merging
from customers.models import Contact, ContactMerge
from interactions.access import decidable_merges, mergeable_contact, shown_contacts, visible_merges

MOST_WORDS = 300


@page("GET", "HEAD", "POST", allowed=reads)
def contact(visit: Visit, contact_id: int) -> HttpResponse:
    """`q` finds others, `with` shows one of them beside this one; a POST proposes that they are one person."""
    found = shown_contacts(visit.who).select_related("account", "shown_as").filter(pk=contact_id).first()
    if found is None:
        raise Http404
    if visit.request.method != "POST":
        return _show_contact(visit, found, visit.request.GET.get("with", ""))
    return _propose(visit, found, visit.request.POST.get("other", ""))


def _propose(visit: Visit, found: Contact, told: str) -> HttpResponse:
    here, other = mergeable_contact(visit.who, found.pk), _other(visit, told)
    if here is None or other is None:
        raise Http404
    contact, into = (here, other) if visit.request.POST.get("shown") == "other" else (other, here)
    try:
        merge = merging.propose(contact, into, visit.person, visit.request.POST.get("why", "")[:MOST_WORDS])
    except merging.NotPossible as why:
        return _show_contact(visit, found, told, str(why), 422)
    visit.tell(Status("It is proposed. Nothing changes until it is decided."))
    return visit.go(reverse("merge", args=[merge.pk]))


def _other(visit: Visit, told: str) -> Contact | None:
    return mergeable_contact(visit.who, int(told)) if told.isdecimal() and len(told) < 19 else None


def _show_contact(
    visit: Visit, found: Contact, told: str, problem: str = "", status: int = 200
) -> HttpResponse:  # fmt: skip
    other = _other(visit, told)
    sought = visit.request.GET.get("q", "").strip()
    context = {
        **_frame(visit, found),
        "contact": found,
        "merges": tuple(fill_merge.merges(visit.who, found)),
        "suggestions": () if other else tuple(fill_merge.suggestions(visit.who, found)),
        "sought": sought,
        "found": tuple(fill_merge.found(visit.who, found, sought)) if sought else (),
        "other": other,
        "both": fill_merge.both(visit.who, found, other, ("", "")) if other else None,
        "problem": problem,
    }
    return visit.show("contact.html", context, status)


@page(allowed=reads)
def merge(visit: Visit, merge_id: int) -> HttpResponse:
    return _show_merge(visit, _merge(visit, merge_id))


def _merge(visit: Visit, merge_id: int) -> ContactMerge:
    found = visible_merges(visit.who).select_related(*fill_merge.MERGE).filter(pk=merge_id).first()
    if found is None:
        raise Http404
    return found


def _show_merge(visit: Visit, found: ContactMerge, problem: str = "", status: int = 200) -> HttpResponse:
    verb = "is" if found.state == found.State.MERGED else "would be"
    roles = (f"{verb} shown as {found.into}", f"{verb} shown for both")
    context = {
        **_frame(visit, found.into),
        "merge": found,
        "both": fill_merge.both(visit.who, found.contact, found.into, roles),
        "history": fill_merge.history(found),
        "may_decide": decidable_merges(visit.who).filter(pk=found.pk).exists(),
        "problem": problem,
    }
    return visit.show("merge.html", context, status)


def _frame(visit: Visit, contact: Contact) -> dict[str, Any]:
    return {"shell": shell(visit, "accounts"), "section": "accounts", "account": contact.account}


@page("POST", allowed=reads)
def settle(visit: Visit, merge_id: int, deed: str) -> HttpResponse:
    """`merge`, `decline` or `take-back`."""
    found = decidable_merges(visit.who).select_related(*fill_merge.MERGE).filter(pk=merge_id).first()
    if found is None or deed not in DEEDS:
        raise Http404
    act, said = DEEDS[deed]
    try:
        act(visit, found)
    except merging.NotPossible as why:
        return _show_merge(visit, _merge(visit, merge_id), str(why), 409)
    visit.tell(Status(said))
    return visit.go(reverse("merge", args=[merge_id]))


def _take_back(visit: Visit, found: ContactMerge) -> None:
    take_back(found, visit.person, visit.request.POST.get("why", "")[:MOST_WORDS])


DEEDS: dict[str, tuple[Callable[[Visit, ContactMerge], None], str]] = {
    "merge": (
        lambda visit, found: merging.merge_proposed(found, visit.person),
        "They are one person from now on. It can be taken back.",
    ),
    "decline": (lambda visit, found: merging.decline(found, visit.person), "Declined. They stay two."),
    "take-back": (_take_back, "Taken back. They are two again, and open drafts to them are written anew."),
}
