"""`manage.py load_sample`: fill an empty install with the sample company."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from copilot.sample.load import Access, load, refresh_addresses


class Command(BaseCommand):
    help = "Fill an empty install with a sample company; does nothing where there are people."

    def handle(self, *args: Any, **options: Any) -> None:
        file = settings.VAR_DIR / "access.json"
        access = load(file)
        if access is None:
            refresh_addresses(file)
            self.stdout.write("There are people here already, so nothing was loaded.")
            return
        # Passwords go to a terminal only: elsewhere what is said here ends in a log.
        if self.stdout.isatty():
            self._tell(access)
        self.stdout.write(f"The sample company is loaded. Sign-ins and keys are in {file}.")

    def _tell(self, access: Access) -> None:
        columns = ("email", "password", "role", "team")
        rows = [[user[column] for column in columns] for user in access["users"]]
        widths = [max(len(row[n]) for row in rows) for n in range(len(columns))]
        for row in rows:
            cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
            self.stdout.write("   ".join(cells).rstrip())
