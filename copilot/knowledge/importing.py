"""Take in articles and saved replies from Markdown files: a folder, files, or a zip, which may be hostile.

A file is known by its path: taken in again it updates its text. A header between two lines of `---`
may say title, language, owner (an address) and review_by (a date); else the first heading is the title.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath
from typing import Any

from django.db.models import QuerySet

from copilot.knowledge import texts
from copilot.models import Article, SavedReply
from people.models import Team, User

MOST_FILES = 1000
LARGEST_FILE = 400_000  # bytes
LARGEST_ZIP = 20_000_000  # bytes, as it comes and unpacked alike
MARKDOWN = {".md", ".markdown"}
_HEADER = re.compile(r"\A---\n(.*?)\n---\n", re.S)


class Unreadable(Exception):
    """Nothing of it was taken in; the message says why and what to do."""


class Unusable(Exception):
    """One file cannot be taken in; the others can."""


@dataclass(frozen=True, slots=True)
class Page:
    path: str
    title: str
    text: str
    about: dict[str, Any]


@dataclass(slots=True)
class Taken:
    """What became of the files."""

    new: list[str] = field(default_factory=list)
    updated: list[str] = field(default_factory=list)
    same: list[str] = field(default_factory=list)
    refused: list[tuple[str, str]] = field(default_factory=list)

    def __str__(self) -> str:
        parts: list[tuple[list[Any], str]] = [
            (self.new, "new"),
            (self.updated, "updated"),
            (self.same, "unchanged"),
            (self.refused, "refused"),
        ]
        return ", ".join(f"{len(names)} {word}" for names, word in parts if names) or "No Markdown file in it"


def files_of(path: Path) -> list[tuple[str, bytes]]:
    """A folder's Markdown files by their path below it, one file, or what is in a zip."""
    if path.suffix.lower() == ".zip":
        if path.stat().st_size > LARGEST_ZIP:
            raise Unreadable(_too_large())
        return unzipped(path.read_bytes())
    if path.is_file():
        return [(path.name, _bounded(path))]
    found = sorted(one for one in path.rglob("*") if one.suffix.lower() in MARKDOWN and one.is_file())
    _few_enough(len(found))
    return [(one.relative_to(path).as_posix(), _bounded(one)) for one in found]


def _bounded(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LARGEST_FILE + 1)


def unzipped(raw: bytes) -> list[tuple[str, bytes]]:
    """Read in memory and never unpacked to disk; what an entry says of its size is not believed."""
    if len(raw) > LARGEST_ZIP:
        raise Unreadable(_too_large())
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            _few_enough(len(packed.infolist()))
            return list(_entries(packed))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError, zlib.error):
        raise Unreadable(
            "This zip cannot be read: it is damaged, locked with a password, or packed in an unknown way. "
            "Nothing was imported."
        ) from None


def _entries(packed: zipfile.ZipFile) -> Iterable[tuple[str, bytes]]:
    total = 0
    for entry in packed.infolist():
        name = entry.filename
        if entry.is_dir() or name.startswith("__MACOSX/") or PurePosixPath(name).suffix.lower() not in MARKDOWN:
            continue
        if ".." in PurePosixPath(name).parts or name.startswith("/") or "\\" in name or ":" in name:
            raise Unreadable(f"This zip names a file outside itself (“{name[:80]}”). Nothing was imported.")
        with packed.open(entry) as file:
            content = file.read(LARGEST_FILE + 1)
        total += len(content)
        if total > LARGEST_ZIP:
            raise Unreadable(_too_large())
        yield name, content


def _too_large() -> str:
    size = LARGEST_ZIP // 1_000_000
    return (
        f"More than {size} MB of text is too much at once. Nothing was imported; split it and import the parts."
    )


def _few_enough(number: int) -> None:
    if number > MOST_FILES:
        raise Unreadable(
            f"There are {number} files in it, and {MOST_FILES} can be imported at once. Nothing was imported; "
            "split it and import the parts."
        )


def read(path: str, content: bytes) -> Page:
    """A file's title, text and header, or Unusable."""
    if len(content) > LARGEST_FILE:
        raise Unusable(f"It is larger than {LARGEST_FILE // 1000} kB")
    if len(path) > 300:
        raise Unusable("Its path is longer than 300 characters")
    try:
        text = texts.clean(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise Unusable("It is not UTF-8 text; save it as UTF-8") from None
    header = _HEADER.match(text + "\n")
    about = dict(_told(header.group(1))) if header else {}
    text = text[header.end() :].strip() if header else text
    head, _, rest = text.partition("\n")
    if not about.get("title") and head.startswith("# "):
        about["title"], text = head.removeprefix("# "), rest
    title = str(
        about.pop("title", "") or PurePosixPath(path).stem.replace("-", " ").replace("_", " ").capitalize()
    )
    if not text.strip():
        raise Unusable("It has no text")
    return Page(path, title.strip()[: texts.LONGEST_TITLE], text.strip(), about)


def _told(header: str) -> Iterable[tuple[str, Any]]:
    for line in header.splitlines():
        name, _, value = line.partition(":")
        name, value = name.strip().lower().replace("-", "_"), value.strip().strip("\"'")
        if name in ("title", "language", "owner"):
            yield name, value[:8] if name == "language" else value
        elif name == "review_by" and value:
            try:
                yield name, date.fromisoformat(value)
            except ValueError:
                raise Unusable(f"review_by is no date like 2027-03-31: “{value[:20]}”") from None


def take_in(
    files: Iterable[tuple[str, bytes]], person: User | None, *, teams: Iterable[Team] = (),
    replies_of: Team | None = None, writable: QuerySet[Any] | None = None,
) -> Taken:  # fmt: skip
    """Articles for the teams (none: all), or saved replies of one. `writable`: the texts that may change."""
    taken, teams = Taken(), list(teams)
    for path, content in files:
        try:
            page = read(path, content)
            _take(page, person, teams, replies_of, writable, taken)
        except Unusable as why:
            taken.refused.append((path, str(why)))
    return taken


def _take(
    page: Page, person: User | None, teams: list[Team], replies_of: Team | None,
    writable: QuerySet[Any] | None, taken: Taken,
) -> None:  # fmt: skip
    about = dict(page.about)
    if "owner" in about:
        about["owner"] = User.objects.filter(email__iexact=about["owner"], is_active=True).first()
    known = _known(page, replies_of)
    if known is None:
        if replies_of:
            texts.new_saved_reply(person, replies_of, page.title, page.text, path=page.path, **about)
        else:
            texts.new_article(person, page.title, page.text, teams, path=page.path, **about)
        taken.new.append(page.path)
        return
    if writable is not None and not writable.filter(pk=known.pk).exists():
        raise Unusable("Others look after the text that came from this path")
    version = known.version
    texts.rewrite(known, person, version, page.title, page.text, why="Imported again")
    texts.describe(known, person, {**about, "path": page.path})
    (taken.same if known.version == version else taken.updated).append(page.path)


def _known(page: Page, replies_of: Team | None) -> texts.Text | None:
    """The text of this path; else one that was written here under the same title, which then gets the path."""
    rows: QuerySet[Any] = SavedReply.objects.filter(team=replies_of) if replies_of else Article.objects.all()
    by_path = rows.filter(path=page.path).first()
    found: texts.Text | None = by_path or rows.filter(path="", title__iexact=page.title).order_by("pk").first()
    return found
