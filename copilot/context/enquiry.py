"""What a person may read of one customer, and which sentences of it speak to a question.

Who sees what is settled before anything is ranked: rows the person may not see are never read here, and no row
of another customer is. Words are compared as PostgreSQL stems them in the customer's language.
"""

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from copilot.context.build import message_item
from copilot.context.known import note_item, promise_item, record_items
from copilot.context.told import rules_for
from copilot.context.value import Item
from copilot.models.knowledge import dictionary
from copilot.words import sentences
from customers.access import visible_accounts
from customers.merging import group_of, ids_of
from customers.models import Account, Contact, Note, Promise, Record
from interactions.access import visible_conversations
from interactions.mapping import reach
from interactions.models import Conversation, Message
from people.access import Standing
from people.models import Team

MOST_MESSAGES = 500  # the newest
MOST_ROWS = 200  # of records, of notes and of promises
LONGEST_SENTENCE = 600
ENOUGH = 0.5  # of the weight of the question's words
FEWEST_WORDS = 2  # that must be shared, where the question has as many
_STEMS = """
SELECT tsvector_to_array(to_tsvector(%s::regconfig, said))
FROM unnest(%s::text[]) WITH ORDINALITY AS one (said, place) ORDER BY place
"""


@dataclass(frozen=True, slots=True)
class Customer:
    """Whom a question is about: an account with everybody in it, or a contact who has none.

    `team` is the one that pays where a model answers.
    """

    account: Account | None
    contact: Contact | None = None
    team: Team | None = None

    @property
    def name(self) -> str:
        return str(self.account or self.contact or "this customer")

    @property
    def language(self) -> str:
        told = self.account.language if self.account else self.contact.language if self.contact else ""
        return told or "en"

    @property
    def people_only(self) -> bool:
        """Whether the account or anybody whose words are read wants to be answered by people only."""
        if self.account is None:
            return self.contact is not None and group_of(self.contact).filter(people_only=True).exists()
        return self.account.people_only or self.account.contacts.filter(people_only=True).exists()


@dataclass(frozen=True, slots=True)
class Passage:
    """One sentence of an item, with how much of the question's weight its words carry, 0 to 1."""

    item: Item
    quote: str
    weight: float
    speaks: bool  # enough of it to be shown as an answer


def customer_of(talk: Conversation) -> Customer:
    return Customer(talk.account, None if talk.account else talk.contact, talk.team)


def customer_at(account: Account) -> Customer:
    return Customer(account, team=account.teams.order_by("pk").first())


def readable(who: Standing, customer: Customer) -> list[Item]:
    """The customer's rows that this person may see, the newest first of each kind."""
    return [*_messages(who, customer), *_rows(who, customer)]


def _messages(who: Standing, customer: Customer) -> Iterable[Item]:
    if customer.account is None and customer.contact is None:
        return
    theirs = Q(account=customer.account) if customer.account else Q(contact__in=ids_of(customer.contact))
    talks = visible_conversations(who).filter(theirs)
    rows = Message.objects.filter(conversation__in=talks, automatic="").select_related("conversation")
    for row in rows.order_by("-sent_at", "-pk")[:MOST_MESSAGES]:
        yield message_item(row, row.conversation, internal=row.by == Message.By.NOTE)


def _rows(who: Standing, customer: Customer) -> Iterable[Item]:
    """Records, notes and promises are seen by whom the account is; a contact's own, by whom their talks are."""
    account, contacts = customer.account, ids_of(customer.contact)
    if account is None:
        records = Record.objects.filter(contact__in=contacts, account=None)
    elif visible_accounts(who).filter(pk=account.pk).exists():
        records = Record.objects.filter(account=account)
        notes = Note.objects.filter(account=account, state=Note.State.ACCEPTED).select_related("author")
        yield from map(note_item, notes.order_by("-created_at")[:MOST_ROWS])
        promises = Promise.objects.filter(account=account).select_related("owner")
        yield from map(promise_item, promises.order_by("-made_at")[:MOST_ROWS])
    else:
        return
    found = list(records.order_by("-occurred_at", "-pk")[:MOST_ROWS])
    rules = rules_for(account.pk if account else None, contacts, found)
    yield from record_items(found, reach(rules))


def nearest(question: str, items: Sequence[Item], language: str, most: int) -> list[Passage]:
    """The sentences that share most with the question; rare words weigh more, and each sentence counts once."""
    said = [(item, quote) for item in items for quote in _quotes(item)]
    asked, *found = _stems([question, *(f"{item.title} {quote}" for item, quote in said)], language)
    if not asked or not said:
        return []
    seen = Counter(stem for stems in found for stem in stems & asked)
    weights = {stem: math.log(1 + len(said) / (1 + seen[stem])) for stem in asked}
    whole = sum(weights.values())
    passages: dict[str, Passage] = {}
    for (item, quote), stems in zip(said, found, strict=True):
        shared = stems & asked
        weight = sum(weights[stem] for stem in shared) / whole
        speaks = weight >= ENOUGH and len(shared) >= min(FEWEST_WORDS, len(asked))
        if shared and weight > passages.get(quote, _NOTHING).weight:
            passages[quote] = Passage(item, quote, weight, speaks)
    return sorted(passages.values(), key=lambda one: -one.weight)[:most]


_NOTHING = Passage(Item("", "", "", ""), "", 0.0, False)


def _quotes(item: Item) -> Iterable[str]:
    """A message and a note by sentences; a record and a promise are one."""
    if item.kind not in ("message", "note"):
        yield item.text[:LONGEST_SENTENCE]
        return
    for start, end in sentences(item.text):
        yield item.text[start:end][:LONGEST_SENTENCE]


def _stems(texts: list[str], language: str) -> list[set[str]]:
    with connection.cursor() as cursor:
        cursor.execute(_STEMS, [dictionary(language), [text.replace("\x00", "") for text in texts]])
        return [set(stems) for (stems,) in cursor.fetchall()]
