"""What can be read: a list and a detail for every kind of row, each behind its own reach."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from copilot.api import bodies, filters, reach, shapes
from copilot.api.door import Door
from copilot.api.keys import Caller, caller
from interactions import listeners
from interactions.crm.registry import crm_for

type Reach = Callable[[Caller], QuerySet[Any]]


class Resource(ListModelMixin, RetrieveModelMixin, Door, GenericViewSet[Any]):
    """`reach` says which rows the caller may see; for all others the answer is 404."""

    reach: ClassVar[Reach]
    needs: ClassVar[tuple[str, ...]] = ()
    newest_first = "-id"

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):  # the OpenAPI document is made without a caller
            return self.serializer_class.Meta.model.objects.none()  # type: ignore[union-attr]
        return type(self).reach(caller(self.request)).prefetch_related(*self.needs)


class Accounts(Resource):
    """Customers: the companies your teams look after."""

    reach = reach.accounts
    serializer_class = shapes.AccountSerializer
    needs = ("teams", "identities")


class Contacts(Resource):
    """The people who write to you."""

    reach = reach.contacts
    serializer_class = shapes.ContactSerializer
    filterset_class = filters.Contacts
    needs = ("identities",)


class Merges(Resource):
    """Contacts that are one person, or may be: proposed, merged, declined, taken back."""

    reach = reach.merges
    serializer_class = shapes.MergeSerializer
    filterset_class = filters.Merges


class Records(Resource):
    """Orders, invoices and subscriptions, as the CRM last told them."""

    reach = reach.records
    serializer_class = shapes.RecordSerializer
    filterset_class = filters.Records


class Erasures(Resource):
    """Receipts of erased contacts: for admins, and for the connection that demanded it."""

    reach = reach.erasures
    serializer_class = shapes.ErasureSerializer
    filterset_class = filters.Erasures
    needs = ("names",)


class Notes(Resource):
    """What is known of a relationship."""

    reach = reach.notes
    serializer_class = shapes.NoteSerializer
    filterset_class = filters.ByAccount


class Goals(Resource):
    """What matters with an account, as its manager says it."""

    reach = reach.goals
    serializer_class = shapes.GoalSerializer
    filterset_class = filters.ByAccount


class Promises(Resource):
    """What was promised to a customer."""

    reach = reach.promises
    serializer_class = shapes.PromiseSerializer
    filterset_class = filters.ByAccount


class Conversations(Resource):
    """Conversations; `external_id` is the CRM's own."""

    reach = reach.conversations
    serializer_class = shapes.ConversationSerializer
    filterset_class = filters.Conversations


class Messages(Resource):
    """What was said; `by` tells who: a customer, a colleague, or a colleague's internal note."""

    reach = reach.messages
    serializer_class = shapes.MessageSerializer
    filterset_class = filters.ByConversation


class Drafts(Resource):
    """Proposed replies, with what they rest on."""

    reach = reach.drafts
    serializer_class = shapes.DraftSerializer
    filterset_class = filters.Drafts


class Decisions(Resource):
    """What people decided about drafts, and the replies they wrote without one."""

    reach = reach.decisions
    serializer_class = shapes.DecisionSerializer
    filterset_class = filters.ByDraft


class Signals(Resource):
    """What each reply taught: the word edits between the draft and what was sent."""

    reach = reach.signals
    serializer_class = shapes.SignalSerializer
    filterset_class = filters.ByDraft


class Articles(Resource):
    """What drafts may draw on besides the customer's own rows."""

    reach = reach.articles
    serializer_class = shapes.ArticleSerializer
    needs = ("teams",)


class Connections(Resource):
    """The CRMs that push to Rapport; their secrets are never shown."""

    reach = reach.connections
    serializer_class = shapes.ConnectionSerializer
    newest_first = "-created_at"
    http_method_names = ("get", "head", "patch")

    @extend_schema(request=bodies.ConnectionBody, responses=shapes.ConnectionSerializer)
    def change(self, request: Request, pk: UUID) -> Response:
        """Say what it is told and where; for admins and the team's leads."""
        who = caller(request)
        connection = self.get_object()
        if who.person is None:
            raise PermissionDenied("Only a person's key may do this; a connection's key never can.")
        sent = bodies.ConnectionBody(data=request.data)
        sent.is_valid(raise_exception=True)
        if sent.validated_data.get("hears_team") and not crm_for(connection.kind).about.hears_others:
            raise ValidationError({"hears_team": ["A CRM of this kind knows its own conversations only."]})
        listeners.change(connection, sent.validated_data, who.person, who.key)
        return Response(self.get_serializer(connection).data)


class Events(Resource):
    """The inbox: every delivery of a CRM, and what became of it."""

    reach = reach.events
    serializer_class = shapes.EventSerializer
    filterset_class = filters.Events


class Deliveries(Resource):
    """The outbox: what left or will leave, with every attempt."""

    reach = reach.deliveries
    serializer_class = shapes.DeliverySerializer
    filterset_class = filters.Deliveries
    needs = ("log",)
    newest_first = "-created_at"


class People(Resource):
    """Colleagues, and the teams they are in."""

    reach = reach.people
    serializer_class = shapes.PersonSerializer
    needs = ("memberships",)


class Teams(Resource):
    """The teams you are in; all of them for an admin."""

    reach = reach.teams
    serializer_class = shapes.TeamSerializer
