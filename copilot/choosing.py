"""Other wordings of a draft: ask for them, and pick one; which one was picked is kept with the decision."""

from collections.abc import Sequence

from django.db import transaction
from django.db.models import F

from copilot.decisions import Actor, Conflict, Invalid, locked, what_happened
from copilot.drafting import alternatives
from copilot.drafting.moves import tell
from copilot.drafting.switch import ruling
from copilot.models import Alternative, Draft

LONGEST_WAY = 80
FIRST = "as first written"


@transaction.atomic
def ask_for(draft_id: int, version: int, actor: Actor, ways: Sequence[str]) -> Draft:
    """Have it written in up to three other ways, each named; the draft stays as it is meanwhile."""
    draft = locked(draft_id, version, only_from=[Draft.State.READY])
    allowed = ruling(draft.conversation, actor.person)
    if not allowed.may_request or draft.abstained:
        raise Invalid(f"{allowed.why or 'There is no draft to vary yet.'} Write the reply yourself.")
    told = [" ".join(way.split())[:LONGEST_WAY] for way in ways if way.strip()]
    if not told or not (alternatives.takes_words() or set(told) <= set(alternatives.ways_here())):
        here = ", ".join(alternatives.ways_here())
        raise Invalid(f"Say in which way it is to differ. Without a language model there is: {here}.")
    if not alternatives.request(draft, told, actor.person.pk):
        raise Invalid("There are three other wordings already, or this one is there. Pick one, or redraft.")
    return draft


@transaction.atomic
def pick(draft_id: int, version: int, actor: Actor, named: str) -> Draft:
    """The other wording, by its id or its way, becomes the draft's text; the former stays beside it."""
    draft = locked(draft_id, version, only_from=[Draft.State.READY])
    if draft.edited_text and draft.edited_text != draft.text:
        raise Invalid("You have edited this draft. Your text is kept; copy into it what you like.")
    offered = draft.alternatives.filter(state=Alternative.State.READY)
    row = offered.filter(pk=int(named)).first() if named.isdecimal() else offered.filter(way=named).first()
    if row is None:
        raise Invalid("This draft offers no such alternative. Nothing was sent.")
    moved = Draft.objects.filter(pk=draft.pk, version=version, state=Draft.State.READY).update(
        text=row.text, sources=row.sources, checks=row.checks, picked=row.way, version=F("version") + 1,
        edited_text="", edited_by=None, edited_at=None,
    )  # fmt: skip
    if not moved:
        raise Conflict(what_happened(draft), draft)
    Alternative.objects.filter(pk=row.pk).update(
        way=draft.picked or FIRST, text=draft.text, sources=draft.sources, checks=draft.checks
    )
    draft.refresh_from_db()
    tell(draft)
    return draft
