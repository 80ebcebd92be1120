"""What may be sent, read into plain values before any verb is called."""

from typing import Any

from django.core.validators import URLValidator
from rest_framework import serializers

from copilot.api.keys import Caller
from copilot.decisions import Invalid, Wording
from copilot.models import Decision
from interactions import files
from interactions.crm.base import OUTBOUND
from interactions.models import Sync
from people.access import visible_people
from people.models import Team, User

KINDS = [Decision.Kind.APPROVE, Decision.Kind.EDIT, Decision.Kind.ESCALATE, Decision.Kind.DISCARD,
         Decision.Kind.REDRAFT]  # fmt: skip
LONGEST_TEXT = 100_000
MOST_ADDRESSES = 50


class Text(serializers.CharField):
    def __init__(self, longest: int = LONGEST_TEXT, **options: Any) -> None:
        plain = {"required": False, "allow_null": True, "allow_blank": True, "trim_whitespace": False}
        super().__init__(**{**plain, "max_length": longest, **options})


class Addresses(serializers.ListField):
    """A list of mail addresses, or one by itself."""

    def __init__(self, **options: Any) -> None:
        child = serializers.CharField(max_length=254, allow_blank=True)
        plain = {"required": False, "allow_null": True, "max_length": MOST_ADDRESSES}
        super().__init__(child=child, **{**plain, **options})

    def to_internal_value(self, data: Any) -> list[str]:
        return list(super().to_internal_value([data] if isinstance(data, str) else data))


class Digests(serializers.ListField):
    """The sha256 of files of the conversation."""

    def __init__(self) -> None:
        super().__init__(
            child=serializers.RegexField(r"^[0-9a-f]{64}$"), required=False, allow_null=True,
            max_length=files.MOST_FILES,
            help_text="The sha256 of each file that leaves with it; add files to the conversation first.",
        )  # fmt: skip


class ReplyBody(serializers.Serializer[Any]):
    """A reply of the person's own words. What is left out stays as proposed."""

    text = Text(required=True, allow_null=False)
    to = Addresses(help_text="Addresses; left out: the customer's.")
    cc = Addresses()
    bcc = Addresses()
    subject = Text(998)
    attachments = Digests()
    typed = Text(4000, help_text="What you had typed before one of our wordings took its place.")


class RoughBody(serializers.Serializer[Any]):
    text = Text(
        4000,
        required=True,
        allow_null=False,
        allow_blank=False,
        help_text="What you want to say, in a few words.",
    )


class DecisionBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in KINDS])
    version = serializers.IntegerField(help_text="The draft's version that was looked at.")
    text = Text(help_text="For `edit`: what is to be sent.")
    to = Addresses(
        help_text="For `escalate`: `user:<id>` or `team:<id>`. For `approve` and `edit`: addresses, "
        "where they are not to stay as proposed."
    )
    cc = Addresses()
    bcc = Addresses()
    subject = Text(998)
    attachments = Digests()
    reason = Text(
        300,
        help_text="For `escalate`: above_limit, needs_expert, policy, unhappy, other, or your own words. "
        "For `discard`: why.",
    )
    question = Text(2000, help_text="For `escalate`: what its receiver is asked.")
    instruction = Text(1000, help_text="For `redraft`: what is to be different.")
    alternative = Text(80, help_text="For `approve` and `edit`: the id or way of the wording picked.")
    ticks = serializers.ListField(
        child=serializers.CharField(max_length=80), required=False, allow_null=True, max_length=200,
        help_text="Ids of the checks that a person has looked at.",
    )  # fmt: skip


class VersionBody(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="The draft's version that was looked at.")


class WaysBody(VersionBody):
    ways = serializers.ListField(
        child=serializers.CharField(max_length=80), min_length=1, max_length=3,
        help_text="shorter, warmer, firmer, or your own words; without a language model shorter and another.",
    )  # fmt: skip


