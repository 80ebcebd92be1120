"""Delete the idempotent answers that are older than a day."""

from typing import Any

from django.core.management.base import BaseCommand

from copilot.api.idempotency import forget_old_answers


class Command(BaseCommand):
    help = "Delete answers to repeated requests that nobody can ask for any more."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{forget_old_answers()} answers forgotten")
