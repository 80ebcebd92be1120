"""How rows look in JSON. Every field is named here: nothing leaves because a model has it."""

from typing import Any
from urllib.parse import urlsplit, urlunsplit

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from copilot.drafting.failures import sentence, told
from copilot.models import Alternative, Article, Decision, Draft, Question, Signal
from customers.models import (
    Account,
    Contact,
    ContactMerge,
    ErasedName,
    Erasure,
    Goal,
    Identity,
    Note,
    Promise,
    Record,
)
from interactions.models import (
    Attempt,
    Connection,
    Conversation,
    InboxEvent,
    Message,
    OutboxMessage,
    ReleaseBy,
    Sync,
)
from people.models import Membership, Team, User

LEFT = (OutboxMessage.State.SENT,)
STATES = [*Draft.State.values, "sent"]


def shown_state(draft: Draft, *, sent: bool) -> str:
    """A draft's state for outsiders: approved until its reply has left, then sent."""
    return "sent" if sent and draft.state == Draft.State.APPROVED else str(draft.state)


class IdentitySerializer(serializers.ModelSerializer[Identity]):
    connection = serializers.UUIDField(source="source")
    id = serializers.CharField(source="external_id")

    class Meta:
        model = Identity
        fields = ("connection", "id")


class AccountSerializer(serializers.ModelSerializer[Account]):
    external_ids = IdentitySerializer(source="identities", many=True)

    class Meta:
        model = Account
        fields = (
            "id", "name", "domain", "tier", "about", "language", "time_zone", "manager", "teams",
            "people_only", "people_only_reason", "fields", "customer_since", "external_ids", "created_at",
        )  # fmt: skip


class ContactSerializer(serializers.ModelSerializer[Contact]):
    """`shown_as`: of merged contacts the one whose name stands for all; null where nobody was merged."""

    external_ids = IdentitySerializer(source="identities", many=True)

    class Meta:
        model = Contact
        fields = (
            "id", "account", "name", "email", "phone", "title", "language", "time_zone", "people_only",
            "people_only_reason", "fields", "external_ids", "shown_as", "created_at",
        )  # fmt: skip


class MergeSerializer(serializers.ModelSerializer[ContactMerge]):
    """That `contact` is the same person as `into`, and shown as that one while `state` is `merged`."""

    class Meta:
        model = ContactMerge
        fields = (
            "id", "contact", "into", "state", "why", "proposed_by", "proposed_at", "decided_by",
            "decided_at", "taken_back_by", "taken_back_at", "taken_back_why",
        )  # fmt: skip


class RecordSerializer(serializers.ModelSerializer[Record]):
    connection = serializers.UUIDField(source="source", allow_null=True)

    class Meta:
        model = Record
        fields = (
            "id", "connection", "external_id", "kind", "title", "status", "account", "contact", "fields",
            "occurred_at", "source_updated_at",
        )  # fmt: skip


class ErasedNameSerializer(serializers.ModelSerializer[ErasedName]):
    connection = serializers.UUIDField(source="source")

    class Meta:
        model = ErasedName
        fields = ("connection", "kind", "digest")


class ErasureSerializer(serializers.ModelSerializer[Erasure]):
    """What went, by kind. `names` are keyed hashes of the ids in the CRM; find one with `external_id`."""

    connection = serializers.UUIDField(source="source", allow_null=True)
    counts = serializers.DictField(child=serializers.IntegerField())
    names = ErasedNameSerializer(many=True)

    class Meta:
        model = Erasure
        fields = ("id", "at", "done_at", "person", "connection", "counts", "names")


class NoteSerializer(serializers.ModelSerializer[Note]):
    class Meta:
        model = Note
        fields = (
            "id", "account", "contact", "kind", "text", "quote", "internal", "state", "author", "owner",
            "review_by", "decided_by", "decided_at", "created_at", "by_copilot", "confidence", "first_text",
            "superseded_by",
        )  # fmt: skip


class GoalSerializer(serializers.ModelSerializer[Goal]):
    class Meta:
        model = Goal
        fields = (
            "id", "account", "text", "do", "dont", "by", "not_on_complaints", "is_active", "set_by",
            "created_at",
        )  # fmt: skip


class PromiseSerializer(serializers.ModelSerializer[Promise]):
    class Meta:
        model = Promise
        fields = (
            "id", "account", "contact", "owner", "text", "quote", "due_at", "first_due_at", "state", "made_at",
            "closed_at",
        )  # fmt: skip


