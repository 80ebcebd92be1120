"""Which rows a caller may see: a person by their standing, a connection what belongs to it alone."""

from django.db.models import Exists, OuterRef, Q, QuerySet
from rest_framework.exceptions import PermissionDenied

from copilot.access import (
    visible_articles,
    visible_decisions,
    visible_drafts,
    visible_saved_replies,
    visible_signals,
)
from copilot.api.keys import Caller
from copilot.models import Article, Decision, Draft, SavedReply, Signal
from customers.access import tended_accounts, visible_accounts, visible_contacts, visible_records
from customers.models import Account, Contact, ContactMerge, Erasure, Goal, Note, Promise, Record
from interactions import access
from interactions.access import (
    answerable_conversations,
    replayable_deliveries,
    visible_connections,
    visible_conversations,
    visible_deliveries,
    visible_events,
    visible_merges,
)
from interactions.models import Connection, Conversation, InboxEvent, Message, OutboxMessage
from people.access import visible_people, visible_teams
from people.models import Team, User


def conversations(who: Caller) -> QuerySet[Conversation]:
    if who.connection:
        return Conversation.objects.filter(connection=who.connection)
    return visible_conversations(who.standing)


def must_answer(who: Caller, conversation_id: int) -> None:
    """Raises PermissionDenied where the caller sees the conversation, and others answer it: only people do."""
    mine = answerable_conversations(who.standing) if who.person else Conversation.objects.none()
    if not mine.filter(pk=conversation_id).exists():
        raise PermissionDenied("You may read this conversation, and others answer it.")


def messages(who: Caller) -> QuerySet[Message]:
    return Message.objects.filter(conversation__in=conversations(who))


def drafts(who: Caller) -> QuerySet[Draft]:
    of_connection = Draft.objects.filter(conversation__connection=who.connection)
    return _with_sent(of_connection if who.connection else visible_drafts(who.standing))


def _with_sent(rows: QuerySet[Draft]) -> QuerySet[Draft]:
    """Whether the approved reply has left is the outbox row's to say."""
    left = Decision.objects.filter(draft=OuterRef("pk"), outbox__state=OutboxMessage.State.SENT)
    return (
        rows.select_related("trial")
        .prefetch_related("questions", "alternatives")
        .annotate(was_sent=Exists(left))
    )


def decisions(who: Caller) -> QuerySet[Decision]:
    rows = Decision.objects.none() if who.connection else visible_decisions(who.standing)
    return rows.select_related("draft", "outbox__release")


def signals(who: Caller) -> QuerySet[Signal]:
    return Signal.objects.none() if who.connection else visible_signals(who.standing)


def accounts(who: Caller) -> QuerySet[Account]:
    if who.connection:
        return Account.objects.filter(identities__source=who.connection.pk).distinct()
    return visible_accounts(who.standing)


def tended(who: Caller) -> QuerySet[Account]:
    return tended_accounts(who.standing)


def contacts(who: Caller) -> QuerySet[Contact]:
    if who.connection:
        return Contact.objects.filter(identities__source=who.connection.pk).distinct()
    return visible_contacts(who.standing)


def merges(who: Caller) -> QuerySet[ContactMerge]:
    return ContactMerge.objects.none() if who.connection else visible_merges(who.standing)


def decidable_merges(who: Caller) -> QuerySet[ContactMerge]:
    return access.decidable_merges(who.standing)


def records(who: Caller) -> QuerySet[Record]:
    if who.connection:
        return Record.objects.filter(source=who.connection.pk)
    return visible_records(who.standing)


def notes(who: Caller) -> QuerySet[Note]:
    return Note.objects.none() if who.connection else Note.objects.filter(account__in=accounts(who))


def goals(who: Caller) -> QuerySet[Goal]:
    return Goal.objects.none() if who.connection else Goal.objects.filter(account__in=accounts(who))


def promises(who: Caller) -> QuerySet[Promise]:
    return Promise.objects.none() if who.connection else Promise.objects.filter(account__in=accounts(who))


def articles(who: Caller) -> QuerySet[Article]:
    return Article.objects.none() if who.connection else visible_articles(who.standing)


def saved_replies(who: Caller) -> QuerySet[SavedReply]:
    return SavedReply.objects.none() if who.connection else visible_saved_replies(who.standing)


def connections(who: Caller) -> QuerySet[Connection]:
    if who.connection:
        return Connection.objects.filter(pk=who.connection.pk)
    return visible_connections(who.standing)


def events(who: Caller) -> QuerySet[InboxEvent]:
    if who.connection:
        return InboxEvent.objects.filter(connection=who.connection).defer("body")
    return visible_events(who.standing)


def deliveries(who: Caller) -> QuerySet[OutboxMessage]:
    if who.connection:
        theirs = Q(connection=who.connection) | Q(conversation__connection=who.connection)
        rows = OutboxMessage.objects.filter(theirs).defer("payload")
    else:
        rows = visible_deliveries(who.standing)
    return rows.select_related("decision", "approval", "release")


def replayable(who: Caller) -> QuerySet[OutboxMessage]:
    return replayable_deliveries(who.standing)


def people(who: Caller) -> QuerySet[User]:
    return User.objects.none() if who.connection else visible_people(who.standing)


def teams(who: Caller) -> QuerySet[Team]:
    return Team.objects.none() if who.connection else visible_teams(who.standing)


def erasures(who: Caller) -> QuerySet[Erasure]:
    """Receipts are for admins, and for the connection that demanded the erasure."""
    if who.connection:
        return Erasure.objects.filter(source=who.connection.pk)
    return Erasure.objects.all() if who.standing.is_admin else Erasure.objects.none()
