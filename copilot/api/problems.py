"""Every error is a problem detail (RFC 9457): what happened, what was not lost, what to do next."""

import logging
import traceback
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import Http404
from psycopg_pool import PoolTimeout
from rest_framework import exceptions
from rest_framework.response import Response

from copilot.decisions import Conflict, Refused, Unticked

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"

# Problems that a program may want to tell apart; each has its place on the page of documentation.
KINDS = {
    "changed": "The draft is not what you saw: somebody or something was faster. `state` and `version` are the "
    "present ones; read the draft again and decide anew.",
    "unticked": "The copilot's text goes out unchanged, and it has checks that nobody has ticked. `missing` "
    "lists their ids; send them in `ticks` when a person has looked at each.",
    "refused": "The request is well-formed and cannot be done as it stands; `detail` says why.",
    "invalid": "The body or a parameter could not be understood; `errors` names each field.",
    "in-progress": "A request with this Idempotency-Key is being worked on. Send it again in a moment.",
    "key-reused": "This Idempotency-Key was used for another request. Nothing was done.",
}

_PLAINER: dict[type[Exception], str] = {
    exceptions.NotAuthenticated: "Send a key: `Authorization: Bearer <key>`.",
    exceptions.NotFound: "There is nothing at this address that you may see.",
}


class Problem(exceptions.APIException):
    """One of the KINDS, with its own fields beside the standard ones."""

    def __init__(self, status: int, kind: str, detail: str, **fields: Any) -> None:
        super().__init__(detail)
        self.status_code = status
        self.kind = kind
        self.fields = fields


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = "The body is larger than 1 MiB. Nothing was done."


def as_problem(error: Exception, context: dict[str, Any]) -> Response:
    """The exception handler of every REST view; nothing gets past it."""
    return _answer(_known(error) or _unknown(error))


def _known(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, Refused):
        return _refused(error)
    match error:
        case exceptions.APIException():
            return error
        case Http404():
            return exceptions.NotFound()
        case PermissionDenied():
            return exceptions.PermissionDenied()
        case RequestDataTooBig():
            return TooLarge()
        case OperationalError() | InterfaceError() | PoolTimeout():
            log.warning("rest: the database is away or busy: %s", type(error).__name__)
            return Unavailable()
    return None


class Unavailable(exceptions.APIException):
    status_code = 503
    default_detail = "The database is away or busy. Nothing was done; send it again in a moment."
    wait = 5


def _refused(error: Refused) -> Problem:
    match error:
        case Unticked():
            return Problem(422, "unticked", str(error), missing=error.missing)
        case Conflict(draft=None):
            return Problem(409, "changed", str(error))
        case Conflict(draft=draft):
            assert draft is not None
            return Problem(409, "changed", str(error), draft=draft.pk, state=draft.state, version=draft.version)
    return Problem(422, "refused", str(error))


def _unknown(error: Exception) -> exceptions.APIException:
    """An error of ours. Its message may hold a customer's words, so only the way to it is logged."""
    where = "".join(traceback.format_tb(error.__traceback__))
    log.error("rest: an error of ours: %s\n%s", type(error).__name__, where)
    return exceptions.APIException("Something broke on our side, and it is in our log. Nothing was done.")


def _answer(error: exceptions.APIException) -> Response:
    body = {
        "type": "about:blank",
        "title": HTTPStatus(error.status_code).phrase,
        "status": error.status_code,
        **_words(error),
    }
    answer = Response(body, status=error.status_code, content_type=MEDIA_TYPE)
    if header := getattr(error, "auth_header", None):
        answer["WWW-Authenticate"] = header
    if wait := getattr(error, "wait", None):
        answer["Retry-After"] = str(int(wait))
    return answer


def _words(error: exceptions.APIException) -> dict[str, Any]:
    if isinstance(error, Problem):
        return {"type": _type(error.kind), "detail": str(error.detail), **error.fields}
    if isinstance(error, exceptions.ValidationError):
        errors = error.detail if isinstance(error.detail, dict) else {"body": error.detail}
        return {"type": _type("invalid"), "detail": _first(errors), "errors": errors}
    said = str(error.detail)
    return {"detail": _PLAINER.get(type(error), said) if said == error.default_detail else said}


def _type(kind: str) -> str:
    return f"/api/v1/docs/#problem-{kind}"


def _first(errors: dict[str, Any]) -> str:
    """One sentence for people; the rest is in `errors`."""
    field, found = next(iter(errors.items()))
    while isinstance(found, list | dict) and found:
        found = next(iter(found.values())) if isinstance(found, dict) else found[0]
    return f"{field}: {found}"
