"""Import past conversations from a JSON-lines file, so that drafts can stand on them from day one."""

import gzip
import io
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from copilot.history import Importer, Unusable

BATCH = 100


class Command(BaseCommand):
    help = (
        "Import conversations: one JSON a line with id, team, agent, customer, started and turns "
        "({by: customer|agent, at, text}). Run it again after a stop: nothing is imported twice."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path, help="FILE.jsonl or FILE.jsonl.gz")
        parser.add_argument("--source", default="", help="A name for this history; else the file's.")
        parser.add_argument("--team", default="", help="Put every conversation into this team.")
        parser.add_argument("--first", type=int, default=0, help="Only so many lines, from the top.")

    def handle(self, *args: Any, **options: Any) -> None:
        file: Path = options["file"]
        if not file.exists():
            raise CommandError(f"There is no file {file}. Nothing was imported.")
        source = options["source"] or file.name.split(".")[0]
        importer = Importer(source, options["team"])
        bar = _Bar(self.stdout, file.stat().st_size)
        batch: list[dict[str, Any]] = []
        for number, (line, done) in enumerate(_lines(file), start=1):
            if options["first"] and number > options["first"]:
                break
            batch.append(_read(line, number))
            if len(batch) == BATCH:
                importer.add(batch)
                batch.clear()
                bar.show(done, importer.added, importer.skipped)
        importer.add(batch)
        bar.end(importer.added, importer.skipped, importer.replies)


def _read(line: str, number: int) -> dict[str, Any]:
    try:
        conversation = json.loads(line)
        Importer.check(conversation)
    except (ValueError, Unusable) as error:
        raise CommandError(
            f"Line {number} cannot be read: {error}. What came before it is imported; mend the "
            "line and run the command again."
        ) from None
    return conversation


def _lines(file: Path) -> Iterator[tuple[str, int]]:
    """Each line with the number of file bytes read so far, compressed ones where it is."""
    with file.open("rb") as raw:
        packed = gzip.GzipFile(fileobj=raw) if file.suffix == ".gz" else raw
        with io.TextIOWrapper(packed, encoding="utf-8") as text:
            for line in text:
                if line.strip():
                    yield line, raw.tell()


class _Bar:
    """One line that is drawn over on a terminal, and a line every tenth elsewhere."""

    def __init__(self, out: Any, total: int) -> None:
        self._out, self._total, self._tenth = out, max(total, 1), 0

    def show(self, done: int, added: int, skipped: int) -> None:
        share = min(done / self._total, 1.0)
        words = f"{share:4.0%}  {added} imported" + (f", {skipped} were here already" if skipped else "")
        if sys.stdout.isatty():
            filled = int(share * 30)
            self._out.write(f"\r[{'#' * filled}{'.' * (30 - filled)}] {words}", ending="")
            self._out.flush()
        elif int(share * 10) > self._tenth:
            self._tenth = int(share * 10)
            self._out.write(words)

    def end(self, added: int, skipped: int, replies: int) -> None:
        self._out.write(
            f"\nDone: {added} conversations imported with {replies} replies to learn wording from"
            + (f"; {skipped} were here already." if skipped else ".")
        )
