"""Ask a CRM whether a delivery arrived of which nobody knows, before a person is troubled with it."""

from datetime import timedelta

from django.db.models.functions import Now

from interactions import listeners, outbox
from interactions.crm.base import Answer, CrmError
from interactions.crm.registry import crm_for
from interactions.models import OutboxMessage

ASK = "interactions.tasks.ask_arrived"
ASKED = "asked"
LEASE = timedelta(seconds=120)


def due_questions(limit: int) -> list[str]:
    """Ids of deliveries whose CRM is to be asked now."""
    due = OutboxMessage.objects.filter(
        listeners.RESTED, state=OutboxMessage.State.UNKNOWN, lease_until__lte=Now()
    )
    return [str(pk) for pk in due.order_by("lease_until").values_list("pk", flat=True)[:limit]]


def ask_arrived(row_id: str) -> None:
    """One question, at one of the receiver's places: sent, due again under its same id, or still unknown."""
    with listeners.place(row_id) as is_free:
        row = _claim(row_id) if is_free else None
        if row is not None:
            answer = _ask(row)
            outbox.settle_asked(row, answer, row.last_try().filter(result=ASKED).count() + 1)


def _claim(row_id: str) -> OutboxMessage | None:
    due = OutboxMessage.objects.filter(pk=row_id, state=OutboxMessage.State.UNKNOWN, lease_until__lte=Now())
    if not due.update(lease_until=Now() + LEASE):
        return None
    return OutboxMessage.objects.select_related("connection", "conversation", "approval__person").get(pk=row_id)


def _ask(row: OutboxMessage) -> Answer:
    connection = row.connection
    if connection is None or connection.revoked_at:
        return Answer("unknown", body="The connection was revoked, so it cannot be asked.")
    try:
        return crm_for(connection.kind).arrived(connection, row)
    except CrmError as error:
        return Answer("unknown", body=str(error))
