"""Find accounts, contacts and records by a part of how people call them."""

from django.db.models import Q, QuerySet

from customers.models import Account, Contact, Record


def find_accounts(visible: QuerySet[Account], words: str, limit: int) -> list[Account]:
    return list(visible.filter(each_word(words, "name", "domain")).order_by("sort_key", "pk")[:limit])


def find_contacts(visible: QuerySet[Contact], words: str, limit: int) -> list[Contact]:
    found = visible.filter(each_word(words, "name", "email", "phone"))
    return list(found.select_related("account", "shown_as").order_by("name", "pk")[:limit])


def find_records(visible: QuerySet[Record], words: str, limit: int) -> list[Record]:
    """By their whole number or title: numbers look too much alike for parts of them."""
    found = visible.filter(Q(external_id__iexact=words) | Q(title__iexact=words))
    return list(found.select_related("account", "contact").order_by("-occurred_at", "-pk")[:limit])


def each_word(words: str, *fields: str) -> Q:
    """Each of the words stands in one of the fields."""
    wanted = Q()
    for word in words.split():
        anywhere = Q()
        for field in fields:
            anywhere |= Q(**{f"{field}__icontains": word})
        wanted &= anywhere
    return wanted
