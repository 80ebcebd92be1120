"""What we say we will do for a customer: written down with who sees to it, and told to the CRM.

Nobody has to enter it: a reply that was sent is read for promises, and each is kept with its words.
"""

from datetime import datetime
from zoneinfo import ZoneInfo

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce, Now
from django.utils import timezone

from copilot.relationship.kept import is_same, words_that_keep
from copilot.relationship.promised import Heard, promises_in
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
    made_at: datetime | None = None,
) -> Promise:  # fmt: skip
    """Without another owner the person who makes it keeps it."""
    promise = Promise.objects.create(
        account=account, contact=contact, owner=owner or person, text=text.strip(), due_at=due_at,
        made_at=made_at or timezone.now(),
    )  # fmt: skip
    note_deed(person, "made promise", promise, key=key)
    said = {
        "id": promise.pk, "text": promise.text, "due_at": due_at.isoformat() if due_at else None,
        "owner": (owner or person).email,
    }  # fmt: skip
    outbox.announce_about(account, contact, "promise.made", {"promise": said, "by": person.email}, person)
    return promise


def keep_promises_of(message: Message) -> list[Promise]:
    """Those in what a colleague wrote, each once; due in the zone of the person who wrote it.

    One promised again keeps its row and is due when it was said last; one that the message keeps is closed.
    """
    account, person = message.conversation.account, message.person
    if account is None or person is None:
        return []
    said_at = message.sent_at.astimezone(ZoneInfo(zone_of(person)))
    heard = list(promises_in(message.text, said_at, wrote_down=message.by == Message.By.NOTE))
    known = _open_before(message)
    _close_kept(message, known, heard)
    made = []
    for one in heard:
        same = next((promise for promise in known if is_same(promise.text, one.quote)), None)
        if same is not None:
            _said_again(same, message, one)
            continue
        contact = message.conversation.contact
        promise = make_promise(
            account, one.quote, person, contact=contact, due_at=one.due, made_at=message.sent_at
        )
        Quote.objects.create(message=message, promise=promise, text=one.quote)
        made.append(promise)
        known.append(promise)
    return made


def _open_before(message: Message) -> list[Promise]:
    """To whom the message is written, or to nobody in particular, and made before it."""
    talk = message.conversation
    rows = Promise.objects.filter(account=talk.account, state=State.OPEN, made_at__lt=message.sent_at)
    theirs = Q(contact=None) | Q(contact=talk.contact) | Q(quotes__message__conversation=talk)
    return list(rows.filter(theirs).exclude(quotes__message=message).distinct().order_by("due_at", "pk")[:50])


def _said_again(promise: Promise, message: Message, heard: Heard) -> None:
    Quote.objects.create(message=message, promise=promise, text=heard.quote)
    if heard.due and heard.due != promise.due_at and message.person:
        move_promise(promise, message.person, heard.due)


def _close_kept(message: Message, known: list[Promise], heard: list[Heard]) -> None:
    """What it says is done stands beside the promise; a call that is written down closes nothing by itself."""
    if message.by != Message.By.COLLEAGUE or message.person is None:
        return
    for promise in list(known):
        here = promise.quotes.filter(message__conversation=message.conversation).exists()
        words = words_that_keep(promise.text, message.text, answers=here and not heard)
        if words and close_promise(promise, message.person, State.KEPT):
            Quote.objects.create(message=message, promise=promise, text=words, closes=True)
            known.remove(promise)


@transaction.atomic
def close_promise(promise: Promise, person: User, to: str, key: ApiKey | None = None) -> bool:
    """Kept or cancelled; False when it was closed already."""
    open_one = Promise.objects.filter(pk=promise.pk, state=State.OPEN)
    if not open_one.update(state=to, closed_at=Now()):
        return False
    note_deed(person, f"{to} promise", promise, key=key)
    return True


@transaction.atomic
def reopen_promise(promise: Promise, person: User, key: ApiKey | None = None) -> bool:
    """It is not done after all; False when it was open already."""
    closed = Promise.objects.filter(pk=promise.pk).exclude(state=State.OPEN)
    if not closed.update(state=State.OPEN, closed_at=None):
        return False
    promise.quotes.filter(closes=True).delete()
    note_deed(person, "reopened promise", promise, key=key)
    return True


@transaction.atomic
def move_promise(promise: Promise, person: User, due_at: datetime, key: ApiKey | None = None) -> bool:
    """Due at another time, and it is kept when it was first; False when it was closed already."""
    open_one = Promise.objects.filter(pk=promise.pk, state=State.OPEN)
    if not open_one.update(due_at=due_at, first_due_at=Coalesce("first_due_at", "due_at")):
        return False
    note_deed(person, "moved promise", promise, key=key, due_at=due_at.isoformat())
    return True
