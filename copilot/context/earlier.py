"""What stood before a moment, for a draft that is written as it would have been written then.

Rows keep no copy of what they were, so what changed since that moment is left out, and not guessed; only a
conversation's subject and language, its customer's address and the account's name are taken as they are.
Everything here takes None for now, when all that stands is read.
"""

from dataclasses import dataclass
from datetime import date, datetime
from zoneinfo import ZoneInfo

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from copilot.models import Lesson, LessonEvidence, LessonMove
from customers.models import Account, Contact, Promise
from interactions.models import Conversation, Message


@dataclass(frozen=True, slots=True)
class Moment:
    """When a customer's message had come and nobody had answered it."""

    at: datetime
    message_id: int


def at_message(asked: Message) -> Moment:
    return Moment(asked.sent_at, asked.pk)


def now_there(zone: str, then: Moment | None) -> datetime:
    return timezone.localtime(then.at if then else None, timezone=ZoneInfo(zone))


def today(then: Moment | None) -> date:
    return timezone.localdate(then.at if then else None)


def said(then: Moment | None) -> Q:
    """Messages of the conversation, the customer's own the last of them."""
    return Q(sent_at__lt=then.at) | Q(sent_at=then.at, pk__lte=then.message_id) if then else Q()


def sent(then: Moment | None) -> Q:
    """Messages of other conversations."""
    return Q(sent_at__lt=then.at) if then else Q()


def begun(then: Moment | None) -> Q:
    """Other conversations, and goals."""
    return Q(created_at__lt=then.at) if then else Q()


def answered(then: Moment | None) -> Q:
    return Q(answered_at__lt=then.at) if then else Q()


def records(then: Moment | None) -> Q:
    return Q(source_updated_at__lt=then.at) if then else Q()


def notes(then: Moment | None) -> Q:
    """Written and decided by then, and told of by no CRM since."""
    if then is None:
        return Q()
    decided = Q(decided_at=None) | Q(decided_at__lt=then.at)
    told = Q(source_updated_at=None) | Q(source_updated_at__lt=then.at)
    return decided & told & Q(created_at__lt=then.at)


def open_promises(then: Moment | None) -> Q:
    """Also those that were kept or cancelled since."""
    if then is None:
        return Q(state=Promise.State.OPEN)
    return Q(made_at__lt=then.at) & (Q(state=Promise.State.OPEN) | Q(closed_at__gte=then.at))


def due(promise: Promise, then: Moment | None) -> datetime | None:
    """A day to which it was moved may be news."""
    return promise.first_due_at or promise.due_at if then else promise.due_at


def knew[T: (Account, Contact)](row: T | None, then: Moment | None) -> T | None:
    """The row where what it says of itself was told by then."""
    if row is None or then is None:
        return row
    return row if (row.source_updated_at or row.created_at) < then.at else None


def lessons_in_use(rows: QuerySet[Lesson], then: Moment | None) -> QuerySet[Lesson]:
    """A move may change a lesson's words, and evidence the kind of reply that its sentence belongs to."""
    rows = rows.filter(state=Lesson.State.ACTIVE)
    if then is None:
        return rows
    moved = LessonMove.objects.filter(lesson=OuterRef("pk"), at__gte=then.at)
    proved = LessonEvidence.objects.filter(lesson=OuterRef("pk"), at__gte=then.at)
    return rows.filter(created_at__lt=then.at).exclude(Exists(moved)).exclude(~Q(near=[]) & Exists(proved))


def as_it_stood(conversation: Conversation, asked: Message) -> Conversation:
    """The same one, never to be saved: who answers it, who looks after the customer and who was found to be one
    person with them came later or may have; a customer's name is the one they wrote under."""
    then, contact, account = at_message(asked), conversation.contact, conversation.account
    conversation.assignee = None
    if contact:
        contact.shown_as = None
        if asked.contact_id == contact.pk and asked.author_name:
            contact.name = asked.author_name
    if account:
        account.manager = None
        account.tier = account.tier if knew(account, then) else ""
    return conversation
