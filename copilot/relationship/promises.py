"""What we say we will do for a customer: written down with who sees to it, and told to the CRM."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from customers.models import Account, Contact, Promise
from interactions import outbox
from people.audit import note_deed
from people.models import ApiKey, User


@transaction.atomic
def make_promise(
    account: Account, text: str, person: User, key: ApiKey | None = None, *,
    contact: Contact | None = None, owner: User | None = None, due_at: datetime | None = None,
) -> Promise:  # fmt: skip
    """Without another owner the person who makes it keeps it."""
    promise = Promise.objects.create(
        account=account, contact=contact, owner=owner or person, text=text.strip(), due_at=due_at,
        made_at=timezone.now(),
    )  # fmt: skip
    note_deed(person, "made promise", promise, key=key)
    said = {
        "id": promise.pk, "text": promise.text, "due_at": due_at.isoformat() if due_at else None,
        "owner": (owner or person).email,
    }  # fmt: skip
    outbox.announce_about(account, contact, "promise.made", {"promise": said, "by": person.email}, person)
    return promise
