"""What a source may tell about a customer, in our own words; empty means not told."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class AccountFact:
    external_id: str
    name: str
    fields: Mapping[str, Any] | None = None
    domain: str = ""
    tier: str = ""
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ContactFact:
    external_id: str
    name: str = ""
    email: str = ""
    phone: str = ""
    title: str = ""
    language: str = ""
    account: AccountFact | None = None
    fields: Mapping[str, Any] | None = None
    changed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordFact:
    external_id: str
    kind: str
    title: str
    status: str
    fields: Mapping[str, Any]
    account: str
    contact: str
    occurred_at: datetime | None
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class NoteFact:
    """A note on the relationship that a colleague keeps in the CRM."""

    external_id: str
    account: str
    contact: str
    text: str
    author_email: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class ContactErasedFact:
    """The CRM demands that a contact be forgotten."""

    external_id: str
    erased_at: datetime
