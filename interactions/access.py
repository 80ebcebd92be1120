"""Which conversations a person may see and answer; for all others the answer is 404."""

from django.db.models import Q, QuerySet

from interactions.models import Connection, Conversation, Escalation, InboxEvent, OutboxMessage
from people.access import Standing

_OPEN = [Escalation.State.OPEN, Escalation.State.TAKEN]


def _mine(who: Standing) -> Q:
    """Of the person's teams, of an account manager's own accounts, or escalated to the person."""
    handed_on = Escalation.objects.filter(
        Q(to_person=who.user_id) | Q(to_team__in=who.inbox_teams), state__in=_OPEN
    ).values("conversation")
    mine = Q(team__in=who.inbox_teams) | Q(pk__in=handed_on)
    return mine | Q(account__manager=who.user_id) if who.is_manager else mine


def visible_conversations(who: Standing) -> QuerySet[Conversation]:
    conversations = Conversation.objects.all()
    return conversations if who.reads_all else conversations.filter(_mine(who))


def answerable_conversations(who: Standing) -> QuerySet[Conversation]:
    """Reading because an admin was granted it is not a right to answer."""
    return Conversation.objects.filter(_mine(who))


def visible_connections(who: Standing) -> QuerySet[Connection]:
    connections = Connection.objects.all()
    return connections if who.is_admin else connections.filter(team__in=who.lead_teams)


def visible_events(who: Standing) -> QuerySet[InboxEvent]:
    """Metadata for admins and the team's leads; bodies only for who may read conversations."""
    events = InboxEvent.objects.defer("body")
    return events if who.is_admin else events.filter(connection__team__in=who.lead_teams)


def replayable_deliveries(who: Standing) -> QuerySet[OutboxMessage]:
    """Admins and the leads of the team see to it that what was given up leaves after all."""
    if who.is_admin:
        return OutboxMessage.objects.all()
    mine = Q(conversation__team__in=who.lead_teams) | Q(connection__team__in=who.lead_teams)
    return OutboxMessage.objects.filter(mine)


def visible_deliveries(who: Standing) -> QuerySet[OutboxMessage]:
    """An admin sees the metadata of all; others what belongs to their conversations."""
    rows = OutboxMessage.objects.defer("payload")
    if who.is_admin:
        return rows
    theirs = Q(conversation__in=visible_conversations(who))
    return rows.filter(theirs | Q(connection__team__in=who.lead_teams))
