"""Forget a contact: what they wrote and were written, raw deliveries and files, with a receipt of what went.

A conversation that others were in stays with what those others wrote; all else in it is blank.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from customers.erasing import Name, erase_rows, erased_until, keep_receipt, names_of
from customers.facts import ContactErasedFact
from customers.merging import hold_group
from customers.models import Contact, Erasure, Identity, Note, Promise
from interactions import outbox, raw
from interactions.channels import mail
from interactions.events import ContactErased, tell_all
from interactions.models import Approval, Conversation, Escalation, File, Message, OutboxMessage
from interactions.talk import settle, tell_conversation
from people.audit import forget_details, note_deed
from people.models import ApiKey, User

BLANK = "Erased"


@dataclass(frozen=True)
class Reach:
    """What a contact was in: `alone` goes wholly, in `shared` others wrote too."""

    alone: frozenset[int]
    shared: frozenset[int]

    @property
    def all(self) -> frozenset[int]:
        return self.alone | self.shared


def erase_told(source: UUID, fact: ContactErasedFact) -> str:
    """A source demands it, in the caller's transaction; returns the reason when nothing went.

    Of an id nobody has here yet there is a receipt too, so that what comes late stays out.
    """
    until = erased_until(source, "contact", fact.external_id)
    if until is not None and until >= fact.erased_at:
        return "this contact was erased already"
    named = Identity.objects.filter(source=source, kind="contact", external_id=fact.external_id)
    identity = named.select_related("contact").first()
    if identity is None or identity.contact is None:
        name = (source, "contact", fact.external_id)
        keep_receipt(fact.erased_at, [name], Counter(), source=source, person=None)
        return "nobody is known here by this id; what was said before stays out"
    erase(identity.contact.pk, fact.erased_at, source=source)
    return ""


@transaction.atomic
def erase(
    contact_id: int, at: datetime | None = None, *,
    source: UUID | None = None, person: User | None = None, key: ApiKey | None = None,
) -> Erasure | None:  # fmt: skip
    """Erase for good, all of it or nothing; None when there is no such contact (any more).

    Contacts that were merged go together: somebody said that they are one person, and it is a person who has
    the right to be forgotten. The receipt counts them and knows all their names.
    """
    at, names, gone = at or timezone.now(), list[Name](), Counter[str]()
    contacts = hold_group(contact_id)
    for contact in contacts:
        note_deed(person, "erased", contact, key=key)
        gone += _erase_one(contact, at, names)
    return keep_receipt(at, names, gone, source=source, person=person) if contacts else None


def _erase_one(contact: Contact, at: datetime, names: list[Name]) -> Counter[str]:
    """One contact of the group; `names` takes in by which ids they and their conversations were known."""
    reach, gone = _reach(contact), Counter[str]()
    held = list(Conversation.objects.select_for_update(no_key=True).filter(pk__in=reach.all).order_by("pk"))
    for conversation in held:
        outbox.cancel_waiting(conversation, "The contact was erased.")
    known = names_of(contact) + [_name(one) for one in held if one.pk in reach.alone and one.external_id]
    rows = _rows(contact, reach)
    gone["messages blanked"] = _blank(contact, reach)
    tell_all(ContactErased(contact.pk, contact.account_id, contact.email, reach.all, reach.shared, rows, gone))
    # The events first: they would lose their conversation with its row.
    gone["raw events"] = raw.empty_told_of(contact.email, known, reach.all, at)
    _erase_deliveries(contact, reach, gone)
    _erase_conversations(reach, gone)
    forget_details([f"contact:{contact.pk}", *(f"conversation:{pk}" for pk in reach.all)])
    gone += erase_rows(contact, _ids(rows, "note"), _ids(rows, "promise"))
    _show_anew(held, reach)
    names += known
    return gone


def _reach(contact: Contact) -> Reach:
    wrote = Message.objects.filter(conversation=OuterRef("pk"), contact=contact)
    others = Message.objects.filter(conversation=OuterRef("pk"), by=Message.By.CUSTOMER, contact__isnull=False)
    theirs = Conversation.objects.filter(Q(contact=contact) | Exists(wrote))
    with_others = Q(contact__isnull=False) & ~Q(contact=contact) | Exists(others.exclude(contact=contact))
    shared = frozenset(theirs.filter(with_others).values_list("pk", flat=True))
    return Reach(frozenset(theirs.values_list("pk", flat=True)) - shared, shared)


def _name(conversation: Conversation) -> Name:
    return conversation.connection_id or UUID(int=0), "conversation", conversation.external_id


def _rows(contact: Contact, reach: Reach) -> frozenset[tuple[str, int]]:
    """What others' drafts may quote: their messages, records, and notes and promises about or by them."""
    said = Message.objects.filter(Q(conversation__in=reach.alone) | Q(contact=contact))
    about = Q(contact=contact) | Q(quotes__message__in=said)
    found = {
        "message": said, "note": Note.objects.filter(about), "promise": Promise.objects.filter(about),
        "record": contact.records.all(),
    }  # fmt: skip
    return frozenset((kind, pk) for kind, rows in found.items() for pk in rows.values_list("pk", flat=True))


