"""A mail as it is written (RFC 5322, MIME), read as a fact. What senders get wrong is mended, not refused."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import getaddresses, parsedate_to_datetime, quote
from hashlib import sha256
from typing import Any

from customers.facts import ContactFact
from interactions.crm.base import Agent, MessageFact, Unreadable

MOST_PARTS = 500
MOST_CHARACTERS = 500_000  # of a text; what is longer is cut
MOST_ADDRESSES = 100
MOST_REFERENCES = 50
CLOCKS_DIFFER = timedelta(minutes=10)
# What tells automatic mail from people's, and proven from unproven; nothing else of the head is kept.
HEADERS = (
    "auto-submitted", "authentication-results", "list-id", "list-unsubscribe", "precedence", "return-path",
    "x-autoreply", "x-rapport-delivery",
)  # fmt: skip
_ID = re.compile(r"<[^<>\s]{1,200}>")
_ADDRESS = re.compile(r"[^\s@<>,;:\"()\[\]]{1,64}@[^\s@<>,;:\"()\[\]]{1,130}")


def fact_of(mail: Message, arrived: datetime) -> MessageFact:
    """`arrived`: when it came to us, which a Date from the future falls back to.

    Raises Unreadable for what is no mail at all.
    """
    head = _head(mail)
    if not head.keys() & {"from", "date", "subject", "message-id", "received"}:
        raise Unreadable("this is no mail: it has neither From, Date, Subject nor Message-ID")
    sent_at = _sent_at(head, arrived)
    text, html, attached = _body(mail)
    name, address = _sender(head)
    subject = _words(head.get("subject", [""])[0])
    contact = ContactFact(address, name[:200], address, changed_at=sent_at) if address else None
    return MessageFact(
        by_us=False, conversation="", subject=subject[:300], channel="email", contact=contact,
        external_id=_message_id(head, text, html), text=text, html=html, sent_at=sent_at,
        to=_addresses(head, "to"), cc=_addresses(head, "cc"),
        attachments=tuple(told for told, _ in attached),
        contents={told["sha256"]: content for told, content in attached if content is not None},
        headers={name: _words(head[name][0])[:2000] for name in HEADERS if name in head},
        author=Agent(name=name, email=address), references=_references(head),
    )  # fmt: skip


def _head(mail: Message) -> dict[str, list[str]]:
    """The raw values by lower-case name, the topmost first; folded lines are joined."""
    head: dict[str, list[str]] = {}
    for name, value in mail.raw_items():
        head.setdefault(str(name).lower(), []).append(" ".join(_clean(_raw(value)).split()))
    return head


def _raw(value: object) -> str:
    """As it was sent. A header that was decoded already could hide a second address in a display name."""
    people = getattr(value, "addresses", None)
    if people is None:
        return str(value)
    return ", ".join(f'"{quote(one.display_name)}" <{one.addr_spec}>' for one in people)


def _clean(text: str) -> str:
    """Bytes that are no ASCII are read as UTF-8; PostgreSQL keeps neither NUL nor half a surrogate pair."""
    if text.isascii():
        return text.replace("\x00", "\ufffd")
    whole = text.encode("utf-8", "surrogateescape" if _is_escaped(text) else "replace")
    return whole.decode("utf-8", "replace").replace("\x00", "\ufffd")


def _is_escaped(text: str) -> bool:
    """Whether all its surrogates stand for single bytes, as the email package has them."""
    return all("\udc80" <= one <= "\udcff" for one in text if "\ud800" <= one <= "\udfff")


def _words(raw: str) -> str:
    """A header's text with its encoded words decoded, or as it came where they are garbage."""
    try:
        return _clean(str(make_header(decode_header(raw)))).strip()
    except (LookupError, ValueError, HeaderParseError):
        return raw.strip()


