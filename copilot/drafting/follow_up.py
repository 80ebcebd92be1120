"""A word on what was promised, ready to approve the morning before it is due; no model is asked for it.

It says what was promised in the words of then and that it stands. Whoever approves it knows better, and says
what became of it; a redraft has a model word it anew.
"""

from collections.abc import Sequence
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models.functions import Now

from copilot.drafting import opening
from copilot.drafting.moves import tell
from copilot.drafting.switch import ruling
from copilot.models import Draft
from customers.models import Promise
from interactions.models import Conversation
from people.models import User
from people.zone import zone_of

WISH = "A short word on what we promised: say what became of it, and promise nothing new."


def follow_up(conversation: Conversation, promises: Sequence[Promise], person: User) -> Draft | None:
    """The draft that is open there already, or this one; None where nobody may draft or it has no address.

    Who waits for an answer gets that, not a reminder. English only. In the caller's transaction.
    """
    Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    drafts = list(Draft.objects.filter(conversation=conversation).order_by("n"))
    draft = next((one for one in drafts if one.state in Draft.OPEN), None)
    contact = conversation.contact
    if draft is not None or contact is None or not contact.shown.email:
        return draft
    foreign = not (conversation.language or "en").startswith("en")
    if foreign or conversation.waiting_since or not ruling(conversation, person).may_request:
        return None
    text, sources = _worded(contact.shown.first_name, promises, person)
    newest = opening.newest_from_customer(conversation)
    draft = Draft.objects.create(
        conversation=conversation, n=drafts[-1].n + 1 if drafts else 1, answers=newest, requested_by=person,
        state=Draft.State.READY, text=text, sources=sources, envelope=opening.envelope(conversation, newest),
        instructions=[WISH], engine="offline", started_at=Now(), ready_at=Now(), due_at=Now(),
    )  # fmt: skip
    tell(draft)
    return draft


def _worded(first_name: str, promises: Sequence[Promise], person: User) -> tuple[str, list[dict[str, Any]]]:
    zone = ZoneInfo(zone_of(person))
    text, sources = f"Hi {first_name},".replace(" ,", ","), list[dict[str, Any]]()
    for number, promise in enumerate(promises, 1):
        on = promise.made_at.astimezone(zone)
        text += f"\n\nOn {on.day} {on:%B} I wrote: “{promise.text}”"
        sources.append({
            "n": number, "id": f"p{promise.pk}", "kind": "promise", "title": f"Promise by {person.name}",
            "author": person.name, "at": promise.made_at.isoformat(), "quote": promise.text,
            "url": f"/accounts/{promise.account_id}/", "internal": False, "marks": [len(text)],
        })  # fmt: skip
    return f"{text}\n\nIt is not forgotten, and it stands.\n\nKind regards,\n{person.first_name}", sources
