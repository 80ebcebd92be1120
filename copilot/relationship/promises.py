"""What we say we will do for a customer: written down with who sees to it, and told to the CRM.

Nobody has to enter it: a reply that was sent is read for promises, and each is kept with its words.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models.functions import Now
from django.utils import timezone

from copilot.relationship.promised import promises_in
from customers.models import Account, Contact, Promise
from interactions import outbox
from interactions.models import Message, Quote
from people.audit import note_deed
from people.models import ApiKey, User
from people.zone import zone_of

State = Promise.State


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


def keep_promises_of(message: Message) -> list[Promise]:
    """Those in what a colleague wrote, each once; due in the zone of the person who wrote it."""
    account, person = message.conversation.account, message.person
    if account is None or person is None:
        return []
    made = []
    for one in promises_in(message.text, message.sent_at.astimezone(ZoneInfo(zone_of(person)))):
        if Promise.objects.filter(account=account, state=State.OPEN, text__iexact=one.quote).exists():
            continue
        contact = message.conversation.contact
        promise = make_promise(account, one.quote, person, contact=contact, due_at=one.due)
        Quote.objects.create(message=message, promise=promise, text=one.quote)
        made.append(promise)
    return made


@transaction.atomic
def close_promise(promise: Promise, person: User, to: str) -> bool:
    """Kept or cancelled; False when it was closed already."""
    open_one = Promise.objects.filter(pk=promise.pk, state=State.OPEN)
    if not open_one.update(state=to, closed_at=Now()):
        return False
    note_deed(person, f"{to} promise", promise)
    return True


@transaction.atomic
def move_promise(promise: Promise, person: User, due_at: datetime) -> bool:
    """Due at another time; False when it was closed already."""
    if not Promise.objects.filter(pk=promise.pk, state=State.OPEN).update(due_at=due_at):
        return False
    note_deed(person, "moved promise", promise, due_at=due_at.isoformat())
    return True
