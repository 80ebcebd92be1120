"""Which conversations a person may see and answer; for all others the answer is 404."""

from django.db.models import Exists, OuterRef, Q, QuerySet

from customers.access import tended_accounts
from customers.models import Contact, ContactMerge
from interactions.models import Connection, Conversation, Escalation, InboxEvent, Message, OutboxMessage
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


def mergeable_contacts(who: Standing) -> QuerySet[Contact]:
    """Contacts of accounts that the person looks after, and those without one who write to their inbox.

    Not who wrote under a name that was not proven: merged, they would be shown another's history.
    """
    unproven = Message.objects.filter(contact=OuterRef("pk"), unproven=True)
    wrote_here = answerable_conversations(who).filter(contact=OuterRef("pk"))
    theirs = Q(account__in=tended_accounts(who)) | Q(Exists(wrote_here), account=None)
    return Contact.objects.filter(theirs).exclude(Exists(unproven))


def mergeable_contact(who: Standing, contact_id: int) -> Contact | None:
    """One of them, where the person may also see as whom it is shown."""
    seen = mergeable_contacts(who)
    found = seen.select_related("shown_as", "account").filter(pk=contact_id).first()
    if found is None or found.shown_as_id is None or seen.filter(pk=found.shown_as_id).exists():
        return found
    return None


def shown_contacts(who: Standing) -> QuerySet[Contact]:
    """Whose page a person may open."""
    return Contact.objects.all() if who.reads_all else mergeable_contacts(who)


def visible_merges(who: Standing) -> QuerySet[ContactMerge]:
    """Of two contacts both of whom the person may see."""
    merges, seen = ContactMerge.objects.all(), shown_contacts(who)
    return merges if who.reads_all else merges.filter(contact__in=seen, into__in=seen)


def decidable_merges(who: Standing) -> QuerySet[ContactMerge]:
    """For both accounts a manager or a lead of its team; for a contact without an account, a lead."""
    led = Conversation.objects.filter(team__in=who.lead_teams, contact=OuterRef("pk"))
    theirs = Q(account__teams__in=who.lead_teams) | Q(Exists(led), account=None)
    if who.is_manager:
        theirs |= Q(account__manager=who.user_id)
    decided = Contact.objects.filter(theirs).values("pk")
    return visible_merges(who).filter(contact__in=decided, into__in=decided)
