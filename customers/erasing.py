"""What is left of an erased contact: a receipt, and hashed names by which old news of them is turned away."""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Max
from django.utils.crypto import salted_hmac

from customers.models import Contact, ErasedName, Erasure, Identity, Note, Promise
from people.models import User

type Name = tuple[UUID, str, str]  # source, kind, external id


class Erased(Exception):
    """It tells of a contact or conversation from before that was erased."""


def digest_of(source: UUID, kind: str, external_id: str) -> str:
    """Keyed with the install's SECRET_KEY: ids are short, and a plain hash could be guessed back."""
    return salted_hmac("customers.erasing", f"{source}:{kind}:{external_id}", algorithm="sha256").hexdigest()


def erased_until(source: UUID, kind: str, external_id: str) -> datetime | None:
    named = ErasedName.objects.filter(source=source, digest=digest_of(source, kind, external_id))
    at: datetime | None = named.aggregate(at=Max("erasure__at"))["at"]
    return at


def keep_erased(source: UUID, kind: str, external_id: str, said_at: datetime | None) -> None:
    """Raises Erased for what was said before the erasure; what is newer is of somebody new."""
    until = erased_until(source, kind, external_id)
    if until is not None and (said_at is None or said_at <= until):
        raise Erased(f"this {kind} was erased, and what was said before stays out")


def keep_receipt(
    at: datetime, names: Iterable[Name], gone: Counter[str], *, source: UUID | None, person: User | None
) -> Erasure:
    counts = {kind: number for kind, number in sorted(gone.items()) if number}
    receipt = Erasure.objects.create(at=at, source=source, person=person, counts=counts)
    rows = [ErasedName(erasure=receipt, source=one[0], kind=one[1], digest=digest_of(*one)) for one in names]
    ErasedName.objects.bulk_create(rows)
    return receipt


def names_of(contact: Contact) -> list[Name]:
    named = Identity.objects.filter(contact=contact).values_list("source", "external_id")
    return [(source, "contact", external_id) for source, external_id in named]


def erase_rows(contact: Contact, notes: Iterable[int], promises: Iterable[int]) -> Counter[str]:
    """The contact, and with it identities, merges and records; and the notes and promises that rest on them."""
    gone = Counter(
        contacts=1, identities=contact.identities.count(), records=contact.records.count(),
        merges=contact.merges.count() + contact.taken_in.count(),
        notes=Note.objects.filter(pk__in=notes).delete()[1].get("customers.Note", 0),
        promises=Promise.objects.filter(pk__in=promises).delete()[1].get("customers.Promise", 0),
    )  # fmt: skip
    contact.delete()
    return gone
