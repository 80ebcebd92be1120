"""Forget a contact: rows, histories, raw deliveries and what was learned from them."""

from uuid import UUID

from customers.facts import ContactErasedFact
from customers.models import Identity
from interactions.events import ContactErased, tell_all


def erase_contact(source: UUID, fact: ContactErasedFact) -> str:
    """In the caller's transaction; returns the reason when there was nobody to erase."""
    named = Identity.objects.filter(source=source, kind="contact", external_id=fact.external_id)
    identity = named.select_related("contact").first()
    if identity is None or identity.contact is None:
        return "nobody is known here by this id"
    tell_all(ContactErased(identity.contact.pk))
    identity.contact.delete()
    return ""
