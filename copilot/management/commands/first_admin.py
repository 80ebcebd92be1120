"""`manage.py first_admin`: print the link with which the first admin of an empty install begins."""

from typing import Any

from django.core.management.base import BaseCommand

from copilot.console.first_admin import invitation
from people.models import User


class Command(BaseCommand):
    help = "Print a link for the first admin; does nothing where there are people."

    def handle(self, *args: Any, **options: Any) -> None:
        if User.objects.exists():
            return
        self.stdout.write("Nobody is here yet. The first admin begins with this link, good for a day:")
        self.stdout.write(f"  {invitation()}")
