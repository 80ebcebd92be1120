"""What can be done about a relationship: accept what was proposed, promise something."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.api import bodies, reach, resources
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.idempotency import once
from copilot.api.keys import Caller, caller
from copilot.api.problems import Problem
from copilot.api.shapes import NoteSerializer, PromiseSerializer
from copilot.relationship.notes import accept_note
from copilot.relationship.promises import make_promise
from people.models import User


class NoteAcceptance(Door):
    people_only = True

    @extend_schema(
        operation_id="notes_accept", request=None, responses={200: NoteSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["notes"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Say yes to a proposed note; the CRMs that know the account are told."""
        who = caller(request)
        note = get_object_or_404(reach.notes(who).select_related("account", "contact"), pk=pk)
        person = who_tends(who, note.account_id)
        if not accept_note(note, person, who.key):
            raise Problem(409, "refused", f"Only a proposed note can be accepted; this one is {note.state}.")
        return Response(NoteSerializer(reach.notes(who).get(pk=pk)).data)


class Promises(resources.Promises):
    @extend_schema(
        operation_id="promises_make", request=bodies.PromiseBody, responses={201: PromiseSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["promises"],
    )  # fmt: skip
    @once
    def create(self, request: Request) -> Response:
        """Promise a customer something; the CRMs that know the account are told."""
        who = caller(request)
        if who.person is None:
            raise PermissionDenied("Only a person's key may do this; a connection's key never can.")
        body = bodies.PromiseBody(data=request.data)
        body.is_valid(raise_exception=True)
        sent: dict[str, Any] = body.validated_data
        account = reach.accounts(who).filter(pk=sent["account"]).first()
        if account is None:
            raise ValidationError({"account": ["There is no such account that you may see."]})
        person = who_tends(who, account.pk)
        contact = account.contacts.filter(pk=sent["contact"]).first() if sent.get("contact") else None
        owner = reach.people(who).filter(pk=sent["owner"]).first() if sent.get("owner") else None
        for name, found in (("contact", contact), ("owner", owner)):
            if sent.get(name) and found is None:
                raise ValidationError({name: ["There is none of this number here."]})
        made = make_promise(
            account, sent["text"], person, who.key, contact=contact, owner=owner, due_at=sent.get("due_at")
        )
        return Response(PromiseSerializer(made).data, status=201)


def who_tends(who: Caller, account_id: int) -> User:
    """The person, where they look after the account; reading because it was granted is not enough."""
    if who.person is None or not reach.tended(who).filter(pk=account_id).exists():
        raise PermissionDenied("You may read of this account, and others look after it.")
    return who.person
