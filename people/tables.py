"""Tables that an unreleased version left half-way are named before a migration is tried on top of them."""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error, Tags, register
from django.db import connections
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder


@register(Tags.database)
def tables_are_whole(databases: Sequence[str] | None = None, **details: Any) -> list[CheckMessage]:
    """Django itself would pass such tables over in silence, and every page would miss a column."""
    squashed = [one for one in MigrationLoader(None).disk_migrations.values() if one.replaces]
    found: list[CheckMessage] = []
    for alias in databases or ():
        done = MigrationRecorder(connections[alias]).applied_migrations()
        halves = [one.app_label for one in squashed if len({name in done for name in one.replaces}) > 1]
        found += [Error(_WORDS.format(apps=", ".join(sorted(set(halves)))), id="people.E001")] if halves else []
    return found


_WORDS = (
    "The tables of {apps} were made by a version before the first release, and not to its end. Nothing was"
    " changed. Start the last version before 24 November 2026 once, which completes them, and then this one."
)