def _people(head: dict[str, list[str]], name: str) -> list[tuple[str, str]]:
    """Names and addresses, in lower case; a display name is never taken for an address."""
    found = [
        (_words(shown), address.strip().lower())
        for shown, address in getaddresses(head.get(name, []))
        if _ADDRESS.fullmatch(address.strip())
    ]
    return found[:MOST_ADDRESSES]


def _sender(head: dict[str, list[str]]) -> tuple[str, str]:
    """A From that names several, or nobody, names nobody that could be known here."""
    people = _people(head, "from")
    if len(people) == 1 and len(head["from"]) == 1:
        return people[0]
    return _words(" ".join(head.get("from", [])))[:200], ""


def _addresses(head: dict[str, list[str]], name: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(address for _, address in _people(head, name)))


def _references(head: dict[str, list[str]]) -> tuple[str, ...]:
    """Where there are too many, the one that began it and the newest are worth most."""
    raw = " ".join([*head.get("references", []), *head.get("in-reply-to", [])])
    ids = list(dict.fromkeys(_ID.findall(raw)))
    return tuple(ids if len(ids) <= MOST_REFERENCES else [ids[0], *ids[1 - MOST_REFERENCES :]])


def _message_id(head: dict[str, list[str]], text: str, html: str) -> str:
    """Its Message-ID; where it has none, a digest that is the same each time this mail is told."""
    named = _ID.search(head.get("message-id", [""])[0])
    if named and len(named[0]) <= 200:
        return named[0]
    told = [head.get(name, [""])[0] for name in ("message-id", "from", "date", "subject")]
    return "sha256-" + sha256("\n".join([*told, text, html]).encode()).hexdigest()


def _sent_at(head: dict[str, list[str]], arrived: datetime) -> datetime:
    try:
        moment = parsedate_to_datetime(head.get("date", [""])[0])
        written = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (TypeError, ValueError, OverflowError, IndexError):
        return arrived
    return written if written.year > 1980 and written <= arrived + CLOCKS_DIFFER else arrived


type _Attached = tuple[dict[str, Any], bytes | None]


def _body(mail: Message) -> tuple[str, str, list[_Attached]]:
    """The text, the HTML, and what is attached: its name, type, size and digest, and its bytes."""
    texts: dict[str, list[str]] = {"text/plain": [], "text/html": []}
    attached = []
    for part in _leaves(mail):
        kind, name = part.get_content_type(), part.get_filename()
        if name or part.get_content_disposition() == "attachment" or kind not in texts:
            attached.append(_attached(part, kind, name))
        else:
            texts[kind].append(_text(part))
    text, html = ("\n\n".join(texts[kind])[:MOST_CHARACTERS] for kind in ("text/plain", "text/html"))
    return text, html, attached


def _leaves(mail: Message) -> Iterator[Message]:
    """The parts that hold something, in order; a mail within a mail is one of them."""
    waiting, seen = [mail], 0
    while waiting and seen < MOST_PARTS:
        part, seen = waiting.pop(), seen + 1
        inner = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(inner, list):
            waiting.extend(one for one in reversed(inner) if isinstance(one, Message))
        else:
            yield part


def _attached(part: Message, kind: str, name: str | None) -> _Attached:
    inner = part.get_payload(decode=True)
    told: dict[str, Any] = {"name": _words(_clean(name or ""))[:200] or kind, "type": kind[:100]}
    if not isinstance(inner, bytes):
        return told, None
    return {**told, "size": len(inner), "sha256": sha256(inner).hexdigest()}, inner


def _text(part: Message) -> str:
    """In the charset that it names, or in the one it is really in."""
    raw = part.get_payload(decode=True)
    if not isinstance(raw, bytes):
        return ""
    for charset in (part.get_content_charset("utf-8"), "utf-8"):
        try:
            return _plain(raw.decode(charset))
        except (LookupError, ValueError):
            continue
    return _plain(raw.decode("cp1252", "replace"))


def _plain(text: str) -> str:
    return _clean(text).replace("\r\n", "\n").replace("\r", "\n").strip()