def _ids(rows: frozenset[tuple[str, int]], kind: str) -> list[int]:
    return [pk for one, pk in rows if one == kind]


def _blank(contact: Contact, reach: Reach) -> int:
    """In shared conversations the others keep their own words, and nothing that may repeat the contact's."""
    said = Message.objects.filter(conversation__in=reach.shared)
    others = Q(by=Message.By.CUSTOMER) & ~Q(contact=contact)
    nothing = {"text": BLANK, "html": "", "quoted": "", "to": [], "cc": [], "attachments": []}
    theirs = said.filter(contact=contact).update(**nothing, contact=None, author_name="", automatic="erased")
    ours = said.exclude(by=Message.By.CUSTOMER).update(**nothing)
    said.filter(others).exclude(quoted="").update(quoted="", html="")
    _strike_address(contact.email)
    _drop_files(reach.shared)
    began = Conversation.objects.filter(pk__in=reach.shared, contact=contact)
    began.update(contact=None, subject="", topic="", rating_comment="")
    return theirs + ours


def _drop_files(conversations: frozenset[int]) -> None:
    """Those that no message that is left names; a file of ours may show anything of theirs."""
    named: dict[int, set[str]] = {}
    for number, attached in Message.objects.filter(conversation__in=conversations).values_list(
        "conversation", "attachments"
    ):
        named.setdefault(number, set()).update(one.get("sha256", "") for one in attached)
    for number in conversations:
        File.objects.filter(conversation=number).exclude(sha256__in=named.get(number, set())).delete()


def _strike_address(email: str) -> None:
    """Off the lists of receivers of everybody's messages."""
    if not email:
        return
    for message in Message.objects.filter(Q(to__contains=[email]) | Q(cc__contains=[email])):
        message.to = [one for one in message.to if one != email]
        message.cc = [one for one in message.cc if one != email]
        message.save(update_fields=["to", "cc"])


def _erase_deliveries(contact: Contact, reach: Reach, gone: Counter[str]) -> None:
    """Row and approval together: the bytes that were approved cannot be blanked, only gone with their proof.

    Of others' conversations what is over and has their address on it, and whatever is said about them.
    """
    over = (OutboxMessage.State.SENT, OutboxMessage.State.DEAD, OutboxMessage.State.CANCELLED)
    rows = Q(conversation__in=reach.all) | Q(pk__in=raw.deliveries_about(contact.pk))
    if contact.email:
        rows |= Q(pk__in=raw.deliveries_with(contact.email), state__in=over)
    found = OutboxMessage.objects.filter(rows)
    ids, approvals = zip(*found.values_list("pk", "approval"), strict=True) if found.exists() else ((), ())
    gone["mails"] = mail.shred([str(pk) for pk in ids], contact.email, contact.pk)
    gone["deliveries"] = len(ids)
    OutboxMessage.objects.filter(pk__in=ids).delete()
    gone["approvals"] = Approval.objects.filter(pk__in=[one for one in approvals if one]).delete()[0]


def _erase_conversations(reach: Reach, gone: Counter[str]) -> None:
    gone["escalations"] = (
        Escalation.objects.filter(conversation__in=reach.all).delete()[1].get("interactions.Escalation", 0)
    )
    went = Conversation.objects.filter(pk__in=reach.alone).delete()[1]
    gone["conversations"] = went.get("interactions.Conversation", 0)
    gone["messages"] = went.get("interactions.Message", 0)


def _show_anew(held: list[Conversation], reach: Reach) -> None:
    for conversation in held:
        if conversation.pk in reach.shared:
            settle(conversation, held=True)
        tell_conversation(conversation)
