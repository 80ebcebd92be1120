"""What workers do for the copilot; each message carries a row's id."""

from celery import shared_task

from copilot.drafting.work import work


@shared_task
def draft(draft_id: int) -> None:
    work(draft_id)
