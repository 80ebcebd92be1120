"""What people say of a note: yes, yes in other words, no, the same as another, still so, or that it was a slip.

What was said yes to counts from then on, and the CRM is told.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from customers.models import Note
from interactions import outbox
from interactions.models import Quote
from people.audit import note_deed
from people.models import ApiKey, User

State, Kind = Note.State, Note.Kind
# For so many days an accepted note is taken to be true; then a person says so again.
MOST_EVIDENCE = 5  # words of other notes beside one
STANDS: Mapping[str, int] = {
    Kind.RISK: 90, Kind.CONCERN: 90, Kind.COMMITMENT: 120, Kind.MILESTONE: 180, Kind.PERSONAL: 180,
    Kind.PREFERENCE: 365, Kind.WAY_OF_WORKING: 365,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """How a note is to stand, where the person says more than yes; empty or None keeps what is proposed."""

    text: str = ""
    kind: str = ""
    internal: bool | None = None
    review_by: date | None = None


@transaction.atomic
def accept_note(
    note: Note, person: User, key: ApiKey | None = None, said: Said = Said(), *, over: Note | None = None
) -> bool:
    """A proposed note becomes something that is known; `over` is the accepted one whose place it takes.

    False when it was decided already.
    """
    corrected = bool(said.text) and said.text != note.text
    text, kind = said.text or note.text, said.kind or note.kind
    internal = note.internal if said.internal is None else said.internal
    fields = {"text": text, "kind": kind, "internal": internal, "review_by": said.review_by or _until(kind)}
    if corrected:
        fields["first_text"] = note.first_text or note.text
    if not _decide(note, State.ACCEPTED, person, **fields):
        return False
    if over is not None:
        standing = Note.objects.filter(pk=over.pk, account=note.account_id, state=State.ACCEPTED)
        standing.update(state=State.SUPERSEDED, superseded_by=note)
    note_deed(person, "corrected note" if corrected else "accepted note", note, key=key)
    about = {"id": note.pk, "kind": kind, "text": text, "internal": internal}
    told = {"note": about, "by": person.email}
    outbox.announce_about(note.account, note.contact, "note.accepted", told, person)
    return True


@transaction.atomic
def reject_note(note: Note, person: User, key: ApiKey | None = None) -> bool:
    """It is not so, or not worth keeping; False when it was decided already."""
    if not _decide(note, State.REJECTED, person):
        return False
    note_deed(person, "rejected note", note, key=key)
    return True


@transaction.atomic
def merge_note(note: Note, known: Note, person: User, key: ApiKey | None = None) -> bool:
    """A proposed note says what an accepted one says: its words are kept as evidence, and it counts no more.

    False when either was decided otherwise meanwhile.
    """
    standing = Note.objects.filter(pk=known.pk, account=note.account_id, state=State.ACCEPTED)
    if not standing.select_for_update().exists():
        return False
    if not _decide(note, State.SUPERSEDED, person, superseded_by=known):
        return False
    standing.update(review_by=_until(known.kind))  # it was said again
    note_deed(person, "merged note", note, key=key, into=known.pk)
    return True


def with_evidence(notes: QuerySet[Note]) -> QuerySet[Note]:
    """`said`: the words that each was taken from, and those of the notes that were found to say the same. One
    whose place it took was decided on before it was."""
    after = OuterRef("decided_at")
    same = Q(
        note__superseded_by=OuterRef("pk"),
        note__state=State.SUPERSEDED,
        note__decided_at__gt=after,
    )
    quotes = Quote.objects.filter(Q(note=OuterRef("pk")) | same).order_by("pk")
    return notes.annotate(said=ArraySubquery(quotes.values("text")[:MOST_EVIDENCE]))


@transaction.atomic
def take_back(note: Note, person: User, key: ApiKey | None = None) -> bool:
    """What the person decided waits again, in its first words; False when it is no longer as they left it.

    A CRM that was told of it keeps its copy.
    """
    decided = (State.ACCEPTED, State.REJECTED, State.SUPERSEDED)
    mine = Note.objects.select_for_update().filter(pk=note.pk, decided_by=person, state__in=decided)
    row = mine.exclude(state=State.SUPERSEDED, superseded_by=None).first()
    if row is None:
        return False
    if row.state == State.ACCEPTED and row.decided_at:  # what it took the place of stands again
        gone = Note.objects.filter(superseded_by=row, state=State.SUPERSEDED, decided_at__lt=row.decided_at)
        gone.update(state=State.ACCEPTED, superseded_by=None)
    mine.update(
        state=State.PROPOSED, decided_by=None, decided_at=None, superseded_by=None,
        text=row.first_text or row.text, first_text="",
    )  # fmt: skip
    note_deed(person, "took back note", note, key=key)
    return True


@transaction.atomic
def renew_note(note: Note, person: User, key: ApiKey | None = None) -> bool:
    """It was out of date and is still so; False when it is not out of date (any more). It was decided on when
    it was: what came in its place or was merged with it is told by that."""
    expired = Note.objects.filter(pk=note.pk, state=State.EXPIRED)
    if not expired.update(state=State.ACCEPTED, review_by=_until(note.kind)):
        return False
    note_deed(person, "renewed note", note, key=key)
    return True


def expire_due(limit: int) -> int:
    """Accepted notes past their day of review count no more until somebody says that they are still so."""
    past = Note.objects.filter(state=State.ACCEPTED, review_by__lt=timezone.localdate())
    ids = list(past.values_list("pk", flat=True)[:limit])
    return past.filter(pk__in=ids).update(state=State.EXPIRED) if ids else 0


def _until(kind: str) -> date:
    return timezone.localdate() + timedelta(days=STANDS[kind])


def _decide(note: Note, to: str, person: User, **fields: Any) -> bool:
    waiting = Note.objects.filter(pk=note.pk, state=State.PROPOSED)
    return bool(waiting.update(state=to, decided_by=person, decided_at=Now(), **fields))
