"""What people say of notes and promises, the goals they set, and the calls they write down."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot import calls
from copilot.api import reach
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.idempotency import once
from copilot.api.keys import Caller, caller
from copilot.api.problems import Problem
from copilot.api.relating import who_tends
from copilot.api.shapes import ConversationSerializer, GoalSerializer, NoteSerializer, PromiseSerializer
from copilot.relationship import notes as note_verbs
from copilot.relationship import promises as promise_verbs
from copilot.relationship.goals import Told, end_goal, set_goal
from copilot.relationship.notes import Said
from customers.access import managed_accounts
from customers.models import Note, Promise
from people.models import User

MOST = 2**63 - 1


class NoteDecisionBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        choices=["accept", "correct", "over", "merge", "reject", "take_back", "renew"],
        help_text="`correct` needs `text`; `over` takes the place of `other`, `merge` says the same as it.",
    )  # fmt: skip
    text = serializers.CharField(max_length=2000, required=False)
    note_kind = serializers.ChoiceField(choices=Note.Kind.choices, required=False)
    internal = serializers.BooleanField(required=False, help_text="Never repeated to the customer.")
    review_by = serializers.DateField(required=False, help_text="Past this day drafts know it no more.")
    other = serializers.IntegerField(required=False, min_value=1, max_value=MOST)


class PromiseDecisionBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["kept", "cancelled", "moved", "open"])
    due_at = serializers.DateTimeField(required=False, help_text="Needed to move it.")


class CallBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=list(calls.KINDS.items()))
    text = serializers.CharField(max_length=calls.LONGEST, help_text="What was said; no customer sees it.")
    contact = serializers.IntegerField(required=False, min_value=1, max_value=MOST)
    at = serializers.DateTimeField(required=False, help_text="Left out: now.")


class GoalBody(serializers.Serializer[Any]):
    text = serializers.CharField(max_length=300)
    do = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    dont = serializers.CharField(max_length=500, required=False, allow_blank=True, default="")
    by = serializers.DateField(required=False, allow_null=True, default=None)
    not_on_complaints = serializers.BooleanField(
        default=True, help_text="Drafts know nothing of it where the customer complains."
    )


class NoteDecision(Door):
    people_only = True

    @extend_schema(
        operation_id="notes_decide", request=NoteDecisionBody, responses={200: NoteSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["notes"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Decide on a note, or take back what you decided."""
        who = caller(request)
        note = get_object_or_404(reach.notes(who).select_related("account", "contact"), pk=pk)
        person = who_manages(who, note.account_id)
        if not _decide(note, _read(NoteDecisionBody, request), person, who):
            raise Problem(409, "refused", f"This cannot be said of a note that is {note.state}.")
        return Response(NoteSerializer(reach.notes(who).get(pk=pk)).data)


def _decide(note: Note, sent: dict[str, Any], person: User, who: Caller) -> bool:
    match sent["kind"]:
        case "accept" | "correct":
            return note_verbs.accept_note(note, person, who.key, _said(sent))
        case "reject":
            return note_verbs.reject_note(note, person, who.key)
        case "take_back":
            return note_verbs.take_back(note, person, who.key)
        case "renew":
            return note_verbs.renew_note(note, person, who.key)
    known = Note.objects.filter(account=note.account_id, state=Note.State.ACCEPTED, pk=sent.get("other", 0))
    other = known.first()
    if other is None:
        raise ValidationError({"other": ["There is no such accepted note of this account."]})
    if sent["kind"] == "merge":
        return note_verbs.merge_note(note, other, person, who.key)
    return note_verbs.accept_note(note, person, who.key, _said(sent), over=other)


def _said(sent: dict[str, Any]) -> Said:
    if sent["kind"] == "correct" and not sent.get("text"):
        raise ValidationError({"text": ["A correction needs words."]})
    return Said(sent.get("text", ""), sent.get("note_kind", ""), sent.get("internal"), sent.get("review_by"))


class PromiseDecision(Door):
    people_only = True

    @extend_schema(
        operation_id="promises_decide", request=PromiseDecisionBody, responses={200: PromiseSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["promises"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """It was kept, is cancelled, is due at another time, or is open after all."""
        who = caller(request)
        promise = get_object_or_404(reach.promises(who), pk=pk)
        person = who_tends(who, promise.account_id)
        if not _settle(promise, _read(PromiseDecisionBody, request), person, who):
            raise Problem(409, "refused", f"This cannot be said of a promise that is {promise.state}.")
        return Response(PromiseSerializer(reach.promises(who).get(pk=pk)).data)


def _settle(promise: Promise, sent: dict[str, Any], person: User, who: Caller) -> bool:
    if sent["kind"] == "open":
        return promise_verbs.reopen_promise(promise, person, who.key)
    if sent["kind"] != "moved":
        return promise_verbs.close_promise(promise, person, sent["kind"], who.key)
    if sent.get("due_at") is None or sent["due_at"] < timezone.now():
        raise ValidationError({"due_at": ["Say when it is due, from now on."]})
    return promise_verbs.move_promise(promise, person, sent["due_at"], who.key)


class AccountCalls(Door):
    people_only = True

    @extend_schema(
        operation_id="accounts_log_call", request=CallBody, responses={201: ConversationSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["accounts"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Write down a call or meeting; it is read for promises and notes."""
        who = caller(request)
        account = get_object_or_404(reach.accounts(who), pk=pk)
        person = who_tends(who, account.pk)
        sent = _read(CallBody, request)
        contact = account.contacts.filter(pk=sent["contact"]).first() if sent.get("contact") else None
        if sent.get("contact") and contact is None:
            raise ValidationError({"contact": ["There is none of this number here."]})
        at, team = sent.get("at") or timezone.now(), calls.team_for(account, who.standing)
        if at > timezone.now():
            raise ValidationError({"at": ["A call is written down once it has happened."]})
        if team is None:
            raise PermissionDenied("You are in no team, and none looks after this account.")
        told = calls.Call(sent["kind"], sent["text"], at, contact)
        talk = calls.log_call(account, team, person, told, who.key)
        return Response(ConversationSerializer(talk).data, status=201)


class AccountGoals(Door):
    people_only = True

    @extend_schema(
        operation_id="accounts_set_goal", request=GoalBody, responses={201: GoalSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["goals"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Say what matters with the account now; for its manager and the leads of its teams."""
        who = caller(request)
        account = get_object_or_404(reach.accounts(who), pk=pk)
        goal = set_goal(account, who_manages(who, pk), Told(**_read(GoalBody, request)), who.key)
        return Response(GoalSerializer(goal).data, status=201)


class GoalEnd(Door):
    people_only = True

    @extend_schema(
        operation_id="goals_end", request=None, responses={200: GoalSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["goals"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """It is reached or given up; drafts know it no more."""
        who = caller(request)
        goal = get_object_or_404(reach.goals(who), pk=pk)
        if not end_goal(goal, who_manages(who, goal.account_id), who.key):
            raise Problem(409, "refused", "This goal was over already.")
        return Response(GoalSerializer(reach.goals(who).get(pk=pk)).data)


def who_manages(who: Caller, account_id: int) -> User:
    if who.person is None or not managed_accounts(who.standing).filter(pk=account_id).exists():
        raise PermissionDenied("The account's manager and the leads of its teams do this.")
    return who.person


def _read(body: type[Any], request: Request) -> dict[str, Any]:
    sent = body(data=request.data)
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)
