"""What can be done: decide about a draft, take it back, write without one, ask for one,
say whether a reply arrived, replay an event, erase a contact."""

from typing import Any
from uuid import UUID

from django.db import transaction
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot import choosing, decisions, releasing, replaying
from copilot.api import bodies, reach
from copilot.api.door import Door
from copilot.api.idempotency import once
from copilot.api.keys import Caller, caller
from copilot.api.problems import Problem
from copilot.api.shapes import (
    DecisionSerializer,
    DeliverySerializer,
    DraftSerializer,
    ErasureSerializer,
    EventSerializer,
    ReplayedSerializer,
)
from copilot.decisions import Actor, Invalid
from copilot.drafting import opening
from copilot.drafting.switch import ruling
from copilot.models import Decision, Draft
from copilot.release_rules import may_release
from interactions import inbox, outbox
from interactions.erasing import erase
from interactions.models import Conversation, Escalation, InboxEvent, OutboxMessage
from people.models import Scope

Kind = Decision.Kind
IDEMPOTENCY_KEY = OpenApiParameter(
    "Idempotency-Key", str, OpenApiParameter.HEADER,
    description="The same key with the same request gets the first answer again, for 24 hours.",
)  # fmt: skip


class Deciding(Door):
    """Only a person's key with the scope `decide`, and only where that person may answer."""

    scope = Scope.DECIDE
    people_only = True


