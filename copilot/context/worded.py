"""A conversation as a situation, and a sent reply as it is kept for finding its wording again."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from itertools import takewhile
from typing import Any

from django.db.models import Q

from copilot import slots, words
from copilot.context.refill import Field, fields_of, slotted
from copilot.context.situation import NUMBER, Situation, cues_of, key_of
from copilot.context.told import rules_of
from copilot.gaps import WORDS, gap
from customers.merging import ids_of
from customers.models import Record
from interactions.mapping import OWN, Reach, reach
from interactions.models import Conversation, Message

MOST_RECORDS = 4
MOST_TURNS = 40
SHORTEST = 3  # characters of a value that may fill a slot; a lone "2" stands in too many places for it


def situation_of(conversation: Conversation, person: int, typed: str) -> Situation:
    """Of a conversation read with its contact and account; of records what the field rules let through."""
    spoken = conversation.messages.filter(automatic="").exclude(by=Message.By.NOTE)
    turns = list(spoken.only("by", "text", "sent_at").order_by("-sent_at", "-pk")[:MOST_TURNS])
    records = records_of(conversation)
    may = reach(rules_of(conversation, ids_of(conversation.contact), records))
    return situation(conversation, turns, records, may, typed, str(person))


def situation(
    conversation: Conversation, turns: Sequence[Message], records: Sequence[Record], may: Reach,
    typed: str = "", person: str = "",
) -> Situation:  # fmt: skip
    """Of what was said, the newest first and no note among it, and of the newest records."""
    told = ((kind, typed[start:end]) for kind, start, end in slots.details(typed))
    records = records[:MOST_RECORDS]
    fields = (*told, *_names(conversation), *fields_of(_fields(one, may) for one in records))
    ours = [one for one in turns if one.by == Message.By.COLLEAGUE]
    asked = takewhile(lambda one: one.by == Message.By.CUSTOMER, turns)
    return Situation(
        typed=typed,
        asked="\n\n".join(one.text for one in reversed(list(asked))),
        told=tuple(one.text for one in ours),
        known="\n".join([*(one.text for one in turns), *(value for _, value in fields)]),
        fields=fields,
        record=tuple(fields_of([_fields(records[0], may)])) if records else None,
        fresh=bool(records) and not (ours and ours[0].sent_at > records[0].source_updated_at),
        team=str(conversation.team_id),
        person=person,
        gaps={slot: gap(slot) for slot in WORDS},
    )


def records_of(conversation: Conversation) -> list[Record]:
    """The newest of the customer."""
    theirs = Q(contact__in=ids_of(conversation.contact)) | Q(
        account__isnull=False, account=conversation.account
    )
    return list(Record.objects.filter(theirs).order_by("-occurred_at", "-pk")[:MOST_RECORDS])


def is_fresh(records: Sequence[Record], since: datetime) -> bool:
    return bool(records) and records[0].source_updated_at >= since


def _names(conversation: Conversation) -> Iterable[Field]:
    contact, account = conversation.contact, conversation.account
    if contact and contact.name:
        yield from (("their name", contact.name), ("their first name", contact.first_name))
    if account:
        yield "their company", account.name


def _fields(record: Record, may: Reach | None = None) -> dict[str, object]:
    """By names that are no name of a mask; what a rule keeps out and what is too short to be told stays out."""
    told = {name: one for name, one in record.fields.items() if _is_telling(one)}
    if may is not None:
        told = {name: one for name, one in told.items() if may.may("record", OWN + name, otherwise=True)}
    named = {f"{record.kind} {name}": one for name, one in told.items()}
    return {record.kind + NUMBER: record.external_id, **named}


def _is_telling(value: object) -> bool:
    """A detail, by a digit or a capital; a plain word such as a state stands in many a sentence as itself."""
    text = "" if isinstance(value, bool | list | dict) else str(value or "")
    return len(text) >= SHORTEST and any(one.isdigit() or one.isupper() for one in text)


def kept(
    conversation: Conversation, sent: str, asked: str, before: str, typed: str = "",
    records: Sequence[Record] = (), colleague: str = "", fresh: bool = True,
) -> dict[str, Any]:  # fmt: skip
    """The columns of a past reply by which its wording is found; every detail in the wording is a slot.

    `fresh`: the newest of the records came in since the answer before.
    """
    fields = (*_names(conversation), *fields_of(_fields(one) for one in records))
    said = words.body(sent)
    wording = slots.mask(slotted(said, fields), slots.names_in(colleague))
    one = Situation(
        typed=typed or said, asked=asked, told=(before,) if before else (), fields=fields,
        record=tuple(fields_of([_fields(records[0])])) if records else None,
        fresh=fresh and bool(records), team=str(conversation.team_id),
    )  # fmt: skip
    return {"typed": typed, "wording": wording, "worded": key_of(wording), "cues": list(cues_of(one))}


def telling(cues: Collection[str]) -> list[str]:
    """Of what was typed, the words that say something; all of them where none does."""
    typed = [cue for cue in cues if cue.startswith(("word ", "pair "))]
    return [cue for cue in typed if words.content(cue[5:])] or typed