class ConversationSerializer(serializers.ModelSerializer[Conversation]):
    class Meta:
        model = Conversation
        fields = (
            "id", "external_id", "connection", "team", "account", "contact", "subject", "channel",
            "language", "topic", "status", "assignee", "snoozed_until", "waiting_since", "last_message_at",
            "version", "created_at",
        )  # fmt: skip


class MessageSerializer(serializers.ModelSerializer[Message]):
    class Meta:
        model = Message
        fields = (
            "id", "conversation", "external_id", "by", "contact", "person", "author_name", "text", "html",
            "quoted", "to", "cc", "attachments", "automatic", "unproven", "sent_at", "received_at",
        )  # fmt: skip


class AlternativeSerializer(serializers.ModelSerializer[Alternative]):
    """Another wording, picked by sending its id or way as `alternative` with a decision."""

    failure = serializers.SerializerMethodField(help_text="In words; empty when there is none.")

    class Meta:
        model = Alternative
        fields = ("id", "way", "state", "text", "sources", "checks", "goals", "failure")

    def get_failure(self, one: Alternative) -> str:
        return sentence(one.failure) if one.failure else ""


class QuestionSerializer(serializers.ModelSerializer[Question]):
    """What the draft asks its agent; `gap` are the words between brackets in its text."""

    class Meta:
        model = Question
        fields = ("id", "gap", "text", "knows", "knows_why", "answer", "answered_by", "answered_at")


class DraftSerializer(serializers.ModelSerializer[Draft]):
    """`sources` are what the text rests on, `checks` what a person must look at before it goes out as it is.

    `goals` are the sentences that serve a goal with the account, and nothing that was asked. `held_lesson` is
    the lesson in use that this draft goes without, by chance, so that what it brings is measured.
    """

    state = serializers.SerializerMethodField()
    failure = serializers.SerializerMethodField(help_text="In words; empty when there is none.")
    held_lesson = serializers.SerializerMethodField()
    questions = QuestionSerializer(many=True)
    alternatives = AlternativeSerializer(many=True)

    class Meta:
        model = Draft
        fields = (
            "id", "conversation", "n", "state", "version", "text", "abstained", "missing", "questions",
            "picked", "alternatives", "sources", "checks", "goals", "lessons", "held_lesson", "envelope",
            "instructions", "engine", "failure", "answers",
            "created_at", "ready_at",
        )  # fmt: skip

    @extend_schema_field({"type": "string", "enum": STATES})
    def get_state(self, draft: Draft) -> str:
        return shown_state(draft, sent=getattr(draft, "was_sent", False))

    def get_failure(self, draft: Draft) -> str:
        return told(draft) if draft.failure else ""

    def get_held_lesson(self, draft: Draft) -> int | None:
        trial = getattr(draft, "trial", None)
        return trial.lesson_id if trial and trial.held and not trial.applied_at else None


class DecisionSerializer(serializers.ModelSerializer[Decision]):
    """`state` and `version` are the draft's, as it is now; `undo_until` is null once it is over."""

    delivery = serializers.PrimaryKeyRelatedField[OutboxMessage](source="outbox", read_only=True)
    by_key = serializers.PrimaryKeyRelatedField[Any](source="key", read_only=True)
    undo_until = serializers.SerializerMethodField()
    waits_for = serializers.SerializerMethodField(help_text="Whose release it waits for; null: for nobody's.")
    released_by = serializers.IntegerField(
        source="outbox.release.person_id", default=None, allow_null=True, read_only=True
    )
    state = serializers.SerializerMethodField()
    version = serializers.IntegerField(source="draft.version", default=None, allow_null=True, read_only=True)

    class Meta:
        model = Decision
        fields = (
            "id", "kind", "conversation", "draft", "state", "version", "person", "by_key", "at", "text",
            "reason", "instruction", "alternative", "ticks", "seconds", "delivery", "waits_for",
            "released_by", "undo_until", "undone_at",
        )  # fmt: skip

    @extend_schema_field({"type": ["string", "null"], "format": "date-time"})
    def get_undo_until(self, decision: Decision) -> str | None:
        row = decision.outbox
        if row is None or row.state != OutboxMessage.State.PENDING:
            return None
        return row.due_at.isoformat().replace("+00:00", "Z")

    @extend_schema_field({"type": ["string", "null"], "enum": [*ReleaseBy.values[1:], None]})
    def get_waits_for(self, decision: Decision) -> str | None:
        row = decision.outbox
        return row.release_by if row and row.state == OutboxMessage.State.WAITING else None

    @extend_schema_field({"type": ["string", "null"], "enum": [*STATES, None]})
    def get_state(self, decision: Decision) -> str | None:
        sent = decision.outbox is not None and decision.outbox.state in LEFT
        if decision.draft is not None:
            return shown_state(decision.draft, sent=sent)
        if decision.outbox is None or decision.outbox.state in OutboxMessage.NEVER_LEFT:
            return None
        return "sent" if sent else "approved"


