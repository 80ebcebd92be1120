"""A mailbox over IMAP (RFC 3501), read from one UID on and never changed: nothing is deleted, moved or marked.

A mailbox numbers its mails upwards for as long as its UIDVALIDITY stays the same.
"""

import imaplib
import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from django.conf import settings
from django.utils import timezone

from interactions.crm import targets
from interactions.crm.base import CrmError, Delivery, Page, with_headers
from interactions.crm.mailposts import RAW
from interactions.models import Connection

TIMEOUT_SECONDS = 20
MOST_BYTES = 25 * 1024 * 1024
MAILS_A_PAGE = 50
WINDOW = 10_000  # UIDs that are searched at once: a line of an answer has a limit
WINDOWS_A_PAGE = 20
TYPE = "mail.received"
MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class _Pinned(imaplib.IMAP4_SSL):
    """Connects to the address that was checked, and speaks TLS to the name."""

    def __init__(self, target: targets.Target) -> None:
        self._target = target
        super().__init__(
            target.host, target.port, ssl_context=ssl.create_default_context(), timeout=TIMEOUT_SECONDS
        )

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = socket.create_connection((self._target.address, self._target.port), timeout)
        return self.ssl_context.wrap_socket(plain, server_hostname=self._target.host)


class Mailbox:
    """One folder, opened for reading. `last` is the highest UID it has given out."""

    def __init__(self, imap: imaplib.IMAP4, folder: str) -> None:
        quoted = '"' + folder.replace("\\", "\\\\").replace('"', '\\"') + '"'
        answer = _said(imap.status(quoted, "(UIDVALIDITY UIDNEXT)"))
        self._imap = imap
        self.validity = _number(rb"UIDVALIDITY (\d+)", answer)
        self.last = _number(rb"UIDNEXT (\d+)", answer) - 1
        _said(imap.select(quoted, readonly=True))

    def page(self, after: int, until: int, since: str = "") -> tuple[list[Delivery], int]:
        """A page of mails with UIDs above `after`, and the UID up to which all were looked at."""
        for _ in range(WINDOWS_A_PAGE):
            if after >= until:
                break
            end = min(after + WINDOW, until)
            found = self._search(after, end, since)
            if found:
                return self._read(found, end)
            after = end
        return [], after

    def _search(self, after: int, end: int, since: str) -> list[int]:
        wanted = f"UID {after + 1}:{end}" + (f" SINCE {since}" if since else "")
        return sorted(int(uid) for uid in _said(self._imap.uid("SEARCH", wanted)).split())

    def _read(self, uids: list[int], end: int) -> tuple[list[Delivery], int]:
        read: list[Delivery] = []
        size = 0
        for uid in uids:
            if len(read) >= MAILS_A_PAGE or size > MOST_BYTES:
                return read, uid - 1
            one = self._mail(uid)
            if one:
                read.append(one)
                size += len(one.body)
        return read, end

    def _mail(self, uid: int) -> Delivery | None:
        """None when it was deleted in the meantime. BODY.PEEK leaves it unread for whoever reads it there."""
        found = _SIZE.search(_said(self._imap.uid("FETCH", str(uid), "(RFC822.SIZE)")))
        if found is None:
            return None
        too_large = int(found[1]) > MOST_BYTES
        part = "BODY.PEEK[HEADER]" if too_large else "BODY.PEEK[]"
        _, told = self._imap.uid("FETCH", str(uid), f"(INTERNALDATE {part})")
        for one in told:
            if isinstance(one, tuple):
                broken = "the mail is larger than 25 MiB; it is still in its mailbox" if too_large else ""
                return self._delivery(uid, _arrived(b" ".join(_bytes_of(told))), one[1], broken)
        return None

    def _delivery(self, uid: int, arrived: datetime, raw: bytes, broken: str) -> Delivery:
        kept = with_headers({"content-type": RAW, "date": format_datetime(arrived)}, raw)
        return Delivery(f"imap-{self.validity}-{uid}", TYPE, kept, broken)


