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
from interactions.crm.registry import crm_for
from interactions.models import Connection

log = logging.getLogger(__name__)


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
    known = _known.get(connection_id)
    connection = known or _read(connection_id)
    if connection is None:
        return _says(404, "There is no such connection.")
    body = _body(request, crm_for(connection.kind).about.most_bytes)
    call = _call(request, body or b"")
    if known is not None:
        try:
            if body is not None:
                return _take(known, call)
        except (inbox.Outdated, Unverified):
            pass  # its row has changed since it was read; perhaps its secrets
        connection = _read(connection_id)
    return _take_afresh(connection, call, too_large=body is None)


def _call(request: HttpRequest, body: bytes) -> Call:
    """What some vendors sign is the public address, which a proxy in front of us has changed."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    return Call(settings.PUBLIC_URL + request.get_full_path(), headers, body)


def _take_afresh(connection: Connection | None, call: Call, *, too_large: bool) -> HttpResponse:
    if connection is None:
        return _says(404, "There is no such connection.")
    if connection.revoked_at:
        return _says(410, "This connection was revoked.")
    if too_large:
        most = f"larger than {crm_for(connection.kind).about.most_bytes // 1024**2} MiB"
        inbox.refuse(connection, f"the body is {most}")
        return _says(413, f"The body is {most}.")
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
    _known.pop(connection_id, None)
    if row is None:
        return None
    connection = Connection.from_db("default", _DOOR, row[:-1])
    connection.version = row[-1]
    if not connection.revoked_at:
        _known[connection_id] = connection
    return connection


def _body(request: HttpRequest, most: int) -> bytes | None:
    """The raw bytes, or None when there are too many; never more than the limit is read."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    if not length.isdecimal() or int(length) > most:
        return None
    # A body in chunks has no length, and Django would read nothing of it.
    in_chunks = "chunked" in request.META.get("HTTP_TRANSFER_ENCODING", "").lower()
    source = request.META["wsgi.input"] if in_chunks else request
    body: bytes = source.read(most + 1)
    return body if len(body) <= most else None


def _says(status: int, sentence: str) -> JsonResponse:
    return JsonResponse({"error": sentence}, status=status)
