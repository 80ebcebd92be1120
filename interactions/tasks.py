"""What workers do for this room; each message carries a row's id."""

from celery import shared_task

from interactions import asking, delivering, inbox, sync


@shared_task
def apply_events(event_ids: list[int]) -> None:
    for event_id in event_ids:
        inbox.apply(event_id)


@shared_task
def apply_history(event_ids: list[int]) -> None:
    """The same on a queue of its own: old mail waits behind what customers write now."""
    apply_events(event_ids)


@shared_task
def fetch(sync_id: int) -> None:
    sync.fetch(sync_id)


@shared_task
def deliver(row_id: str) -> None:
    delivering.deliver(row_id)


@shared_task
def ask_arrived(row_id: str) -> None:
    asking.ask_arrived(row_id)
