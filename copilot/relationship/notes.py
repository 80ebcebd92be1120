"""What people say of a note: yes, yes in other words, no, and that it was a slip.

What was said yes to counts from then on, and the CRM is told.
"""

from django.db import transaction
from django.db.models.functions import Now

from customers.models import Note
from interactions import outbox
from people.audit import note_deed
from people.models import ApiKey, User

State = Note.State


@transaction.atomic
def accept_note(note: Note, person: User, key: ApiKey | None = None, *, text: str = "") -> bool:
    """A proposed note becomes something that is known, in the person's words if `text` has some.

    False when it was decided already.
    """
    corrected = bool(text) and text != note.text
    text = text or note.text
    if not _decide(note, State.ACCEPTED, person, text=text):
        return False
    note_deed(person, "corrected note" if corrected else "accepted note", note, key=key)
    said = {"id": note.pk, "kind": note.kind, "text": text, "internal": note.internal}
    told = {"note": said, "by": person.email}
    outbox.announce_about(note.account, note.contact, "note.accepted", told, person)
    return True


@transaction.atomic
def reject_note(note: Note, person: User) -> bool:
    """It is not so, or not worth keeping; False when it was decided already."""
    if not _decide(note, State.REJECTED, person):
        return False
    note_deed(person, "rejected note", note)
    return True


@transaction.atomic
def take_back(note: Note, person: User) -> bool:
    """What the person decided waits to be decided again; False when it is no longer as they left it.

    A CRM that was told of it keeps its copy.
    """
    mine = Note.objects.filter(pk=note.pk, decided_by=person, state__in=(State.ACCEPTED, State.REJECTED))
    if not mine.update(state=State.PROPOSED, decided_by=None, decided_at=None):
        return False
    note_deed(person, "took back note", note)
    return True


def _decide(note: Note, to: str, person: User, **fields: str) -> bool:
    waiting = Note.objects.filter(pk=note.pk, state=State.PROPOSED)
    return bool(waiting.update(state=to, decided_by=person, decided_at=Now(), **fields))
