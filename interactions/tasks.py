"""What workers do for this room; each message carries a row's id."""

from celery import shared_task

from interactions import inbox, outbox


@shared_task
def apply_events(event_ids: list[int]) -> None:
    for event_id in event_ids:
        inbox.apply(event_id)


@shared_task
def deliver(row_id: str) -> None:
    outbox.deliver(row_id)
