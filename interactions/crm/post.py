"""One signed POST to a receiver: no redirects, a pinned address, the first 1 KiB of the answer."""

import email.utils
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from functools import cache
from urllib.parse import urlsplit

import httpx
from django.utils import timezone

from interactions.crm import signing, targets
from interactions.crm.base import Answer, CrmError
from interactions.models import Connection, OutboxMessage

TIMEOUT_SECONDS = 20
KEPT_BYTES = 1024
READING_SECONDS = 5

# What the receiver's clock said when it last answered this worker: its news are dated by that clock.
heard_at: ContextVar[datetime | None] = ContextVar("heard_at", default=None)


def body_of(row: OutboxMessage) -> bytes:
    """The envelope around the approved bytes; the payload itself stands in it unchanged."""
    head = {"type": row.type, "timestamp": row.created_at.astimezone(UTC).isoformat()}
    return json.dumps(head).encode()[:-1] + b', "data": ' + bytes(row.payload) + b"}"


def deliver(connection: Connection, row: OutboxMessage) -> Answer:
    """Send the row once. What the network does comes back as an Answer, never as an exception."""
    started = time.monotonic()
    body = body_of(row)
    headers = signing.sign(connection.secrets, str(row.pk), timezone.now(), body)
    try:
        answer = _post(connection.deliver_to, headers, body)
    except CrmError as error:
        answer = Answer("dead" if error.permanent else "retry", body=str(error))
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        # It may have arrived. A webhook repeats with the same webhook-id, so asking again is safe.
        answer = Answer("retry", body=type(error).__name__)
    spent = int((time.monotonic() - started) * 1000)
    return Answer(answer.result, answer.status, answer.body, answer.retry_after, spent)


def _post(url: str, headers: dict[str, str], body: bytes) -> Answer:
    with opened("POST", url, {**headers, "Connection": "close"}, body) as response:
        return read(response.status_code, dict(response.headers), _start_of(response))


@contextmanager
def opened(
    method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
) -> Iterator[httpx.Response]:
    """A response whose body is still to be read, from an address that was checked and is pinned."""
    target = targets.check(url)
    parts = urlsplit(url)
    pinned = f"{parts.scheme}://{_at(target.address, target.port)}{parts.path or '/'}"
    pinned += f"?{parts.query}" if parts.query else ""
    host = _at(target.host, parts.port) if parts.port else _at(target.host)
    sent = {
        "Content-Type": "application/json", "Accept-Encoding": "identity", "User-Agent": "Rapport",
        **headers, "Host": host,
    }  # fmt: skip
    with (
        httpx.Client(timeout=TIMEOUT_SECONDS, verify=_tls(), trust_env=False) as client,
        client.stream(
            method, pinned, content=body, headers=sent, extensions={"sni_hostname": target.host}
        ) as response,
    ):
        heard_at.set(_moment(response.headers.get("date", "")))
        yield response


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _at(host: str, port: int | None = None) -> str:
    bracketed = f"[{host}]" if ":" in host else host
    return f"{bracketed}:{port}" if port else bracketed


def _start_of(response: httpx.Response) -> str:
    """The first 1 KiB as it came: unpacked, a small answer could fill the memory. The status is
    known by now, so a body that drips or breaks off is not waited for."""
    kept, end = b"", time.monotonic() + READING_SECONDS
    try:
        for chunk in response.iter_raw():
            kept += chunk
            if len(kept) >= KEPT_BYTES or time.monotonic() > end:
                break
    except httpx.HTTPError as error:
        kept += f" ({type(error).__name__})".encode()
    return kept[:KEPT_BYTES].decode(errors="replace").replace("\x00", "\ufffd")


def read(status: int, headers: dict[str, str], body: str) -> Answer:
    """2xx is sent, 410 switches the receiver off, all else is tried again later."""
    if 200 <= status < 300:
        return Answer("sent", status, body)
    if status == 410:
        return Answer("gone", status, body)
    return Answer("retry", status, body, retry_after=seconds(headers.get("retry-after", "")))


def seconds(header: str) -> float | None:
    """`retry-after` in seconds, given as a number or a date; at most a day is believed."""
    if header.strip().isdigit():
        return min(float(header), 86400.0)
    moment = _moment(header)
    return min(max((moment - datetime.now(UTC)).total_seconds(), 0.0), 86400.0) if moment else None


def _moment(header: str) -> datetime | None:
    try:
        moment = email.utils.parsedate_to_datetime(header)
    except (TypeError, ValueError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
