"""Two contacts are one person: people propose and decide it, and take it back.

Nothing moves. Messages, notes and ids stay with the contact they came to; whoever reads asks for all of the
group (`ids_of`), and shows its one name (`Contact.shown`). So what is taken back is as it was before.
"""

from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from customers.models import Contact, ContactMerge
from people.audit import note_deed
from people.models import ApiKey, User

State = ContactMerge.State


class NotPossible(Exception):
    """Why a merge can be neither proposed nor decided as things stand, in a sentence; nothing was changed."""


def ids_of(contact: Contact | None) -> list[int]:
    """The contact and all who are one person with them; asks nothing where nobody was merged."""
    if contact is None:
        return []
    if contact.shown_as_id is None:
        return [contact.pk]
    return list(group_of(contact).values_list("pk", flat=True))


def group_of(contact: Contact) -> QuerySet[Contact]:
    if contact.shown_as_id is None:
        return Contact.objects.filter(pk=contact.pk)
    return Contact.objects.filter(shown_as=contact.shown_as_id)


def hold_group(contact_id: int) -> list[Contact]:
    """All who are this person, held until the transaction ends, the one that is shown last; empty: nobody is.

    Asked twice, for a merge may have been decided while the first asking waited for its rows.
    """
    held: list[Contact] = []
    for _ in range(2):
        contact = Contact.objects.filter(pk=contact_id).first()
        held = list(group_of(contact).select_for_update().order_by("pk")) if contact else []
    return sorted(held, key=lambda one: one.pk == one.shown_as_id)


@transaction.atomic
def propose(contact: Contact, into: Contact, person: User, why: str, key: ApiKey | None = None) -> ContactMerge:
    """That `contact` be shown as `into`, or as whom that one is shown already. Raises NotPossible."""
    contact, into = _hold(contact.pk, into.shown.pk)
    _must_be_two(contact, into)
    proposed = ContactMerge.objects.filter(state=State.PROPOSED)
    if proposed.filter(Q(contact=contact, into=into) | Q(contact=into, into=contact)).exists():
        raise NotPossible("This merge is proposed already, and waits for somebody to decide it.")
    merge = ContactMerge.objects.create(contact=contact, into=into, why=why.strip(), proposed_by=person)
    _note(person, "proposed merge", merge, key)
    return merge


@transaction.atomic
def merge_proposed(merge: ContactMerge, person: User, key: ApiKey | None = None) -> None:
    """Show the one as the other from now on. Raises NotPossible, also when somebody was faster."""
    contact, into = _hold(merge.contact_id, merge.into_id)
    _move(merge, State.PROPOSED, State.MERGED, decided_by=person, decided_at=Now())
    _must_be_two(contact, into)
    alone = Q(shown_as=None)
    stands = Contact.objects.filter(alone | Q(shown_as=into.pk), pk=into.pk).update(shown_as=into.pk)
    if not stands or not Contact.objects.filter(alone, pk=contact.pk).update(shown_as=into.pk):
        raise NotPossible(f"{into} was merged with another contact since. Decline this, and propose it anew.")
    _note(person, "merged contacts", merge, key)


@transaction.atomic
def decline(merge: ContactMerge, person: User, key: ApiKey | None = None) -> None:
    """They are two. Raises NotPossible when somebody was faster."""
    _move(merge, State.PROPOSED, State.DECLINED, decided_by=person, decided_at=Now())
    _note(person, "declined merge", merge, key)


@transaction.atomic
def part(merge: ContactMerge, person: User, why: str, key: ApiKey | None = None) -> None:
    """Take a merge back: each is shown as themselves again. Raises NotPossible when that was done already."""
    contact, into = _hold(merge.contact_id, merge.into_id)
    told = {"taken_back_by": person, "taken_back_at": Now(), "taken_back_why": why.strip()}
    _move(merge, State.MERGED, State.TAKEN_BACK, **told)
    Contact.objects.filter(pk=contact.pk, shown_as=into.pk).update(shown_as=None)
    if not Contact.objects.filter(shown_as=into.pk).exclude(pk=into.pk).exists():
        Contact.objects.filter(pk=into.pk).update(shown_as=None)
    _note(person, "took merge back", merge, key)


def _hold(*contacts: int) -> Iterable[Contact]:
    """In the order of their ids, so that two who hold the same never wait for each other."""
    held = Contact.objects.select_for_update().filter(pk__in=contacts).order_by("pk")
    found = {one.pk: one for one in held}
    if len(found) < len(set(contacts)):
        raise NotPossible("One of the two contacts was erased. Nothing was changed.")
    return [found[pk] for pk in contacts]


def _must_be_two(contact: Contact, into: Contact) -> None:
    if contact.pk == into.pk or contact.shown_as_id == into.pk:
        raise NotPossible("They are one person here already.")
    if contact.shown_as_id == contact.pk:
        others = f"Others were merged into {contact}. Merge {into} into {contact}"
        raise NotPossible(f"{others} instead, or take those merges back first.")
    if contact.shown_as_id:
        raise NotPossible(f"{contact} was merged with another contact. Take that back first.")


def _move(merge: ContactMerge, before: str, after: str, **told: Any) -> None:
    if not ContactMerge.objects.filter(pk=merge.pk, state=before).update(state=after, **told):
        merge.refresh_from_db(fields=["state"])
        what = merge.get_state_display().lower()
        raise NotPossible(f"Somebody was faster: this merge is {what}. Nothing was changed.")


def _note(person: User, verb: str, merge: ContactMerge, key: ApiKey | None) -> None:
    note_deed(person, verb, merge, key=key, contact=merge.contact_id, into=merge.into_id)
