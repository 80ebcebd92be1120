"""The door for CRM deliveries: 202 only after the row is committed.

A connection is read once a process and remembered; each insert checks, in the same statement, that
its row is still the one that was read. Half of the door's queries were that look-up.
"""

import logging
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from psycopg_pool import PoolTimeout

from interactions import inbox
from interactions.crm.base import Call, Unreadable, Unverified
from interactions.models import Connection

log = logging.getLogger(__name__)

MOST_BYTES = 1024 * 1024


@csrf_exempt
@require_POST
def receive(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    try:
        return _receive(request, connection_id)
    except (OperationalError, InterfaceError, PoolTimeout):
        log.warning("webhook: the database is away")
        answer = _says(503, "The database is away. Nothing was kept; please send it again.")
        answer["Retry-After"] = "5"
        return answer


def _receive(request: HttpRequest, connection_id: UUID) -> HttpResponse:
    body = _body(request)
    known = _known.get(connection_id)
    call = _call(request, body or b"")
    if known is not None and body is not None:
        try:
            return _take(known, call)
        except (inbox.Outdated, Unverified):
            pass  # its row has changed since it was read; perhaps its secrets
    return _receive_afresh(connection_id, call, too_large=body is None)


def _call(request: HttpRequest, body: bytes) -> Call:
    """What some vendors sign is the public address, which a proxy in front of us has changed."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(settings.PUBLIC_URL + request.get_full_path(), headers, body)


def _receive_afresh(connection_id: UUID, call: Call, *, too_large: bool) -> HttpResponse:
    connection = _read(connection_id)
    if connection is None:
        return _says(404, "There is no such connection.")
    if connection.revoked_at:
        return _says(410, "This connection was revoked.")
    if too_large:
        inbox.refuse(connection, "the body is larger than 1 MiB")
        return _says(413, "The body is larger than 1 MiB.")
    try:
        return _take(connection, call)
    except Unverified as error:
        inbox.refuse(connection, str(error))
        return _says(401, f"Not accepted: {error}.")


def _take(connection: Connection, call: Call) -> HttpResponse:
    try:
        event, duplicate = inbox.record(connection, call)
    except Unreadable as error:
        return _says(400, f"Kept, but not readable: {error}.")
    return JsonResponse({"event": event, "duplicate": duplicate}, status=202)


# What this process last read of each connection; `inbox.record` inserts only while that is still the row.
_known: dict[UUID, Connection] = {}
_DOOR = ("id", "kind", "sealed_secrets", "paused_at", "revoked_at")
_DOOR_SQL = f"SELECT {', '.join(_DOOR)}, {inbox.VERSION} FROM interactions_connection WHERE id = %s"


def _read(connection_id: UUID) -> Connection | None:
    """Only what the door needs, by plain SQL: building the query anew cost more than running it."""
    with database.cursor() as cursor:
        cursor.execute(_DOOR_SQL, [connection_id])
        row = cursor.fetchone()
    if row is None:
        _known.pop(connection_id, None)
        return None
    connection = Connection.from_db("default", _DOOR, row[:-1])
    connection.version = row[-1]
    if not connection.revoked_at:
        _known[connection_id] = connection
    return connection


def _body(request: HttpRequest) -> bytes | None:
    """The raw bytes, or None when there are too many; never more than the limit is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > MOST_BYTES:
        return None
    # A body in chunks has no length, and Django would read nothing of it.
    in_chunks = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    source = request.META["wsgi.input"] if in_chunks else request
    body: bytes = source.read(MOST_BYTES + 1)
    return body if len(body) <= MOST_BYTES else None


def _says(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)
