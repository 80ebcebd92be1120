"""Take a merge of contacts back, and with it the drafts that were written from what is known of both."""

from django.db import transaction

from copilot.drafting import opening
from copilot.drafting.moves import move
from copilot.models import Draft
from customers import merging
from customers.models import ContactMerge
from people.models import ApiKey, User

State = Draft.State


@transaction.atomic
def take_back(merge: ContactMerge, person: User, why: str, key: ApiKey | None = None) -> None:
    """Raises customers.merging.NotPossible when somebody was faster."""
    together = merging.ids_of(merge.contact)
    merging.part(merge, person, why, key)
    written = Draft.objects.filter(conversation__contact__in=together, state__in=(*Draft.WORKING, State.READY))
    for draft in written.select_related("conversation"):
        _write_anew(draft)


def _write_anew(draft: Draft) -> None:
    """What a person typed is kept, out of date; it leaves only after they looked at it again."""
    if draft.state == State.READY and draft.edited_text:
        move(draft, State.STALE)
    else:
        opening.requeue(draft, None)
