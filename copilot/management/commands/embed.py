"""Give texts their vectors now, with progress; it can be stopped at any moment and goes on where it was."""

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from copilot.knowledge import embedding


class Command(BaseCommand):
    help = "Give every text that is due its vector now, as workers do in time, and say how far it is."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--show", action="store_true", help="Only say how far it is.")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            while not options["show"] and embedding.embed_due(most_batches=10):
                self._say()
        except KeyboardInterrupt:
            self.stdout.write("Stopped; what is done is kept.")
        self._say()
        self.stdout.write(embedding.standing())

    def _say(self) -> None:
        parts = (f"{kind} {p.done} of {p.done + p.due}" for kind, p in embedding.progress().items())
        self.stdout.write(", ".join(parts))
