"""What became of a conversation: whether it was opened again, and whether the customer had to ask again."""

from datetime import timedelta

from django.db.models import Min

from interactions.models import Conversation, Message

AGAIN_WITHIN = timedelta(days=7)


def derive(conversation: Conversation) -> None:
    """Worked out from rows alone, so that it is the same whatever order they came in."""
    if conversation.resolved_at is None:
        return
    found = {"reopened_at": _reopened_at(conversation), "asked_again_at": _asked_again_at(conversation)}
    changed = {name: value for name, value in found.items() if value != getattr(conversation, name)}
    if changed:
        Conversation.objects.filter(pk=conversation.pk).update(**changed)
        for name, value in changed.items():
            setattr(conversation, name, value)


def derive_earlier(conversation: Conversation) -> None:
    """A conversation opened: the contact's earlier ones may not have been the end of it."""
    if conversation.contact_id is None:
        return
    since = conversation.created_at - AGAIN_WITHIN
    earlier = Conversation.objects.filter(
        contact=conversation.contact_id, resolved_at__range=(since, conversation.created_at)
    )
    for one in earlier.exclude(pk=conversation.pk)[:50]:
        derive(one)


def _reopened_at(conversation: Conversation) -> object:
    later = conversation.messages.filter(
        by=Message.By.CUSTOMER, automatic="", sent_at__gt=conversation.resolved_at
    )
    return later.aggregate(first=Min("sent_at"))["first"]


def _asked_again_at(conversation: Conversation) -> object:
    resolved = conversation.resolved_at
    if conversation.contact_id is None or resolved is None:
        return None
    others = Conversation.objects.filter(
        contact=conversation.contact_id, created_at__gt=resolved, created_at__lte=resolved + AGAIN_WITHIN
    )
    return others.exclude(pk=conversation.pk).aggregate(first=Min("created_at"))["first"]
