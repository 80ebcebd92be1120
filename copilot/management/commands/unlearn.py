"""`manage.py unlearn`: take back what a person, a conversation or a connection taught, and list it."""

from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from copilot.learning import unlearning
from interactions.models import Connection, Conversation
from people.models import User


class Command(BaseCommand):
    help = "Take back what a person, a conversation or a connection taught."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--person", help="The address of who no longer teaches.")
        parser.add_argument("--again", action="store_true", help="With --person: they teach again from now on.")
        parser.add_argument("--conversation", type=int, help="Its number, as its address has it.")
        parser.add_argument("--connection", type=UUID, help="Its id, as its address has it.")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["person"]:
            found = self._person(options["person"], again=options["again"])
        else:
            found = unlearning.distrust(self._source(options))
        for one in found:
            self.stdout.write(f"{one.team}: {one.title}: {one.was} -> {one.now}")
        self.stdout.write(f"{len(found)} lessons had rested on it.")

    def _person(self, address: str, *, again: bool) -> list[unlearning.Unlearnt]:
        person = User.objects.filter(email=address.lower()).first()
        if person is None:
            raise CommandError("Nobody here has this address. Nothing was changed.")
        if again:
            unlearning.opt_in(person)
            return []
        return unlearning.opt_out(person)

    def _source(self, options: dict[str, Any]) -> Conversation | Connection:
        rows: dict[str, Any] = {"conversation": Conversation.objects, "connection": Connection.objects}
        named = [name for name in rows if options[name]]
        source: Conversation | Connection | None = None
        if len(named) == 1:
            source = rows[named[0]].filter(pk=options[named[0]]).first()
        if source is None:
            raise CommandError("Name a person, a conversation or a connection. Nothing was changed.")
        return source
