"""What a person says yes to about a relationship: it counts from then on, and the CRM is told."""

from django.db import transaction
from django.db.models.functions import Now

from customers.models import Note
from interactions import outbox
from people.audit import note_deed
from people.models import ApiKey, User


@transaction.atomic
def accept_note(note: Note, person: User, key: ApiKey | None = None) -> bool:
    """A proposed note becomes something that is known; False when it was decided already."""
    accepted = Note.objects.filter(pk=note.pk, state=Note.State.PROPOSED).update(
        state=Note.State.ACCEPTED, decided_by=person, decided_at=Now()
    )
    if not accepted:
        return False
    note_deed(person, "accepted note", note, key=key)
    said = {"id": note.pk, "kind": note.kind, "text": note.text, "internal": note.internal}
    told = {"note": said, "by": person.email}
    outbox.announce_about(note.account, note.contact, "note.accepted", told, person)
    return True
