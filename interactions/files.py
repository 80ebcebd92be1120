"""Keep the files of a conversation, and find those that a letter names by exactly what is in them."""

from collections.abc import Iterable
from hashlib import sha256

from django.core.files.uploadedfile import UploadedFile

from interactions.letter import Attached
from interactions.models import Conversation, File, Message
from people.models import User

MOST_FILES = 10  # that leave with one reply
MOST_BYTES = 20 * 1024 * 1024  # together; most mail servers take 25 MB, and mail makes them a third larger


class Unfit(ValueError):
    """It cannot be added; the message is for the person who tried."""


def keep_what_came(message: Message, contents: dict[str, bytes]) -> None:
    """What a message brought along, under the names it has there."""
    told = {one["sha256"]: one for one in message.attachments if one.get("sha256") in contents}
    File.objects.bulk_create(
        [
            File(
                conversation_id=message.conversation_id, sha256=digest, name=one["name"],
                type=one.get("type", ""), size=len(contents[digest]), content=contents[digest],
            )
            for digest, one in told.items()
        ],
        ignore_conflicts=True,
    )  # fmt: skip


def add(conversation: Conversation, uploaded: UploadedFile, person: User) -> File:
    """One that a person chose; the same one twice is one. Raises Unfit."""
    if not uploaded.size:
        raise Unfit(f"{uploaded.name} is empty.")
    if uploaded.size > MOST_BYTES:
        raise Unfit(f"{uploaded.name} is larger than 20 MB.")
    content = uploaded.read()
    name = " ".join((uploaded.name or "file").split())[:200]
    about = {"name": name, "type": (uploaded.content_type or "")[:100], "size": len(content), "person": person}
    file, _ = File.objects.get_or_create(
        conversation=conversation, sha256=sha256(content).hexdigest(), defaults={**about, "content": content}
    )
    return file


def named(conversation: Conversation, digests: Iterable[str]) -> tuple[Attached, ...]:
    """The conversation's files of these digests, in their order. Raises Unfit."""
    wanted = list(dict.fromkeys(digests))
    files = File.objects.filter(conversation=conversation, sha256__in=wanted).defer("content")
    known = {one.sha256: one for one in files}
    if any(one not in known for one in wanted):
        raise Unfit("A file is not kept here any more. Add it again.")
    if len(wanted) > MOST_FILES or sum(one.size for one in known.values()) > MOST_BYTES:
        raise Unfit(f"At most {MOST_FILES} files of 20 MB together leave with a reply.")
    return tuple(Attached(known[one].name, one) for one in wanted)


def contents_of(conversation_id: int, attached: Iterable[Attached]) -> list[tuple[str, bytes, str]]:
    """Name, bytes and type of each, as approved. Raises Unfit where one is gone or differs."""
    wanted = list(attached)
    files = {
        one.sha256: one
        for one in File.objects.filter(conversation=conversation_id, sha256__in=[one.sha256 for one in wanted])
    }
    found = []
    for one in wanted:
        file = files.get(one.sha256)
        content = bytes(file.content) if file else b""
        if file is None or sha256(content).hexdigest() != one.sha256:
            raise Unfit(f"{one.name} is not kept as it was approved.")
        found.append((one.name, content, file.type or "application/octet-stream"))
    return found
