"""The door for CRM deliveries: 202 only after the row is committed."""

import logging
from uuid import UUID

from django.db import InterfaceError, OperationalError
from django.db import connection as database
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST
from psycopg_pool import PoolTimeout

from interactions import inbox
from interactions.crm.base import Unreadable, Unverified
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
    connection = _connection(connection_id)
    if connection is None:
        return _says(404, "There is no such connection.")
    if connection.revoked_at:
        return _says(410, "This connection was revoked.")
    body = _body(request)
    if body is None:
        inbox.refuse(connection, "the body is larger than 1 MiB")
        return _says(413, "The body is larger than 1 MiB.")
    headers = {name.lower(): value for name, value in request.headers.items()}
    try:
        event, duplicate = inbox.record(connection, headers, body)
    except Unverified as error:
        return _says(401, f"Not accepted: {error}.")
    except Unreadable as error:
        return _says(400, f"Kept, but not readable: {error}.")
    return JsonResponse({"event": event, "duplicate": duplicate}, status=202)


_DOOR = ("id", "kind", "sealed_secrets", "paused_at", "revoked_at")
_DOOR_SQL = f"SELECT {', '.join(_DOOR)} FROM interactions_connection WHERE id = %s"


def _connection(connection_id: UUID) -> Connection | None:
    """Only what the door needs, by plain SQL: building the query anew cost more than running it."""
    with database.cursor() as cursor:
        cursor.execute(_DOOR_SQL, [connection_id])
        row = cursor.fetchone()
    return Connection.from_db("default", _DOOR, row) if row else None


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