class SignalSerializer(serializers.ModelSerializer[Signal]):
    class Meta:
        model = Signal
        fields = (
            "id", "decision", "draft", "conversation", "team", "person", "drafted", "sent", "script",
            "distance", "body_distance", "kinds", "reason", "seconds", "reading_seconds", "sources",
            "lessons", "state", "at", "settled_at",
        )  # fmt: skip


class ArticleSerializer(serializers.ModelSerializer[Article]):
    class Meta:
        model = Article
        fields = (
            "id",
            "title",
            "body",
            "teams",
            "language",
            "owner",
            "review_by",
            "version",
            "updated_at",
            "retired_at",
        )


class ConnectionSerializer(serializers.ModelSerializer[Connection]):
    """No secret is in here, nor the parts of an address in which secrets travel."""

    deliver_to = serializers.SerializerMethodField(help_text="Without user, password and query.")
    subscriptions = serializers.ListField(
        child=serializers.CharField(), allow_null=True, help_text="null: all that its kind can take."
    )

    class Meta:
        model = Connection
        fields = (
            "id", "name", "kind", "team", "deliver_to", "subscriptions", "hears_team", "failures",
            "rests_until", "paused_at", "revoked_at", "disabled_reason", "created_at",
        )  # fmt: skip

    def get_deliver_to(self, connection: Connection) -> str:
        parts = urlsplit(connection.deliver_to)
        return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


class EventSerializer(serializers.ModelSerializer[InboxEvent]):
    """A delivery as it was taken in: what became of it, and why. Its body is not shown."""

    class Meta:
        model = InboxEvent
        fields = (
            "id", "connection", "key", "type", "state", "reason", "attempts", "conversation", "due_at",
            "received_at", "applied_at",
        )  # fmt: skip


class ReplayedSerializer(serializers.Serializer[Any]):
    replayed = serializers.IntegerField(help_text="How many events or deliveries are due again.")
    kept_back = serializers.IntegerField(help_text="Replies that are not the answer any more.", default=0)


class SyncSerializer(serializers.ModelSerializer[Sync]):
    """A poll and a comparison stand: after each run they are due again, and `ended_at` is when it ended."""

    class Meta:
        model = Sync
        fields = (
            "id", "connection", "kind", "state", "total", "seen", "report", "reason", "attempts", "due_at",
            "started_by", "created_at", "ended_at",
        )  # fmt: skip


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    class Meta:
        model = Attempt
        fields = ("number", "at", "duration_ms", "status", "result", "answer")


class DeliverySerializer(serializers.ModelSerializer[OutboxMessage]):
    """`id` is the webhook-id its receiver sees, the same over all attempts."""

    decision = serializers.IntegerField(source="decision.id", default=None, allow_null=True)
    draft = serializers.IntegerField(source="decision.draft_id", default=None, allow_null=True)
    approved_by = serializers.IntegerField(source="approval.person_id", default=None, allow_null=True)
    released_by = serializers.IntegerField(source="release.person_id", default=None, allow_null=True)
    log = AttemptSerializer(many=True)

    class Meta:
        model = OutboxMessage
        fields = (
            "id", "kind", "type", "connection", "conversation", "decision", "draft", "approved_by",
            "release_by", "released_by", "message", "state", "reason", "attempts", "due_at", "created_at",
            "sent_at", "log",
        )  # fmt: skip


class MembershipSerializer(serializers.ModelSerializer[Membership]):
    class Meta:
        model = Membership
        fields = ("team", "role")


class PersonSerializer(serializers.ModelSerializer[User]):
    memberships = MembershipSerializer(many=True)

    class Meta:
        model = User
        fields = ("id", "name", "email", "is_admin", "memberships")


class TeamSerializer(serializers.ModelSerializer[Team]):
    class Meta:
        model = Team
        fields = ("id", "name", "slug", "email", "time_zone", "business_hours")
