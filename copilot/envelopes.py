"""What a person wrote around the words of a reply, made fit to leave: addresses, header lines, files."""

from collections.abc import Mapping, Sequence

from interactions import files
from interactions.crm.registry import crm_for
from interactions.letter import Attached
from interactions.models import Connection, Conversation


class Unfit(ValueError):
    """It cannot leave so; the message is for the person who tried."""


def addresses(changed: Sequence[str] | None, proposed: Sequence[str]) -> tuple[str, ...]:
    """Raises Unfit for what is no mail address."""
    chosen = proposed if changed is None else changed
    cleaned = tuple(dict.fromkeys(one_line(one) for one in chosen if one.strip()))
    for one in cleaned:
        name, _, domain = one.rpartition("@")
        if not name or "." not in domain or " " in one or len(one) > 254:
            raise Unfit(f"“{one[:80]}” is not an email address.")
    return cleaned


def one_line(text: str) -> str:
    """Header fields hold no line breaks, so that nobody can smuggle in another header."""
    return " ".join(text.split())[:998]


def attachments(
    conversation: Conversation, carrier: Connection | None, changed: Sequence[str] | None,
    proposed: Sequence[Mapping[str, str]],
) -> tuple[Attached, ...]:  # fmt: skip
    """`carrier`: the CRM by which it leaves, or None for mail. Raises Unfit, also where it takes no files."""
    if changed is None:
        return tuple(Attached(**one) for one in proposed)
    about = crm_for(carrier.kind).about if carrier else None
    if changed and about and not about.sends_files:
        raise Unfit(f"Files cannot leave by {about.label} yet. Take them off, or send them there.")
    try:
        return files.named(conversation, changed)
    except files.Unfit as error:
        raise Unfit(str(error)) from None