class AnswersBody(serializers.Serializer[Any]):
    version = serializers.IntegerField(help_text="The draft's version that was looked at.")
    answers = serializers.DictField(
        child=serializers.CharField(max_length=4000, allow_blank=True), help_text="Question's id to its answer."
    )

    def validate_answers(self, told: dict[str, str]) -> dict[int, str]:
        if not all(pk.isascii() and pk.isdigit() and len(pk) < 19 for pk in told):
            raise serializers.ValidationError("Each is named by its question's id.")
        return {int(pk): text for pk, text in told.items()}


class ReturnBody(serializers.Serializer[Any]):
    reason = serializers.CharField(max_length=300, help_text="What is to be mended; its approver reads it.")


class RequestBody(serializers.Serializer[Any]):
    instruction = Text(1000, help_text="What the draft should heed.")


class SettlementBody(serializers.Serializer[Any]):
    arrived = serializers.BooleanField(help_text="Whether the receiver has it; if not, it is sent again.")


class SyncBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=[(kind.value, kind.value) for kind in Sync.Kind])


class ConnectionBody(serializers.Serializer[Any]):
    """What is left out stays as it is."""

    subscriptions = serializers.ListField(
        child=serializers.ChoiceField(choices=[(one, one) for one in sorted(OUTBOUND)]),
        required=False, allow_null=True, max_length=len(OUTBOUND),
        help_text="Types of events that it is told; null: all that its kind can take. Replies always leave.",
    )  # fmt: skip
    hears_team = serializers.BooleanField(
        required=False, help_text="Is also told of the team's conversations that came another way."
    )
    deliver_to = serializers.CharField(
        required=False, allow_blank=True, max_length=500, validators=[URLValidator(schemes=["https", "http"])],
        help_text="The address of its receiver; empty: none.",
    )  # fmt: skip


class PromiseBody(serializers.Serializer[Any]):
    account = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    text = serializers.CharField(max_length=2000)
    contact = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**63 - 1, help_text="To whom."
    )
    due_at = serializers.DateTimeField(required=False, allow_null=True)
    owner = serializers.IntegerField(
        required=False, allow_null=True, min_value=1, max_value=2**63 - 1,
        help_text="Who sees to it; left out: you.",
    )  # fmt: skip


class MergeBody(serializers.Serializer[Any]):
    contact = serializers.IntegerField(min_value=1, max_value=2**63 - 1)
    into = serializers.IntegerField(
        min_value=1, max_value=2**63 - 1, help_text="As whom the contact is shown from then on."
    )
    why = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class MergeDecisionBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["merge", "decline", "take_back"])
    why = serializers.CharField(
        max_length=300, required=False, allow_blank=True, default="", help_text="Why it is taken back."
    )


class ConnectionReplayBody(serializers.Serializer[Any]):
    of = serializers.ChoiceField(
        choices=[("events", "events"), ("deliveries", "deliveries")], default="events",
        help_text="What came in and could not be applied, or what could not be delivered.",
    )  # fmt: skip


def wording(sent: dict[str, Any]) -> Wording:
    told = {name: sent.get(name) for name in ("text", "to", "cc", "bcc", "subject", "attachments")}
    return Wording(**told, typed=sent.get("typed") or "")


def receiver(who: Caller, sent: dict[str, Any]) -> User | Team:
    """To whom it is handed on: one person or one team."""
    named = sent.get("to") or []
    kind, _, number = named[0].partition(":") if len(named) == 1 else ("", "", "")
    if kind not in ("user", "team") or not (number.isascii() and number.isdigit() and len(number) < 19):
        raise Invalid("Say in `to` who takes over: user:<id> or team:<id>. Nothing was changed.")
    rows = visible_people(who.standing) if kind == "user" else Team.objects.all()
    found = rows.filter(pk=int(number)).first()
    if found is None:
        raise Invalid(f"There is no {kind} {number} here to take over. Nothing was changed.")
    return found
