"""What a CRM told of a customer, in words for the model: no more of it than the field rules let through."""

import re
from collections.abc import Collection, Iterable
from contextlib import suppress
from datetime import date
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from customers.models import Account, Contact, Identity, Record
from interactions.mapping import OWN, Reach
from interactions.models import Conversation, FieldRule
from prepared import one_of, prepared

MOST_FIELDS = 40
MOST_OF_A_FIELD = 300  # characters


def rules_of(
    conversation: Conversation, contacts: Collection[int], records: Iterable[Record]
) -> list[FieldRule]:
    """Of every connection that told of this customer, so that none lets through what another forbids."""
    return rules_for(conversation.account_id, contacts, records, conversation.connection_id)


def rules_for(
    account: int | None, contacts: Collection[int], records: Iterable[Record], connection: UUID | None = None
) -> list[FieldRule]:
    sources = {row.source for row in records if row.source} | ({connection} if connection else set())
    return _rules(account=account, contacts=list(contacts), sources=list(sources))


@prepared
def _rules(*, account: int | None, contacts: list[int], sources: list[UUID]) -> QuerySet[FieldRule]:
    known = Identity.objects.filter(one_of("contact", contacts) | Q(account=account))
    return FieldRule.objects.filter(Q(connection__in=known.values("source")) | one_of("connection", sources))


def about(account: Account | None, contact: Contact | None, may: Reach) -> tuple[str, ...]:
    lines = []
    if contact:
        if contact.title and may.may("contact", "title", otherwise=True):
            lines.append(f"{contact.name}: {contact.title}")
        lines += _own("contact", contact.fields, may)
    if account:
        lines += [account.about] if account.about else []
        if account.tier and may.may("account", "tier", otherwise=True):
            lines.append(f"Tier: {account.tier}")
        if account.manager:
            lines.append(f"Looked after by {account.manager.name}")
        lines += _own("account", account.fields, may)
    return tuple(lines)


def _own(kind: str, fields: dict[str, Any], may: Reach) -> list[str]:
    """Own fields of a contact or an account stay out unless a rule lets them through."""
    shown = [name for name in sorted(fields) if may.may(kind, OWN + name, otherwise=False)]
    told = (f"{name.replace('_', ' ')}: {_plain(fields[name])}" for name in shown if fields[name] is not None)
    return [line[:MOST_OF_A_FIELD] for line in told][:MOST_FIELDS]


def record_title(row: Record, may: Reach) -> str:
    shown = row.title and may.may("record", "title", otherwise=True)
    return row.title if shown else f"{row.kind} {row.external_id}"


def record_text(row: Record, may: Reach) -> str:
    """A record as one line of words, the way a person would read it out, without what a rule forbids."""
    allowed = {name: one for name, one in row.fields.items() if may.may("record", OWN + name, otherwise=True)}
    head = record_title(row, may)
    if row.status and may.may("record", "status", otherwise=True):
        head = f"{head} ({row.status})"
    return f"{head}: {fields_text(allowed)}"


def fields_text(fields: dict[str, Any]) -> str:
    """Each field by its name and what it says, in the order in which a person would tell them."""
    currency = str(fields.get("currency", ""))
    told = sorted(fields.items(), key=lambda field: _place(field[0]))
    return ", ".join(_said(name, value, currency) for name, value in told if name != "currency")


# What a person names first; a CRM's own fields follow in the order of their names.
_ORDER = (
    "plan item period starts renews renewal_date ends seats quantity unit_price months amount vat total"
).split()
_DAY = re.compile(r"\d{4}-(0[1-9]|1[0-2])-([0-2]\d|3[01])")
_MONEY = frozenset({"unit_price", "amount", "vat", "total", "price", "refund"})


def _place(name: str) -> tuple[int, str]:
    return (_ORDER.index(name) if name in _ORDER else len(_ORDER), name)


def _said(name: str, value: object, currency: str) -> str:
    shown = f"{currency} {_plain(value)}".strip() if name in _MONEY else _plain(value)
    return f"{name.replace('_', ' ')} {shown}"


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_plain(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(one)}" for name, one in value.items())
    if isinstance(value, str) and _DAY.fullmatch(value):
        with suppress(ValueError):  # 2026-02-30 is nobody's day, and is told as it came
            day = date.fromisoformat(value)
            return f"{day.day} {day:%B %Y}"
    return str(value)
