"""What the receiver of an escalation does: take it, so that nobody else starts on it too."""

from django.db import transaction
from django.db.models import Q

from copilot.drafting import opening
from copilot.drafting.moves import tell
from interactions.models import Conversation, Escalation
from people.access import Standing
from people.models import User


@transaction.atomic
def take(conversation: Conversation, person: User, who: Standing) -> bool:
    """False when it was handed to others, or when a colleague took it before."""
    theirs = Q(to_person=person) | Q(to_team__in=who.inbox_teams)
    taken = Escalation.objects.filter(theirs, conversation=conversation, state=Escalation.State.OPEN).update(
        state=Escalation.State.TAKEN, to_person=person
    )
    draft = opening.open_draft(conversation) if taken else None
    if draft:
        tell(draft)
    return bool(taken)
