"""What is known of a customer beyond what was said: records, notes, promises and goals as items."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils import timezone

from copilot.context.told import about, record_text, record_title, rules_of
from copilot.context.value import MOST_ITEM, Item, Unused, cut
from customers.models import Account, Contact, Goal, Note, Promise, Record
from interactions.mapping import Reach, reach
from interactions.models import Conversation

MOST_RECORDS = 20


@dataclass(frozen=True, slots=True)
class Known:
    """What may be cited, what the account itself is, and what was read and left out."""

    items: tuple[Item, ...]
    about: tuple[str, ...]
    unused: tuple[Unused, ...]


def known_of(conversation: Conversation) -> Known:
    """Of a conversation that was read with its contact, its account and the account's manager."""
    contact, account = conversation.contact, conversation.account
    notes, unused = _notes(account, contact)
    records, may = _told(conversation)
    if len(records) > MOST_RECORDS:
        unused.append(Unused("older records", f"the newest {MOST_RECORDS} are read"))
    told = _records(records[:MOST_RECORDS], may)
    items = (*told, *notes, *_promises(account), *_goals(account))
    return Known(items, about(account, contact, may), tuple(unused))


def _told(conversation: Conversation) -> tuple[list[Record], Reach]:
    """The latest records, one more than are shown, and what of all that CRMs told the model may read."""
    records = list(_latest_records(conversation.account, conversation.contact))
    return records, reach(rules_of(conversation, records))


def _latest_records(account: Account | None, contact: Contact | None) -> Iterable[Record]:
    if account is None and contact is None:
        return []
    rows = Record.objects.filter(account=account) if account else Record.objects.filter(contact=contact)
    return rows.order_by("-occurred_at", "-pk")[: MOST_RECORDS + 1]


def _records(records: Iterable[Record], may: Reach) -> Iterable[Item]:
    for row in records:
        yield Item(
            id=f"r{row.pk}",
            kind="record",
            title=record_title(row, may),
            text=cut(record_text(row, may), MOST_ITEM),
            author="CRM",
            at=row.source_updated_at,
            url=f"/accounts/{row.account_id}/" if row.account_id else "",
        )


def _notes(account: Account | None, contact: Contact | None) -> tuple[list[Item], list[Unused]]:
    """Accepted notes that are still true; the rest is named with the reason it was left out."""
    if account is None:
        return [], []
    items, left = [], dict.fromkeys(("out of date", "not reviewed yet", "about another contact"), 0)
    rows = Note.objects.filter(account=account).exclude(state__in=["rejected", "superseded"])
    for note in rows.select_related("author").order_by("-created_at")[:40]:
        why = _why_not(note, contact)
        if why:
            left[why] += 1
        else:
            items.append(_note_item(note))
    unused = [Unused(f"{n} note{'s' if n > 1 else ''}", why) for why, n in left.items() if n]
    return items, unused


def _why_not(note: Note, contact: Contact | None) -> str:
    if note.state == Note.State.PROPOSED:
        return "not reviewed yet"
    if note.state == Note.State.EXPIRED or _is_past(note):
        return "out of date"
    personal = note.kind == Note.Kind.PERSONAL
    other = note.contact_id and (contact is None or note.contact_id != contact.pk)
    return "about another contact" if personal and other else ""


def _is_past(note: Note) -> bool:
    return note.review_by is not None and note.review_by < timezone.localdate()


def _note_item(note: Note) -> Item:
    return Item(
        id=f"n{note.pk}",
        kind="note",
        title=f"Note by {note.author.name}" if note.author else "Note",
        text=cut(note.text, MOST_ITEM),
        author=note.author.name if note.author else "",
        at=note.created_at,
        url=f"/accounts/{note.account_id}/",
        internal=note.internal,
    )


def _promises(account: Account | None) -> Iterable[Item]:
    if account is None:
        return
    rows = Promise.objects.filter(account=account, state=Promise.State.OPEN)
    for row in rows.select_related("owner").order_by("due_at")[:10]:
        due = f", due {row.due_at:%-d %B %Y}" if row.due_at else ""
        yield Item(
            id=f"p{row.pk}",
            kind="promise",
            title=f"Promise by {row.owner.name}" if row.owner else "Promise",
            text=f"{row.text}{due}",
            author=row.owner.name if row.owner else "",
            at=row.made_at,
            url=f"/accounts/{row.account_id}/",
        )


def _goals(account: Account | None) -> Iterable[Item]:
    if account is None:
        return
    for row in Goal.objects.filter(account=account, is_active=True)[:5]:
        parts = [row.text, f"Do: {row.do}" if row.do else "", f"Don't: {row.dont}" if row.dont else ""]
        yield Item(
            id=f"g{row.pk}",
            kind="goal",
            title="Goal",
            text=". ".join(part for part in parts if part),
            at=row.created_at,
            url=f"/accounts/{row.account_id}/",
            internal=True,
            quotable=False,
        )
