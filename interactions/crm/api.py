"""Ask a vendor's API: JSON over a pinned address, no redirects, and errors that say whether to try again."""

import json
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from interactions.crm import post
from interactions.crm.base import Answer, CrmError

MOST_BYTES = 8 * 1024 * 1024
READING_SECONDS = 20


class Refused(CrmError):
    """The vendor answered, and not with 2xx."""

    def __init__(self, status: int, body: str, retry_after: float | None) -> None:
        permanent = status < 500 and status not in (408, 425, 429)
        super().__init__(f"the CRM answered {status}", permanent=permanent, retry_after=retry_after)
        self.status = status
        self.body = body


class Away(CrmError):
    """Nobody answered. `uncertain`: what we sent may have arrived all the same."""

    def __init__(self, what: str, *, uncertain: bool) -> None:
        super().__init__(f"the CRM did not answer ({what})", permanent=False)
        self.uncertain = uncertain


def ask(
    method: str,
    url: str,
    headers: Mapping[str, str],
    *,
    body: Any = None,
    params: Mapping[str, Any] | None = None,
) -> Any:
    """The answer's JSON, None when it is empty; bytes are sent as they are. Raises CrmError (Refused, Away)."""
    sent = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
    try:
        with post.opened(
            method, _with(url, params), {**headers, "Accept": "application/json"}, sent
        ) as response:
            text = _all_of(response)
    except httpx.ConnectError as error:
        raise Away(type(error).__name__, uncertain=False) from None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise Away(type(error).__name__, uncertain=True) from None
    if not 200 <= response.status_code < 300:
        wait = post.seconds(response.headers.get("retry-after", ""))
        raise Refused(response.status_code, text[: post.KEPT_BYTES].decode(errors="replace"), wait)
    return _decoded(text)


def _with(url: str, params: Mapping[str, Any] | None) -> str:
    return str(httpx.URL(url).copy_merge_params(params)) if params else url


def _all_of(response: httpx.Response) -> bytes:
    kept, end = b"", time.monotonic() + READING_SECONDS
    for chunk in response.iter_raw():
        kept += chunk
        if len(kept) > MOST_BYTES:
            raise CrmError("the CRM's answer is larger than 8 MiB", permanent=True)
        if time.monotonic() > end:
            raise httpx.ReadTimeout("the answer drips")
    return kept


def _decoded(text: bytes) -> Any:
    if not text.strip():
        return None
    try:
        return json.loads(text)
    except ValueError:
        raise CrmError("the CRM's answer is not JSON", permanent=False) from None


type Made = str | Callable[[Any], str]


def tell(method: str, url: str, headers: Mapping[str, str], *, body: Any, made: Made = "id") -> Answer:
    """Make the vendor do something that must not happen twice; `made` names or finds the id in its answer.

    When it may have happened the answer is `unknown`: the vendor is asked before it is tried again.
    """
    started = time.monotonic()
    answer = _told(method, url, headers, body, made)
    spent = int((time.monotonic() - started) * 1000)
    return Answer(
        answer.result, answer.status, answer.body, answer.retry_after, spent, answer.external_id
    )  # fmt: skip


def _told(method: str, url: str, headers: Mapping[str, str], body: Any, made: Made) -> Answer:
    try:
        found = ask(method, url, headers, body=body)
    except Refused as error:
        result = "unknown" if error.status >= 500 else "dead" if error.permanent else "retry"
        return Answer(result, error.status, error.body, error.retry_after)
    except Away as error:
        return Answer("unknown" if error.uncertain else "retry", body=str(error))
    except CrmError as error:
        # It answered 2xx, so it was done; only its words are of no use.
        return Answer("dead" if error.permanent else "unknown", body=str(error))
    return Answer("sent", 200, external_id=_id_in(found, made))


def _id_in(found: Any, made: Made) -> str:
    if callable(made):
        return made(found)
    for name in made.split("."):
        found = found.get(name) if isinstance(found, dict) else None
    return str(found) if found is not None else ""
