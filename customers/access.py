"""Which accounts, and what hangs on them, a person may see."""

from django.db.models import Q, QuerySet

from customers.models import Account, Contact, Record
from people.access import Standing


def own_accounts(who: Standing) -> Q:
    """An account manager's own accounts, and those that the person's teams look after."""
    mine = Q(manager=who.user_id) if who.is_manager else Q(pk__in=[])
    return mine | Q(pk__in=Account.teams.through.objects.filter(
        team__in=who.inbox_teams
    ).values("account"))  # fmt: skip


def tended_accounts(who: Standing) -> QuerySet[Account]:
    """Whose relationship the person shapes; reading because an admin was granted it is not that."""
    return Account.objects.filter(own_accounts(who))


def led_accounts(who: Standing) -> QuerySet[Account]:
    """Whose care the person leads."""
    return Account.objects.filter(pk__in=Account.teams.through.objects.filter(
        team__in=who.lead_teams
    ).values("account"))  # fmt: skip


def managed_accounts(who: Standing) -> QuerySet[Account]:
    """Those that the person manages by name, or whose team they lead."""
    return tended_accounts(who).filter(manager=who.user_id) | led_accounts(who)


def visible_accounts(who: Standing) -> QuerySet[Account]:
    accounts = Account.objects.all()
    return accounts if who.reads_all else accounts.filter(own_accounts(who))


def visible_contacts(who: Standing) -> QuerySet[Contact]:
    contacts = Contact.objects.all()
    return contacts if who.reads_all else contacts.filter(account__in=visible_accounts(who))


def visible_records(who: Standing) -> QuerySet[Record]:
    records = Record.objects.all()
    if who.reads_all:
        return records
    accounts = visible_accounts(who)
    return records.filter(Q(account__in=accounts) | Q(contact__account__in=accounts))
