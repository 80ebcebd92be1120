"""A copy of all that is held of a contact."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.api.door import Door
from copilot.api.keys import caller
from copilot.exporting import copy_of
from customers.models import Contact


class ContactCopy(Door):
    people_only = True

    @extend_schema(
        operation_id="contacts_copy", responses={200: OpenApiTypes.OBJECT}, tags=["contacts"],
    )  # fmt: skip
    def get(self, request: Request, pk: int) -> Response:
        """All that is held of a contact, row by row, for who asks for a copy; for admins who may read mail.

        `rows` by kind, each with all its fields; `not_copied` says of every other kind why.
        """
        who = caller(request)
        if who.person is None or not who.standing.reads_all:
            raise PermissionDenied("Only an admin who may read conversations takes a copy.")
        contact = get_object_or_404(Contact.objects.all(), pk=pk)
        return Response(copy_of(contact, who.person, key=who.key))
