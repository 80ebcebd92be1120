"""Which contacts of an account may be one person. These are hints for people: no rule here merges anybody."""

import re
from collections.abc import Iterator

from django.db.models import CharField, Exists, Func, OuterRef, Q, QuerySet

from customers.merging import group_of
from customers.models import Contact, ContactMerge

FEWEST_DIGITS = 7  # fewer are an extension, not a number
MOST = 10


class Dialled(Func):
    """A column's phone number as `digits_of` reads it."""

    template = "regexp_replace(%(expressions)s, '^00|[^0-9]', '', 'g')"
    output_field = CharField()


def digits_of(phone: str) -> str:
    """A number as it is dialled: `+47 22` and `0047-22` are one. Empty where it is too short to say who."""
    digits = re.sub("^00|[^0-9]", "", phone)
    return digits if len(digits) >= FEWEST_DIGITS else ""


def like(contact: Contact, among: QuerySet[Contact]) -> Iterator[tuple[Contact, str]]:
    """Contacts of the same account of whom nobody has said yet whether they are this one; what they share."""
    digits, mailbox = digits_of(contact.phone), contact.email.partition("@")[0].lower()
    same = Q(dialled=digits, phone__gt="") if digits else Q(pk__in=[])
    if mailbox:
        same |= Q(email=contact.email) | Q(name__iexact=contact.name or "-", email__istartswith=f"{mailbox}@")
    pairs = Q(contact=contact, into=OuterRef("pk")) | Q(into=contact, contact=OuterRef("pk"))
    others = among.filter(account=contact.account_id, account__isnull=False)
    others = others.exclude(Exists(ContactMerge.objects.filter(pairs)))
    others = others.exclude(pk__in=group_of(contact).values("pk"))
    for one in others.annotate(dialled=Dialled("phone")).filter(same).select_related("account")[:MOST]:
        if digits and digits_of(one.phone) == digits:
            yield one, "the same phone number"
        elif one.email == contact.email:
            yield one, "the same address"
        else:
            yield one, "the same name, and the same mailbox elsewhere"
