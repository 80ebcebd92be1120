"""The peer for ingest: one Django view that verifies, inserts and commits, and nothing else."""

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import path
from django.utils import timezone

from interactions.crm import signing

_INSERT = "INSERT INTO bare_event (key, body, received_at) VALUES (%s, %s, now()) RETURNING id"


def receive(request: HttpRequest, secret: str) -> JsonResponse:
    headers = {name.lower(): value for name, value in request.headers.items()}
    body = request.read()
    key = signing.verify([f"whsec_{secret}"], headers, body, timezone.now())
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [key, body])
        row = cursor.fetchone()
    return JsonResponse({"event": row[0] if row else 0}, status=202)


urlpatterns = [path("bare/<path:secret>", receive)]
