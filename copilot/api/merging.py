"""Merges of contacts: propose one, decide it, take it back."""

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
from copilot.api.shapes import MergeSerializer
from copilot.merging import take_back
from customers import merging
from customers.models import Contact, ContactMerge
from interactions.access import mergeable_contact
from people.models import User


class Merges(resources.Merges):
    @extend_schema(
        operation_id="merges_propose", request=bodies.MergeBody, responses={201: MergeSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["merges"],
    )  # fmt: skip
    @once
    def create(self, request: Request) -> Response:
        """Propose that two contacts are one person. Nothing changes until somebody decides it."""
        who = caller(request)
        if who.person is None:
            raise PermissionDenied("Only a person's key may do this; a connection's key never can.")
        sent = _read(bodies.MergeBody, request)
        contact, into = (_contact(who, sent, name) for name in ("contact", "into"))
        try:
            merge = merging.propose(contact, into, who.person, sent["why"], who.key)
        except merging.NotPossible as why:
            raise Problem(409, "refused", str(why)) from None
        return Response(MergeSerializer(merge).data, status=201)


class MergeDecision(Door):
    people_only = True

    @extend_schema(
        operation_id="merges_decide", request=bodies.MergeDecisionBody, responses={200: MergeSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["merges"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Merge or decline what was proposed, or take it back; for the account's manager and the leads."""
        who = caller(request)
        merge = get_object_or_404(reach.merges(who).select_related("contact", "into"), pk=pk)
        if who.person is None or not reach.decidable_merges(who).filter(pk=pk).exists():
            raise PermissionDenied("The account's manager and the team's leads decide this.")
        try:
            _decide(merge, _read(bodies.MergeDecisionBody, request), who.person, who)
        except merging.NotPossible as why:
            raise Problem(409, "refused", str(why)) from None
        return Response(MergeSerializer(reach.merges(who).get(pk=pk)).data)


def _decide(merge: ContactMerge, sent: dict[str, Any], person: User, who: Caller) -> None:
    match sent["kind"]:
        case "merge":
            merging.merge_proposed(merge, person, who.key)
        case "decline":
            merging.decline(merge, person, who.key)
        case _:
            take_back(merge, person, sent["why"], who.key)


def _contact(who: Caller, sent: dict[str, Any], name: str) -> Contact:
    found = mergeable_contact(who.standing, sent[name])
    if found is None:
        raise ValidationError({name: ["There is no such contact that you may merge."]})
    return found


def _read(body: type[Any], request: Request) -> dict[str, Any]:
    sent = body(data=request.data)
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)