class DraftDecisions(Deciding):
    @extend_schema(
        operation_id="drafts_decide", request=bodies.DecisionBody, responses={201: DecisionSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["drafts"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Approve, edit, escalate, discard or redraft; the first decision wins."""
        who = caller(request)
        draft = _decidable(who, pk)
        sent = _read(bodies.DecisionBody, request)
        return _decided(who, _decide(who, draft, sent), status=201)


def _decidable(who: Caller, pk: int) -> Draft:
    draft: Draft = get_object_or_404(reach.drafts(who), pk=pk)
    reach.must_answer(who, draft.conversation_id)
    return draft


@transaction.atomic
def _decide(who: Caller, draft: Draft, sent: dict[str, Any]) -> Decision:
    actor, version, ticks = _actor(who), sent["version"], sent.get("ticks") or ()
    if sent.get("alternative") and sent["kind"] in (Kind.APPROVE, Kind.EDIT):
        draft = choosing.pick(draft.pk, version, actor, sent["alternative"])
        version = sent["version"] = draft.version
    _check_sense(draft, sent)
    match sent["kind"]:
        case Kind.APPROVE:
            return decisions.approve(draft.pk, version, actor, ticks, bodies.wording(sent))
        case Kind.EDIT:
            return decisions.edit(draft.pk, version, actor, bodies.wording(sent), ticks)
        case Kind.ESCALATE:
            return _escalate(who, draft, sent)
        case Kind.DISCARD:
            return decisions.discard(draft.pk, version, actor, sent.get("reason") or "")
        case _:
            return decisions.redraft(draft.pk, version, actor, sent.get("instruction") or "")


class DraftAlternatives(Deciding):
    @extend_schema(
        operation_id="drafts_vary", request=bodies.WaysBody, responses={202: DraftSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["drafts"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Ask for up to three other wordings; they appear among the draft's `alternatives`."""
        who = caller(request)
        _decidable(who, pk)
        sent = _read(bodies.WaysBody, request)
        choosing.ask_for(pk, sent["version"], _actor(who), sent["ways"])
        return Response(DraftSerializer(reach.drafts(who).get(pk=pk)).data, status=202)


class DraftWithoutGoals(Deciding):
    @extend_schema(
        operation_id="drafts_leave_out_goals", request=bodies.VersionBody, responses={200: DraftSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["drafts"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Leave out all sentences that serve a goal; the wording with them stays among the `alternatives`."""
        who = caller(request)
        _decidable(who, pk)
        choosing.leave_out_goals(pk, _read(bodies.VersionBody, request)["version"], _actor(who))
        return Response(DraftSerializer(reach.drafts(who).get(pk=pk)).data)


class DraftHeldLesson(Deciding):
    @extend_schema(
        operation_id="drafts_apply_held_lesson", request=bodies.VersionBody, responses={200: DraftSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["drafts"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Put in the lesson that was held back to measure it; the wording without it stays an alternative."""
        who = caller(request)
        _decidable(who, pk)
        choosing.apply_held(pk, _read(bodies.VersionBody, request)["version"], _actor(who))
        return Response(DraftSerializer(reach.drafts(who).get(pk=pk)).data)


class DraftAnswers(Deciding):
    @extend_schema(
        operation_id="drafts_answer", request=bodies.AnswersBody, responses={201: DecisionSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["drafts"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Answer the draft's questions; it is written again with your answers as sources."""
        who = caller(request)
        _decidable(who, pk)
        sent = _read(bodies.AnswersBody, request)
        return _decided(who, decisions.answer(pk, sent["version"], _actor(who), sent["answers"]), status=201)


def _check_sense(draft: Draft, sent: dict[str, Any]) -> None:
    """Refuse what would be passed over in silence; an old version is for the verb to refuse."""
    if sent["version"] != draft.version:
        return
    if sent.get("alternative") and sent["kind"] not in (Kind.APPROVE, Kind.EDIT):
        raise Invalid("An alternative is picked with approve or edit. Nothing was changed.")
    if sent["kind"] == Kind.APPROVE and sent.get("text") not in (None, draft.text):
        raise Invalid("Approving sends the draft's own text. To send another, use the kind edit.")


def _escalate(who: Caller, draft: Draft, sent: dict[str, Any]) -> Decision:
    to, reason = bodies.receiver(who, sent), sent.get("reason") or ""
    question = sent.get("question") or ""
    if reason not in Escalation.Reason.values:
        question = "\n\n".join(part for part in (reason, question) if part)
        reason = Escalation.Reason.OTHER
    return decisions.escalate(draft.pk, sent["version"], _actor(who), to, reason, question)


class DecisionUndo(Deciding):
    @extend_schema(
        operation_id="decisions_undo", request=None, responses={200: DecisionSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["decisions"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Take it back: a reply within its undo time, a discard, or an escalation."""
        who = caller(request)
        decision = get_object_or_404(reach.decisions(who), pk=pk)
        reach.must_answer(who, decision.conversation_id)
        return _decided(who, decisions.undo(decision.pk, _actor(who)), status=200)


class DecisionRelease(Deciding):
    @extend_schema(
        operation_id="decisions_release", request=None, responses={200: DecisionSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["decisions"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """The second yes to a reply that waits for it, by another person in the role named in `waits_for`."""
        who = caller(request)
        decision = _to_release(who, pk)
        releasing.release(decision, _actor(who))
        return _decided(who, decision, status=200)


class DecisionReturn(Deciding):
    @extend_schema(
        operation_id="decisions_return", request=bodies.ReturnBody, responses={200: DecisionSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["decisions"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """No second yes: the reply never leaves, and its draft is open again with the reason."""
        who = caller(request)
        decision = _to_release(who, pk)
        releasing.give_back(decision, _actor(who), _read(bodies.ReturnBody, request)["reason"])
        return _decided(who, decision, status=200)


def _to_release(who: Caller, pk: int) -> Decision:
    rows = reach.decisions(who).select_related("conversation__account", "outbox", "draft")
    decision = get_object_or_404(rows, pk=pk)
    reach.must_answer(who, decision.conversation_id)
    if decision.outbox is None or not decision.outbox.release_by:
        raise Problem(409, "refused", "This decision waits for nobody's release.")
    if not may_release(who.standing, decision.conversation, decision.outbox, decision.person_id):
        raise PermissionDenied("Another person releases it than approved it, in the role that it waits for.")
    return decision


class ConversationReplies(Deciding):
    @extend_schema(
        operation_id="conversations_reply", request=bodies.ReplyBody, responses={201: DecisionSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["conversations"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Write a reply without a draft; one that is open is set aside."""
        who = caller(request)
        conversation = get_object_or_404(reach.conversations(who), pk=pk)
        reach.must_answer(who, conversation.pk)
        sent = _read(bodies.ReplyBody, request)
        return _decided(who, decisions.write(pk, _actor(who), bodies.wording(sent)), status=201)


class ConversationDrafts(Door):
    people_only = True

    @extend_schema(
        operation_id="conversations_request_draft", request=bodies.RequestBody, tags=["conversations"],
        responses={201: DraftSerializer, 200: DraftSerializer}, parameters=[IDEMPOTENCY_KEY],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Ask for a draft: 201 with a new one, 200 with the one that is open already."""
        who = caller(request)
        get_object_or_404(reach.conversations(who), pk=pk)
        reach.must_answer(who, pk)
        sent = _read(bodies.RequestBody, request)
        draft, is_new = _request_draft(who, pk, sent.get("instruction") or "")
        return Response(DraftSerializer(draft).data, status=201 if is_new else 200)


@transaction.atomic
def _request_draft(who: Caller, conversation_id: int, instruction: str) -> tuple[Draft, bool]:
    assert who.person is not None
    locked = Conversation.objects.select_for_update(of=("self",))
    conversation = locked.select_related("team", "contact", "account").get(pk=conversation_id)
    is_new = opening.open_draft(conversation) is None
    draft = opening.request(conversation, who.person, instruction)
    if draft is None:
        raise Invalid(f"{ruling(conversation, who.person).why} Write the reply yourself.")
    draft.refresh_from_db()
    return draft, is_new


class DeliverySettlement(Deciding):
    @extend_schema(
        operation_id="deliveries_settle", request=bodies.SettlementBody, tags=["deliveries"],
        responses={200: DeliverySerializer}, parameters=[IDEMPOTENCY_KEY],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: UUID) -> Response:
        """Say whether a reply in the state `unknown` arrived; if not, it leaves again under its same id."""
        who = caller(request)
        replies = reach.deliveries(who).filter(kind=OutboxMessage.Kind.REPLY)
        row = get_object_or_404(replies.select_related("connection", "conversation"), pk=pk)
        reach.must_answer(who, row.conversation_id or 0)
        arrived, actor = _read(bodies.SettlementBody, request)["arrived"], _actor(who)
        if not outbox.settle_unknown(row, actor.person, arrived=arrived, key=actor.key):
            state = replies.get(pk=pk).state
            raise Problem(409, "refused", f"Only a reply in the state unknown is settled; this one is {state}.")
        return Response(DeliverySerializer(reach.deliveries(who).get(pk=pk)).data)


class DeliveryReplay(Deciding):
    @extend_schema(
        operation_id="deliveries_replay", request=None, responses={202: DeliverySerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["deliveries"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: UUID) -> Response:
        """Send a dead delivery again under its same id; for admins and the team's leads.

        A reply only while it is still the answer: 409 after a newer decision or message.
        """
        who = caller(request)
        get_object_or_404(reach.deliveries(who), pk=pk)
        row = reach.replayable(who).select_related("connection", "conversation").filter(pk=pk).first()
        if row is None:
            raise PermissionDenied("Admins and the team's leads send a delivery again.")
        if not replaying.replay(row, _actor(who)):
            raise Problem(409, "refused", f"Only a dead delivery can be replayed; this one is {row.state}.")
        return Response(DeliverySerializer(reach.deliveries(who).get(pk=pk)).data, status=202)


class ContactErasure(Door):
    people_only = True

    @extend_schema(
        operation_id="contacts_erase", request=None, responses={201: ErasureSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["contacts"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Erase a contact and all that was said with them, for good; for admins. The answer is the receipt."""
        actor = _actor(caller(request))
        if not actor.person.is_admin:
            raise PermissionDenied("Only an admin erases a contact.")
        receipt = erase(pk, person=actor.person, key=actor.key)
        if receipt is None:
            raise NotFound("There is no such contact; one that was erased has a receipt under erasures/.")
        return Response(ErasureSerializer(receipt).data, status=201)


class EventReplay(Door):
    people_only = True

    @extend_schema(
        operation_id="events_replay", request=None, responses={202: EventSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["events"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Apply a dead event once more; for admins and the team's leads."""
        who = caller(request)
        event = get_object_or_404(reach.events(who), pk=pk)
        actor = _actor(who)
        if not inbox.replay(event.pk, actor.person, actor.key):
            raise Problem(409, "refused", _not_replayed(reach.events(who).get(pk=pk)))
        return Response(EventSerializer(reach.events(who).get(pk=pk)).data, status=202)


def _not_replayed(event: InboxEvent) -> str:
    if event.state == InboxEvent.State.DEAD:
        return "Its body is gone, for bodies are kept for 30 days. Have the CRM send it again under a new id."
    return f"Only a dead event can be replayed; this one is {event.state}."


class ConnectionReplay(Door):
    people_only = True

    @extend_schema(
        operation_id="connections_replay", request=bodies.ConnectionReplayBody,
        responses={202: ReplayedSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["connections"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: UUID) -> Response:
        """Apply a connection's dead events once more, up to 10,000 at once, or send its dead deliveries
        again, up to 1,000 (scope `decide`); for admins and the team's leads."""
        who = caller(request)
        connection = get_object_or_404(reach.connections(who), pk=pk)
        if _read(bodies.ConnectionReplayBody, request)["of"] == "events":
            replayed, kept_back = inbox.replay_dead(connection, _actor(who).person, who.key), 0
        elif Scope.DECIDE not in who.key.scopes:
            raise PermissionDenied("This key does not have the scope “decide”.")
        else:
            replayed, kept_back = replaying.replay_dead(connection, _actor(who))
        answer = {"replayed": replayed, "kept_back": kept_back}
        return Response(ReplayedSerializer(answer).data, status=202)


def _actor(who: Caller) -> Actor:
    assert who.person is not None
    return Actor(who.person, who.key)


def _read(body: type[Any], request: Request) -> dict[str, Any]:
    sent = body(data=request.data)
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)


def _decided(who: Caller, decision: Decision, *, status: int) -> Response:
    """The decision as it is in the database now, after all that followed from it."""
    return Response(DecisionSerializer(reach.decisions(who).get(pk=decision.pk)).data, status=status)
