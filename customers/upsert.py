"""Take in what a source tells about accounts, contacts and records; older news never wins."""

from datetime import datetime
from typing import Any
from uuid import UUID

from customers.facts import AccountFact, ContactFact, RecordFact
from customers.models import Account, Contact, Identity, Record


def upsert_account(source: UUID, fact: AccountFact) -> Account:
    known = Identity.objects.filter(source=source, kind="account", external_id=fact.external_id)
    identity = known.select_related("account").first()
    if identity and identity.account:
        account = identity.account
    else:
        account = Account(name=fact.name or fact.external_id)
    told = {"name": fact.name, "domain": fact.domain, "tier": fact.tier}
    _take(account, told, fact.fields, fact.changed_at)
    if identity is None:
        Identity.objects.create(source=source, kind="account", external_id=fact.external_id, account=account)
    return account


def upsert_contact(source: UUID, fact: ContactFact) -> Contact:
    known = Identity.objects.filter(source=source, kind="contact", external_id=fact.external_id)
    identity = known.select_related("contact__account").first()
    contact = identity.contact if identity else None
    contact = contact or _same_address(source, fact.email) or Contact(name=fact.name)
    account = upsert_account(source, fact.account) if fact.account else None
    newer = _is_newer(contact, fact.changed_at)
    if account and (newer or contact.account_id is None):
        contact.account = account
    told = {
        "name": fact.name, "email": fact.email.strip().lower(), "phone": fact.phone,
        "title": fact.title[:120], "language": fact.language,
    }  # fmt: skip
    _take(contact, told, fact.fields, fact.changed_at)
    if identity is None:
        Identity.objects.create(source=source, kind="contact", external_id=fact.external_id, contact=contact)
    return contact


def _same_address(source: UUID, email: str) -> Contact | None:
    """A contact another source told of, with exactly this address; a name proves nothing."""
    if not email:
        return None
    same = Contact.objects.filter(email=email.strip().lower()).exclude(identities__source=source)
    found = list(same.select_related("account")[:2])
    return found[0] if len(found) == 1 else None


def upsert_record(source: UUID, fact: RecordFact) -> Record:
    key = {"source": source, "kind": fact.kind, "external_id": fact.external_id}
    record = Record.objects.select_for_update().filter(**key).first() or Record(**key)
    if record.pk and record.source_updated_at > fact.changed_at:
        return record
    record.title, record.status, record.fields = fact.title, fact.status, dict(fact.fields)
    record.occurred_at = fact.occurred_at or record.occurred_at
    record.source_updated_at = fact.changed_at
    if fact.contact:
        record.contact = upsert_contact(source, ContactFact(external_id=fact.contact))
    if fact.account:
        record.account = upsert_account(source, AccountFact(fact.account, ""))
    elif record.contact:
        record.account = record.contact.account
    record.save()
    return record


def _is_newer(row: Account | Contact, changed_at: datetime | None) -> bool:
    if row.source_updated_at is None:
        return True
    return changed_at is not None and changed_at >= row.source_updated_at


def _take(row: Account | Contact, told: dict[str, str], fields: Any, changed_at: datetime | None) -> None:
    """Newer news replaces, older news only fills what was empty; nothing told deletes nothing."""
    newer = _is_newer(row, changed_at)
    changed = row.pk is None
    for name, value in told.items():
        if value and getattr(row, name) != value and (newer or not getattr(row, name)):
            setattr(row, name, value)
            changed = True
    if fields:
        merged = {**row.fields, **fields} if newer else {**fields, **row.fields}
        changed, row.fields = changed or merged != row.fields, merged
    if newer and changed_at and changed_at != row.source_updated_at:
        changed, row.source_updated_at = True, changed_at
    if changed or isinstance(row, Contact):
        row.save()
