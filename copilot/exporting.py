"""Everything that is held of a contact, as a copy for whoever has the right to ask for one.

Each kind of row in this house has its answer here: by which fields it is found to be a contact's, or why none
of it is copied. A kind without an answer fails a test, and so does a word of theirs that the copy lacks.
"""

from functools import reduce
from operator import or_
from typing import Any

from django.apps import apps
from django.contrib.postgres.search import SearchVectorField
from django.db.models import Model, Q
from django.utils import timezone

from customers.merging import ids_of
from customers.models import Contact
from people.audit import note_deed
from people.models import ApiKey, User

_TALK = ("conversation__contact",)
HELD: dict[str, tuple[str, ...]] = {
    "customers.Contact": ("pk",),
    "customers.ContactMerge": ("contact", "into"),
    "customers.Identity": ("contact",),
    "customers.Record": ("contact",),
    "customers.Note": ("contact", "quotes__message__contact"),
    "customers.Promise": ("contact", "quotes__message__contact"),
    "interactions.Conversation": ("contact",),
    "interactions.Message": ("contact", *_TALK),
    "interactions.Quote": ("message__contact",),
    "interactions.File": _TALK,
    "interactions.Escalation": _TALK,
    "interactions.InboxEvent": _TALK,
    "interactions.OutboxMessage": _TALK,
    "copilot.Draft": _TALK,
    "copilot.Alternative": ("draft__conversation__contact",),
    "copilot.CaseSummary": _TALK,
    "copilot.Decision": _TALK,
    "copilot.Signal": _TALK,
    "copilot.RoughText": _TALK,
    "copilot.Brief": ("escalation__conversation__contact",),
    "copilot.PastReply": ("contact", *_TALK),
    "copilot.Question": _TALK,
    "copilot.RehearsedReply": _TALK,
    "copilot.TopicLabel": _TALK,
    "copilot.ProposalEvidence": _TALK,
    "copilot.LessonEvidence": _TALK,
    "copilot.Reading": _TALK,
}

_COLLEAGUES = "it is about colleagues and how they work"
_COMPANY = "it is about the account, and may tell of several people: its manager looks it through"
_LEARNT = "customers' details were taken out before it was kept"
_NUMBERS = "it holds counts, or numbers made of rows that are copied"
_SETTINGS = "it is a setting"
NOT_COPIED: dict[str, str] = {
    "people.User": _COLLEAGUES, "people.Team": _COLLEAGUES, "people.Membership": _COLLEAGUES,
    "people.ApiKey": _COLLEAGUES, "people.AuditEntry": _COLLEAGUES, "copilot.DailyMail": _COLLEAGUES,
    "copilot.NoTeacher": _COLLEAGUES, "copilot.DraftingRequest": _COLLEAGUES,
    "interactions.AgentLink": _COLLEAGUES,
    "interactions.Approval": "it is the proof of who approved which bytes, and holds none of them",
    "interactions.Release": "it is the proof of who released which bytes, and holds none of them",
    "interactions.Attempt": "it is what a receiver's server answered",
    "interactions.Refusal": "nobody is known by what was refused at the door",
    "customers.Erasure": "it counts what went", "customers.ErasedName": "it holds digests of ids that went",
    "customers.Account": _COMPANY, "customers.Goal": _COMPANY, "copilot.Strategy": _COMPANY,
    "copilot.StrategyRound": _COMPANY, "copilot.StrategyDecision": _COMPANY,
    "copilot.Lesson": _LEARNT, "copilot.LessonMove": _LEARNT, "copilot.LessonUse": _LEARNT,
    "copilot.LessonTrial": _LEARNT,
    "copilot.UnwantedWording": _LEARNT,
    "copilot.Offer": _LEARNT, "copilot.Article": _LEARNT, "copilot.SavedReply": _LEARNT,
    "copilot.TextVersion": _LEARNT, "copilot.ArticleProposal": _LEARNT,
    "copilot.Embedding": _NUMBERS, "copilot.Spending": _NUMBERS, "copilot.TopicRecord": _NUMBERS,
    "copilot.HouseSense": _NUMBERS, "copilot.Rehearsal": _NUMBERS, "interactions.Sync": _NUMBERS,
    "copilot.IdempotentAnswer": "it repeats an answer of REST about rows that are copied",
    "interactions.Connection": _SETTINGS, "interactions.FieldRule": _SETTINGS, "copilot.LessonRule": _SETTINGS,
    "copilot.DraftingLimits": _SETTINGS, "copilot.DraftingSwitch": _SETTINGS, "copilot.ReleaseRule": _SETTINGS,
    "copilot.Topic": _SETTINGS,
}  # fmt: skip
# Of a file its name, type, size and digest are copied: the file itself is opened from its conversation.
_LEFT_OUT = {"interactions.File": {"content"}}


def copy_of(contact: Contact, person: User, key: ApiKey | None = None) -> dict[str, Any]:
    """Every row that is theirs, by kind, with all of its fields; who was merged with them is one person.

    That it was taken is kept in the audit. Times are UTC; bytes stand as text.
    """
    ids = ids_of(contact)
    rows = {label: _rows(label, lookups, ids) for label, lookups in HELD.items()}
    note_deed(person, "copied", contact, key=key)
    return {
        "contact": contact.pk,
        "made_at": timezone.now(),
        "rows": {label: found for label, found in rows.items() if found},
        "not_copied": NOT_COPIED,
    }


def _rows(label: str, lookups: tuple[str, ...], ids: list[int]) -> list[dict[str, Any]]:
    model = apps.get_model(label)
    theirs = reduce(or_, (Q(**{f"{lookup}__in": ids}) for lookup in lookups))
    names = _fields(model)
    found = model._default_manager.filter(pk__in=model._default_manager.filter(theirs).values("pk"))
    return [_plain(row) for row in found.order_by("pk").values(*names)]


def _fields(model: type[Model]) -> list[str]:
    hidden = _LEFT_OUT.get(model._meta.label, set())
    return [
        field.attname
        for field in model._meta.concrete_fields
        if not isinstance(field, SearchVectorField) and field.name not in hidden
    ]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _words(value) for name, value in row.items()}


def _words(value: Any) -> Any:
    if isinstance(value, bytes | memoryview):
        return bytes(value).decode("utf-8", errors="replace")
    return value
