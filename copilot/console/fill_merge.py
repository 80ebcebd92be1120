"""Two contacts side by side, and a contact's merges, from their rows."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db.models import Q
from django.urls import reverse

from copilot.console.merge_rows import Both, Other, Side, SideLine
from copilot.templatetags.rapport import clock
from customers.likeness import like
from customers.models import Contact, ContactMerge, Identity, Note, Promise
from interactions.access import mergeable_contacts, visible_conversations, visible_merges
from interactions.models import Connection
from people.access import Standing

MERGE = ("contact__account", "into__account", "proposed_by", "decided_by", "taken_back_by")
MOST = 5
FOUND = 20


def both(who: Standing, contact: Contact, into: Contact, roles: tuple[str, str]) -> Both:
    """What each has, so that a person can tell whether they are one. Both were read with their accounts."""
    told = _told(who, (contact.pk, into.pk))
    left, right = (
        Side(one.pk, str(one), role, (*_own(one), *told[one.pk]))
        for one, role in zip((contact, into), roles, strict=True)
    )
    return Both((left, right), tuple(_warnings(contact, into)))


def _own(contact: Contact) -> Iterable[SideLine]:
    account = contact.account.name if contact.account else ""
    told = (("Account", account), ("Email", contact.email), ("Phone", contact.phone), ("Title", contact.title))
    return (SideLine(name, (value or "None",)) for name, value in told)


def _told(who: Standing, ids: Sequence[int]) -> dict[int, list[SideLine]]:
    """The newest of each kind for both contacts, each kind asked for once."""
    sources: dict[str, Any] = {
        "Known as": _names(ids),
        "Conversations": visible_conversations(who).filter(contact__in=ids).order_by("-last_message_at")
        .values_list("contact", "subject"),
        "Notes": Note.objects.filter(contact__in=ids, state=Note.State.ACCEPTED).order_by("-created_at")
        .values_list("contact", "text"),
        "Promises": Promise.objects.filter(contact__in=ids).order_by("-made_at").values_list("contact", "text"),
    }  # fmt: skip
    lines: dict[int, list[SideLine]] = defaultdict(list)
    for name, rows in sources.items():
        found = list(rows[:200])
        for pk in ids:
            mine = [text or "No subject" for of, text in found if of == pk]
            more = [f"and {len(mine) - MOST} more"] if len(mine) > MOST else []
            lines[pk].append(SideLine(name, (*mine[:MOST], *more) or ("None",)))
    return lines


def _names(ids: Sequence[int]) -> list[tuple[int | None, str]]:
    """Under which id each connection knows them."""
    names = dict(Connection.objects.values_list("pk", "name"))
    known = Identity.objects.filter(contact__in=ids).order_by("pk")
    return [(one.contact_id, f"{one.external_id} in {names.get(one.source, 'history')}") for one in known]


def _warnings(contact: Contact, into: Contact) -> Iterable[str]:
    if contact.account_id == into.account_id:
        return
    if contact.account and into.account:
        yield (
            f"They belong to different accounts, {contact.account} and {into.account}. Once merged, drafts to "
            "either know what both accounts noted about them, and what both were promised."
        )
    else:
        account = contact.account or into.account
        known = "Once merged, drafts to the other know what was noted of them there."
        yield f"Only one of them belongs to an account, {account}. {known}"


def suggestions(who: Standing, contact: Contact) -> Iterable[Other]:
    for one, why in like(contact, mergeable_contacts(who)):
        yield _other(contact, one, f"Has {why}.")


def found(who: Standing, contact: Contact, sought: str) -> Iterable[Other]:
    """By exact address, number, id in a CRM or name: nobody is looked through."""
    exact = Q(email=sought.lower()) | Q(phone=sought) | Q(identities__external_id=sought)
    exact |= Q(name__iexact=sought)
    rows = mergeable_contacts(who).filter(exact).exclude(pk=contact.pk).select_related("account")
    for one in rows.distinct().order_by("pk")[:FOUND]:
        yield _other(contact, one, one.phone)


def _other(contact: Contact, one: Contact, note: str) -> Other:
    url = f"{reverse('contact', args=[contact.pk])}?with={one.pk}"
    return Other(str(one), _about(one), note, url)


def _about(contact: Contact) -> str:
    return ", ".join(part for part in (contact.email, contact.account.name if contact.account else "") if part)


def merges(who: Standing, contact: Contact) -> Iterable[Other]:
    """All that was ever said about whether somebody else is this person, the newest first."""
    theirs = Q(contact=contact) | Q(into=contact)
    for row in visible_merges(who).select_related(*MERGE).filter(theirs).order_by("-pk"):
        other = row.into if row.contact_id == contact.pk else row.contact
        yield Other(str(other), _about(other), history(row)[-1], reverse("merge", args=[row.pk]), "Open")


def history(row: ContactMerge) -> list[str]:
    """Who said what and when, as sentences."""
    why = f" “{row.why}”" if row.why else ""
    said = [f"Proposed by {row.proposed_by or 'somebody'}, {clock(row.proposed_at)}.{why}"]
    if row.decided_at:
        what = "Declined" if row.state == row.State.DECLINED else "Merged"
        said.append(f"{what} by {row.decided_by or 'somebody'}, {clock(row.decided_at)}.")
    if row.taken_back_at:
        why = f" “{row.taken_back_why}”" if row.taken_back_why else ""
        said.append(f"Taken back by {row.taken_back_by or 'somebody'}, {clock(row.taken_back_at)}.{why}")
    return said
