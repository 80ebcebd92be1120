"""`manage.py rebuild_signals`: make what learning reads again from the decisions themselves.

For after an upgrade that measures edits in a new way, or after signals were lost; `manage.py learn_anew` then
counts them again.
"""

from typing import Any

from django.core.management.base import BaseCommand

from copilot.learning.rebuilt import rebuild


class Command(BaseCommand):
    help = "Make the signals again from people's decisions; run it again after a stop."

    def handle(self, *args: Any, **options: Any) -> None:
        done, missing = 0, 0
        for was_missing in rebuild():
            done, missing = done + 1, missing + was_missing
            if done % 100 == 0:
                self.stdout.write(f"{done} signals", ending="\r")
        self.stdout.write(f"{done} signals were made again, {missing} of them had been missing.")
