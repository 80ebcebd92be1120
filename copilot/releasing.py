"""A second person looks at the bytes that were approved: releases them, or returns them with a reason."""

from django.db import transaction

from copilot.decisions import Actor, Conflict, Invalid, undo_seconds
from copilot.models import Decision
from interactions import outbox
from interactions.models import OutboxMessage

State = OutboxMessage.State


@transaction.atomic
def release(decision: Decision, actor: Actor) -> None:
    """It leaves after the releaser's own undo time. Raises Conflict when it waits no more."""
    assert decision.outbox is not None
    seconds = undo_seconds(actor.person)
    if not outbox.release(decision.outbox, actor.person, actor.key, seconds):
        raise Conflict(what_happened(decision.outbox), decision.draft)


@transaction.atomic
def give_back(decision: Decision, actor: Actor, reason: str) -> None:
    """The draft is open again with its text and the reason. Raises Conflict when it waits no more."""
    assert decision.outbox is not None
    if not reason.strip():
        raise Invalid("Say why, so that it can be mended. It still waits.")
    told = f"{actor.person.name} returned it: {reason.strip()}"
    if not outbox.give_back(decision.outbox, actor.person, actor.key, told):
        raise Conflict(what_happened(decision.outbox), decision.draft)


def what_happened(row: OutboxMessage) -> str:
    """Who or what was faster, for the person who came second."""
    now = OutboxMessage.objects.select_related("release__person").get(pk=row.pk)
    if now.release:
        return f"{now.release.person.name} has released it already."
    if now.state in OutboxMessage.NEVER_LEFT:
        return f"{now.reason} Nothing was sent."
    return "This reply waits for nobody's release."
