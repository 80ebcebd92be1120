"""Rows become one frozen Context: all that is known of this relationship, and nothing of another's."""

from collections.abc import Iterable
from datetime import datetime
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils import timezone

from copilot.context import budget, retrieval
from copilot.context.consensus import agree
from copilot.context.told import about, record_text, record_title, rules_of
from copilot.context.value import Context, Example, Item, Turn, Unused
from copilot.models import Draft
from customers.models import Account, Contact, Goal, Note, Promise, Record
from interactions.mapping import Reach, reach
from interactions.models import Conversation, Message

MOST_TURNS = 40
MOST_CHARACTERS = 6000  # of one message
MOST_ITEM = 4000  # characters of one item
CUT = " […]"
MOST_RECORDS = 20
EARLIER_CONVERSATIONS = 3
USUAL_REPLY = "u1"
CONVERSATION = ("team", "contact", "account__manager", "assignee")


def build_context(draft: Draft) -> Context:
    """Of a draft that was read with its conversation and what CONVERSATION names; within the token budget."""
    return budget.within(_all(draft), settings.COPILOT_CONTEXT_TOKENS)


def _all(draft: Draft) -> Context:
    conversation = draft.conversation
    contact, account = conversation.contact, conversation.account
    said = _latest(conversation)
    turns = _turns(said)
    language = conversation.language or (contact.language if contact else "") or "en"
    question = _question(turns)
    examples = _examples(conversation, turns, question, language)
    notes, unused = _notes(account, contact)
    records, may = _told(conversation)
    if len(records) > MOST_RECORDS:
        unused.append(Unused("older records", f"the newest {MOST_RECORDS} are read"))
    items = [
        *_records(records[:MOST_RECORDS], may),
        *notes,
        *_promises(account),
        *_goals(account),
        *_own_words(conversation, said),
        *_earlier(conversation),
        *_usual_reply(conversation, examples, question),
        *_knowledge(conversation, question, language),
    ]
    return Context(
        conversation_id=conversation.pk,
        at=timezone.localtime(timezone=ZoneInfo(conversation.team.time_zone)),
        subject=conversation.subject,
        channel=conversation.channel,
        language=language,
        team=conversation.team.name,
        closing=_closing(conversation),
        customer=str(contact) if contact else "",
        customer_first_name=contact.first_name if contact else "",
        customer_email=contact.email if contact else "",
        account=account.name if account else "",
        about_account=about(account, contact, may),
        turns=turns,
        items=tuple(items),
        examples=tuple(examples),
        instructions=tuple(draft.instructions),
        unused=tuple(unused),
    )


def _latest(conversation: Conversation) -> list[Message]:
    """The latest messages, the oldest first; an automatic answer is no turn."""
    latest = conversation.messages.filter(automatic="").order_by("-sent_at", "-pk")
    return list(reversed(latest[:MOST_TURNS]))


def _turns(said: Iterable[Message]) -> tuple[Turn, ...]:
    return tuple(Turn(m.by, m.author_name, _cut(m.text, MOST_CHARACTERS), m.sent_at, f"m{m.pk}") for m in said)


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[:most] + CUT


def _question(turns: tuple[Turn, ...]) -> str:
    said: list[str] = []
    for turn in reversed(turns):
        if turn.by == "colleague":
            break
        if turn.by == "customer":
            said.append(turn.text)
    return "\n\n".join(reversed(said))


def _said_before(turns: tuple[Turn, ...]) -> str:
    return next((turn.text for turn in reversed(turns) if turn.by == "colleague"), "")


def _examples(
    conversation: Conversation, turns: tuple[Turn, ...], question: str, language: str
) -> list[Example]:
    near = retrieval.asked_text(_said_before(turns), question or conversation.subject)
    return retrieval.near_replies(conversation.team, near, language, conversation.pk)


def _closing(conversation: Conversation) -> str:
    if conversation.assignee:
        return conversation.assignee.first_name
    return conversation.team.signature or conversation.team.name


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
            text=_cut(record_text(row, may), MOST_ITEM),
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
        text=_cut(note.text, MOST_ITEM),
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


def _own_words(conversation: Conversation, said: list[Message]) -> Iterable[Item]:
    """What was said in this conversation may be cited; an internal note only steers."""
    for row in said:
        yield _message_item(row, conversation, internal=row.by == Message.By.NOTE)


def _earlier(conversation: Conversation) -> Iterable[Item]:
    """The same contact's earlier conversations: their latest answers."""
    if conversation.contact_id is None:
        return
    earlier = Message.objects.filter(
        conversation__contact_id=conversation.contact_id, by=Message.By.COLLEAGUE
    ).exclude(conversation=conversation)
    rows = earlier.select_related("conversation").order_by("-sent_at")[:EARLIER_CONVERSATIONS]
    for row in rows:
        yield _message_item(row, row.conversation)


def _message_item(row: Message, conversation: Conversation, internal: bool = False) -> Item:
    what = "Internal note" if row.by == Message.By.NOTE else conversation.channel
    return Item(
        id=f"m{row.pk}",
        kind="message",
        title=f"{row.author_name}, {what}" if row.author_name else what,
        text=_cut(row.text, MOST_ITEM),
        author=row.author_name,
        at=row.sent_at,
        url=f"/inbox/{conversation.pk}/",
        internal=internal,
    )


def _usual_reply(conversation: Conversation, examples: list[Example], question: str) -> Iterable[Item]:
    """What past replies to such a question agree on; no customer's details survive in it."""
    agreement = agree(examples, question)
    if agreement:
        yield Item(
            id=USUAL_REPLY,
            kind="past_reply",
            title=f"Usual reply in {conversation.team.name}",
            text=agreement.text,
            author=f"{agreement.agents} colleagues to {agreement.customers} customers",
            at=max(example.sent_at for example in examples),
            gaps=agreement.left_out,
        )


def _knowledge(conversation: Conversation, question: str, language: str) -> Iterable[Item]:
    near = f"{conversation.subject}\n{question}"
    for reply in retrieval.near_saved_replies(conversation.team, near, language):
        yield Item(
            id=f"s{reply.pk}", kind="saved_reply", title=reply.title, text=_cut(reply.text, MOST_ITEM),
            author=conversation.team.name, at=reply.updated_at,
        )  # fmt: skip
    for article in retrieval.near_articles(conversation.team, near, language):
        yield Item(
            id=f"a{article.pk}", kind="article", title=article.title, text=_cut(article.body, MOST_CHARACTERS),
            author="Articles", at=article.updated_at,
        )  # fmt: skip


def newest_customer_message(conversation_id: int) -> tuple[int, datetime] | None:
    """The id and time of what the customer said last, automatic mail left out."""
    said = Message.objects.filter(conversation_id=conversation_id, by=Message.By.CUSTOMER, automatic="")
    return said.order_by("-sent_at", "-pk").values_list("pk", "sent_at").first()
