"""Take in what a source tells about accounts, contacts and records; older news never wins."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from customers.erasing import keep_erased
from customers.facts import AccountFact, ContactFact, NoteFact, RecordFact
from customers.likeness import Dialled, digits_of
from customers.models import Account, Contact, Identity, Note, Record
from people.models import User
from prepared import first, prepared


def upsert_account(source: UUID, fact: AccountFact) -> Account:
    named = {"source": source, "kind": "account", "external_id": fact.external_id}
    account = _locked(Account, named)
    is_known = account is not None
    account = account or Account(name=fact.name or fact.external_id)
    told = {"name": fact.name, "domain": fact.domain, "tier": fact.tier}
    _take(account, told, fact.fields, fact.changed_at)
    if not is_known:
        Identity.objects.create(**named, account=account)
    return account


def upsert_contact(source: UUID, fact: ContactFact, said_at: datetime | None = None) -> Contact:
    """`said_at`: when what names the contact was said, where that is not when it was told.

    Raises Erased when that was before the contact of this id was erased.
    """
    named = {"source": source, "kind": "contact", "external_id": fact.external_id}
    contact = _locked(Contact, named)
    is_known = contact is not None
    if not is_known:
        keep_erased(source, "contact", fact.external_id, said_at or fact.changed_at)
    account = upsert_account(source, fact.account) if fact.account else None
    contact = contact or _same_person(source, fact, account) or Contact()
    told = {
        "name": fact.name, "email": fact.email.strip().lower(), "phone": fact.phone,
        "title": fact.title[:120], "language": fact.language, "account": account,
    }  # fmt: skip
    _take(contact, told, fact.fields, fact.changed_at)
    if not is_known:
        Identity.objects.create(**named, contact=contact)
    return contact


def _locked[Row: (Account, Contact)](model: type[Row], named: Mapping[str, Any]) -> Row | None:
    """The row that the source means, held until the transaction ends: news is read, weighed and written."""
    return first(_held(model, **named))


@prepared
def _held(model: type[Account | Contact], *, source: UUID, kind: str, external_id: str) -> QuerySet[Any]:
    rows = model._default_manager.select_for_update(no_key=True, of=("self",))
    named = {"source": source, "kind": kind, "external_id": external_id}
    return rows.filter(**{f"identities__{name}": value for name, value in named.items()})


def _same_person(source: UUID, fact: ContactFact, account: Account | None) -> Contact | None:
    """A contact of the same account that another source told of, with exactly this address; or with this
    phone number, where neither an address nor a name speaks against it: colleagues may share a telephone."""
    if account is None:
        return None
    others = Contact.objects.filter(account=account).exclude(identities__source=source)
    email, digits = fact.email.strip().lower(), digits_of(fact.phone)
    by_address = list(others.filter(email=email)[:2]) if email else []
    if by_address or not digits:
        return by_address[0] if len(by_address) == 1 else None
    by_phone = list(others.exclude(phone="").annotate(dialled=Dialled("phone")).filter(dialled=digits)[:2])
    if len(by_phone) != 1 or (email and by_phone[0].email):
        return None
    names = {name.casefold() for name in (fact.name.strip(), by_phone[0].name.strip()) if name}
    return by_phone[0] if len(names) < 2 else None


def upsert_record(source: UUID, fact: RecordFact) -> Record:
    key = {"source": source, "kind": fact.kind, "external_id": fact.external_id}
    record = Record.objects.select_for_update().filter(**key).first() or Record(**key)
    if record.pk and record.source_updated_at > fact.changed_at:
        return record
    record.title, record.status, record.fields = fact.title, fact.status, dict(fact.fields)
    record.occurred_at = fact.occurred_at or record.occurred_at
    record.source_updated_at = fact.changed_at
    if fact.contact:
        record.contact = upsert_contact(source, ContactFact(external_id=fact.contact), fact.changed_at)
    if fact.account:
        record.account = upsert_account(source, AccountFact(fact.account, ""))
    elif record.contact:
        record.account = record.contact.account
    record.save()
    return record


def upsert_note(source: UUID, fact: NoteFact) -> str:
    """A colleague's note in the CRM is a person's word; returns the reason when it changed nothing."""
    named = {"source": source, "external_id": fact.external_id}
    note = Note.objects.select_for_update().filter(**named).first()
    if note and note.source_updated_at and note.source_updated_at >= fact.changed_at:
        return "a newer version of this note is here already"
    contact = None
    if fact.contact:
        contact = upsert_contact(source, ContactFact(external_id=fact.contact), fact.changed_at)
    named_account = upsert_account(source, AccountFact(fact.account, "")) if fact.account else None
    account = named_account or (contact.account if contact else None)
    if account is None:
        return "a note belongs to an account, and none is known for it"
    author = User.objects.filter(email=fact.author_email.lower()).first() if fact.author_email else None
    note = note or _told_back(account, fact) or Note(
        source=source, external_id=fact.external_id, kind=Note.Kind.WAY_OF_WORKING, state=Note.State.ACCEPTED,
        created_at=fact.changed_at, decided_at=fact.changed_at,
    )  # fmt: skip
    note.source, note.external_id = source, fact.external_id
    note.account, note.contact, note.text = account, contact or note.contact, fact.text
    note.author = note.decided_by = author or note.decided_by
    note.source_updated_at = fact.changed_at
    note.save()
    return ""


def _told_back(account: Account, fact: NoteFact) -> Note | None:
    """A note that was accepted here and told to the CRM, under the CRM's own id now; or taken back since."""
    known = (Note.State.ACCEPTED, Note.State.PROPOSED)
    ours = Note.objects.select_for_update().filter(account=account, external_id="", state__in=known)
    return ours.filter(text=fact.text).first()


def _take(
    row: Account | Contact, told: Mapping[str, Any], fields: Mapping[str, Any] | None, at: datetime | None
) -> None:
    """Each field keeps the newest word on it, whatever order the news came in; nothing told deletes nothing."""
    stamp = at.astimezone(UTC).isoformat(timespec="microseconds") if at else ""
    before = dict(row.told_at)
    for name, value in told.items():
        # News with a time is weighed by that alone: what is there (another row, maybe) need not be read.
        present = None if stamp else getattr(row, name)
        if value and _wins(row, name, present, stamp):
            setattr(row, name, value)
    for name, value in (fields or {}).items():
        if _wins(row, f"fields.{name}", row.fields.get(name), stamp):
            row.fields[name] = value
    if at and (row.source_updated_at is None or at > row.source_updated_at):
        row.source_updated_at = at
    if row.pk is None:
        row.save()
    elif row.told_at != before:
        row.save(update_fields=_TOLD[type(row)])


# What a source may change; a save of all columns takes twice as long.
_OF_BOTH = ["name", "fields", "told_at", "source_updated_at"]
_TOLD: dict[type, list[str]] = {
    Account: [*_OF_BOTH, "sort_key", "domain", "tier"],
    Contact: [*_OF_BOTH, "email", "phone", "title", "language", "account"],
}


def _wins(row: Account | Contact, name: str, present: object, stamp: str) -> bool:
    """Whether news of this time replaces what is there; news without a time only fills what is empty."""
    if stamp < row.told_at.get(name, "") or (not stamp and present):
        return False
    row.told_at[name] = stamp
    return True
