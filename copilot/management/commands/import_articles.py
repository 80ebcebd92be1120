"""Import articles or saved replies from Markdown files, a folder of them, or a zip."""

from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from copilot.knowledge import importing
from people.models import Team


class Command(BaseCommand):
    help = "Import Markdown files: each becomes an article, or updates the one that came from the same path."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("path", type=Path, help="A folder, a Markdown file or a zip.")
        parser.add_argument(
            "--team", action="append", default=[], help="For this team; again for more. None: all."
        )
        parser.add_argument("--saved-replies", action="store_true", help="As saved replies of the one --team.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"]
        if not path.exists():
            raise CommandError(f"There is no {path}. Nothing was imported.")
        teams = [self._team(name) for name in options["team"]]
        as_replies = options["saved_replies"]
        if as_replies and len(teams) != 1:
            raise CommandError("Saved replies belong to one team: name it with --team. Nothing was imported.")
        try:
            files = importing.files_of(path)
        except importing.Unreadable as error:
            raise CommandError(str(error)) from None
        taken = importing.take_in(files, None, teams=teams, replies_of=teams[0] if as_replies else None)
        for name, why in taken.refused:
            self.stderr.write(f"{name}: {why}.")
        self.stdout.write(f"{taken}.")

    def _team(self, name: str) -> Team:
        team = Team.objects.filter(name__iexact=name).first() or Team.objects.filter(slug=name).first()
        if team is None:
            raise CommandError(f"There is no team “{name}”. Nothing was imported.")
        return team