@contextmanager
def mailbox(connection: Connection) -> Iterator[Mailbox]:
    """The connection's folder; raises CrmError when it cannot be opened or the line breaks."""
    config = connection.config
    target = targets.check(f"https://{config['imap_host']}:{config.get('imap_port') or 993}")
    imap = None
    try:
        imap = _open(target)
        _let_in(imap, config.get("imap_user", ""), connection.credentials.get("imap_password", ""))
        yield Mailbox(imap, config.get("imap_folder") or "INBOX")
    except (imaplib.IMAP4.error, OSError) as error:
        what = f"the mail server did not answer as it should ({type(error).__name__})"
        raise CrmError(what, permanent=False) from None
    finally:
        if imap is not None:
            with suppress(imaplib.IMAP4.error, OSError):
                imap.logout()


def _open(target: targets.Target) -> imaplib.IMAP4:
    """With TLS from the first byte; without it only on loopback, which only a test install allows."""
    if settings.ALLOW_LOOPBACK_TARGETS and ipaddress.ip_address(target.address).is_loopback:
        return imaplib.IMAP4(target.address, target.port, TIMEOUT_SECONDS)
    return _Pinned(target)


def _let_in(imap: imaplib.IMAP4, user: str, password: str) -> None:
    try:
        imap.login(user, password)
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error:
        raise CrmError("the mail server does not accept the user and password", permanent=True) from None


def poll(connection: Connection, cursor: Mapping[str, Any]) -> Page:
    """Mails that came since the cursor; when the mailbox was numbered anew, those since a day before the last
    look, which those that are here already collapse with."""
    with mailbox(connection) as box:
        if not cursor:
            return Page((), _cursor(box, box.last))
        is_same = cursor["uidvalidity"] == box.validity
        since = cursor.get("since", "") if is_same else _day(cursor["looked"])
        mails, looked_at = box.page(cursor["uid"] if is_same else 0, box.last, since)
        more = {"since": since} if since and looked_at < box.last else {}
        return Page(mails, _cursor(box, looked_at, **more))


def history(connection: Connection, cursor: Mapping[str, Any]) -> Page:
    """The folder from its beginning up to what was its end when this was started."""
    with mailbox(connection) as box:
        is_same = cursor.get("uidvalidity") == box.validity
        after, end = (cursor["uid"], cursor["end"]) if is_same else (0, box.last)
        mails, looked_at = box.page(after, end)
        return Page(mails, _cursor(box, looked_at, end=end) if looked_at < end else None)


def _cursor(box: Mailbox, uid: int, **more: Any) -> dict[str, Any]:
    return {"uidvalidity": box.validity, "uid": uid, "looked": timezone.now().date().isoformat(), **more}


def _day(looked: str) -> str:
    """A day before, as IMAP writes dates: its months are English wherever the server stands."""
    day = datetime.fromisoformat(looked) - timedelta(days=1)
    return f"{day.day}-{MONTHS[day.month - 1]}-{day.year}"


def _said(answer: tuple[str, list[Any]]) -> bytes:
    """The words of an answer; raises imaplib's error when it is not OK."""
    result, told = answer
    if result != "OK":
        raise imaplib.IMAP4.error(result)
    return b" ".join(_bytes_of(told))


def _bytes_of(told: list[Any]) -> Iterator[bytes]:
    for one in told:
        if isinstance(one, tuple):
            yield one[0]
        elif isinstance(one, bytes):
            yield one


def _number(pattern: bytes, answer: bytes) -> int:
    found = re.search(pattern, answer)
    if found is None:
        raise imaplib.IMAP4.error("a number is missing")
    return int(found[1])


def _arrived(answer: bytes) -> datetime:
    """When the server took the mail in."""
    local = imaplib.Internaldate2tuple(answer)
    return datetime.fromtimestamp(time.mktime(local), UTC) if local else timezone.now()
