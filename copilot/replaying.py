"""Send what was given up again, by hand: an event as it is, a reply only while it is still the answer."""

from django.db import transaction

from copilot.decisions import Actor, Conflict
from copilot.drafting import opening
from copilot.drafting.moves import move
from copilot.learning.signals import reopen_signal
from copilot.models import Decision, Draft
from interactions import outbox
from interactions.models import Connection, OutboxMessage


@transaction.atomic
def replay(row: OutboxMessage, actor: Actor) -> bool:
    """False when it is not dead. Raises Conflict where the reply would be sent beside a newer decision.

    Its draft was put back when it died; now it is approved once more, and what it taught counts again.
    """
    decision = Decision.objects.filter(outbox=row).first()
    draft = _locked(decision.draft_id) if decision and decision.draft_id else None
    try:
        if not outbox.replay(row, actor.person, actor.key):
            return False
    except outbox.Late as late:
        raise Conflict(str(late), draft) from None
    if decision:
        _approve_again(decision, draft)
    return True


def _locked(draft_id: int) -> Draft:
    return Draft.objects.select_for_update(of=("self",)).select_related("conversation").get(pk=draft_id)


def _approve_again(decision: Decision, draft: Draft | None) -> None:
    is_undecided = draft is None or _last(draft) == decision
    if not is_undecided or opening.open_draft(decision.conversation) not in (None, draft):
        raise Conflict("This was decided anew since. The old reply was not sent again.", draft)
    if draft and not move(draft, Draft.State.APPROVED, only_from=[Draft.State.READY]):
        raise Conflict("Its draft is not open any more. The old reply was not sent again.", draft)
    reopen_signal(str(decision.outbox_id))


def _last(draft: Draft) -> Decision | None:
    return draft.decisions.filter(undone_at=None).order_by("-pk").first()


def replay_dead(connection: Connection, actor: Actor) -> tuple[int, int]:
    """All dead deliveries of a connection, the oldest first, 1,000 at most: how many leave again, how many
    were kept back because their replies are not the answer any more."""
    dead = OutboxMessage.objects.filter(connection=connection, state=OutboxMessage.State.DEAD)
    left = held = 0
    for row in dead.order_by("created_at")[: outbox.MOST_REPLAYED]:
        try:
            left += replay(row, actor)
        except Conflict:
            held += 1
    return left, held
