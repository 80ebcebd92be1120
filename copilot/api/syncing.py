"""What is fetched from a connection's CRM: see how far it is, start a backfill or a comparison."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.generics import GenericAPIView, get_object_or_404
from rest_framework.mixins import ListModelMixin
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.api import bodies, reach
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.idempotency import once
from copilot.api.keys import caller
from copilot.api.problems import Problem
from copilot.api.shapes import SyncSerializer
from interactions import sync
from interactions.models import Connection, Sync


class ConnectionSyncs(ListModelMixin, Door, GenericAPIView[Any]):
    """For admins and the team's leads, as the connection itself."""

    people_only = True
    serializer_class = SyncSerializer

    def get_queryset(self) -> QuerySet[Sync]:
        if getattr(self, "swagger_fake_view", False):  # the OpenAPI document is made without a caller
            return Sync.objects.none()
        return Sync.objects.filter(connection=self._connection(self.request, self.kwargs["pk"]))

    def _connection(self, request: Request, pk: UUID) -> Connection:
        return get_object_or_404(reach.connections(caller(request)), pk=pk)

    @extend_schema(operation_id="connections_syncs", tags=["connections"])
    def get(self, request: Request, pk: UUID) -> Response:
        """Polls, comparisons and backfills of a connection: how far each is, and what it found."""
        return self.list(request)

    @extend_schema(
        operation_id="connections_start_sync", request=bodies.SyncBody, responses={202: SyncSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["connections"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: UUID) -> Response:
        """Start a backfill or a comparison, or a poll that failed; one that runs already just goes on."""
        connection, who = self._connection(request, pk), caller(request)
        body = bodies.SyncBody(data=request.data)
        body.is_valid(raise_exception=True)
        try:
            started = sync.start(connection, body.validated_data["kind"], who.person, who.key)
        except sync.CannotFetch as why:
            raise Problem(422, "refused", str(why)) from None
        return Response(SyncSerializer(started).data, status=202)
