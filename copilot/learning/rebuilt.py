"""Signals made again from what people decided: what is missing is made, the rest measured as it is today.

What was counted since stays: whether a signal settled, was taken back, and what it taught.
"""

from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from copilot.learning.signals import in_play, measured
from copilot.models import Decision, Signal
from interactions.models import OutboxMessage

SENDING = (Decision.Kind.APPROVE, Decision.Kind.EDIT, Decision.Kind.WRITE)
Reply = OutboxMessage.State
TALK = ("conversation__contact", "conversation__account")


def rebuild() -> Iterator[bool]:
    """For each signal, one at a time, whether it had been missing; may be stopped and run again."""
    decided = Decision.objects.filter(kind__in=SENDING).exclude(text="").order_by("pk")
    for decision in decided.select_related("outbox", "draft", *TALK).iterator(chunk_size=200):
        yield _rebuild(decision)
    elsewhere = Signal.objects.filter(decision=None).order_by("pk")
    for signal in elsewhere.select_related(*TALK).iterator(chunk_size=200):
        told = measured(signal.conversation, signal.drafted, signal.sent)
        Signal.objects.filter(pk=signal.pk).update(**told)
        yield False


def _rebuild(decision: Decision) -> bool:
    told = measured(decision.conversation, decision.drafted, decision.text)
    told |= in_play(decision.draft) | {"seconds": decision.seconds, "alternative": decision.alternative}
    kinds, mine = told.pop("kinds"), Signal.objects.filter(decision=decision)
    if mine.update(**told):
        mine.filter(named_at=None).update(kinds=kinds)  # what a model said stays
        return False
    talk = decision.conversation
    signal, made = Signal.objects.get_or_create(
        decision=decision,
        defaults={**told, "kinds": kinds, **_standing(decision), "draft": decision.draft, "conversation": talk,
                  "team_id": talk.team_id, "person_id": decision.person_id},
    )  # fmt: skip
    if made:
        Signal.objects.filter(pk=signal.pk).update(at=decision.at)
    return made


def _standing(decision: Decision) -> dict[str, Any]:
    """As its reply fared."""
    row = decision.outbox
    if decision.undone_at or (row and row.state in (*OutboxMessage.NEVER_LEFT, Reply.DEAD)):
        return {"state": Signal.State.VOID}
    if row and row.state == Reply.SENT:
        return {"state": Signal.State.SETTLED, "settled_at": row.sent_at or timezone.now()}
    return {"state": Signal.State.PENDING}
