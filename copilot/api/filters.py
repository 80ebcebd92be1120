"""What lists can be narrowed down by."""

from datetime import datetime
from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Q, QuerySet
from django_filters.fields import IsoDateTimeField

from copilot.api.shapes import STATES
from copilot.models import Draft
from customers.erasing import digest_of
from customers.merging import ids_of
from customers.models import Contact, ContactMerge, ErasedName
from interactions.models import Conversation, InboxEvent, OutboxMessage
from people.zone import moment_of

LARGEST_ID = 2**63 - 1


class IdField(forms.IntegerField):
    def __init__(self, **options: Any) -> None:
        super().__init__(**{"min_value": 1, "max_value": LARGEST_ID, **options})


class Id(filters.NumberFilter):
    """A number that PostgreSQL can hold; anything else is the caller's mistake."""

    field_class = IdField

    def get_max_validator(self) -> None:
        return None


class SinceField(IsoDateTimeField):
    def to_python(self, value: Any) -> datetime | None:
        found = moment_of(str(value)) if value else None
        if value and found is None:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        return found


class Since(filters.IsoDateTimeFilter):
    """From a moment on; one that PostgreSQL cannot hold is the caller's mistake."""

    field_class = SinceField


class ByConversation(filters.FilterSet):
    conversation = Id(field_name="conversation_id")


class ByAccount(filters.FilterSet):
    account = Id(field_name="account_id")


class Person(Id):
    """Of a contact, and of those that were merged with it."""

    def filter(self, rows: QuerySet[Any], value: Any) -> QuerySet[Any]:
        if value is None:
            return rows
        contact = Contact.objects.filter(pk=value).first()
        return rows.filter(**{f"{self.field_name}__in": ids_of(contact)})


class Records(ByAccount):
    contact = Person()
    connection = filters.UUIDFilter(field_name="source")
    external_id = filters.CharFilter(max_length=200)
    kind = filters.CharFilter(max_length=40)
    status = filters.CharFilter(max_length=60)
    updated_since = Since(field_name="source_updated_at", lookup_expr="gte")


class Erasures(filters.FilterSet):
    connection = filters.UUIDFilter(field_name="source")
    external_id = filters.CharFilter(max_length=200, method="of_contact")

    def of_contact(self, rows: QuerySet[Any], name: str, external_id: str) -> QuerySet[Any]:
        """A receipt knows its contact by a keyed hash alone."""
        sources = ErasedName.objects.values_list("source", flat=True).distinct()
        digests = [digest_of(source, "contact", external_id) for source in sources]
        return rows.filter(names__digest__in=digests).distinct()


class Contacts(ByAccount):
    email = filters.CharFilter(lookup_expr="iexact", max_length=254)


class Merges(filters.FilterSet):
    contact = Id(method="of_contact")
    state = filters.ChoiceFilter(choices=ContactMerge.State.choices)

    def of_contact(self, rows: QuerySet[Any], name: str, number: Any) -> QuerySet[Any]:
        return rows.filter(Q(contact=number) | Q(into=number))


class Conversations(ByAccount):
    external_id = filters.CharFilter(max_length=200)
    connection = filters.UUIDFilter(field_name="connection_id")
    team = Id(field_name="team_id")
    contact = Person()
    status = filters.ChoiceFilter(choices=Conversation.Status.choices)


class Drafts(ByConversation):
    state = filters.ChoiceFilter(choices=[(one, one) for one in STATES], method="in_state")

    def in_state(self, rows: QuerySet[Any], name: str, state: str) -> QuerySet[Any]:
        if state == "sent":
            return rows.filter(state=Draft.State.APPROVED, was_sent=True)
        rows = rows.filter(state=state)
        return rows.filter(was_sent=False) if state == Draft.State.APPROVED else rows


class ByDraft(ByConversation):
    draft = Id(field_name="draft_id")


class Deliveries(ByConversation):
    draft = Id(field_name="decision__draft_id")
    connection = filters.UUIDFilter(field_name="connection_id")
    state = filters.ChoiceFilter(choices=OutboxMessage.State.choices)
    kind = filters.ChoiceFilter(choices=OutboxMessage.Kind.choices)
    type = filters.CharFilter(max_length=40)
    created_since = Since(field_name="created_at", lookup_expr="gte")


class Events(ByConversation):
    connection = filters.UUIDFilter(field_name="connection_id")
    state = filters.ChoiceFilter(choices=InboxEvent.State.choices)
    type = filters.CharFilter(max_length=60)
    key = filters.CharFilter(max_length=200)
    received_since = Since(field_name="received_at", lookup_expr="gte")
