"""What a team says to another team's offer: accept, adapt or decline it."""

from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from copilot.learning import ledger, moves
from copilot.learning.evidence import describe
from copilot.learning.moves import Refused
from copilot.models import Lesson, Offer
from people.audit import note_deed
from people.models import ApiKey, User

State = Offer.State


@transaction.atomic
def accept(offer_id: int, version: int, person: User, key: ApiKey | None = None) -> Offer:
    offer = _open(offer_id, version)
    return _taken_up(offer, offer.before, offer.after, State.ACCEPTED, person, key)


@transaction.atomic
def adapt(
    offer_id: int, version: int, person: User, before: str, after: str, key: ApiKey | None = None
) -> Offer:
    """In the team's own words; the origin stays known."""
    offer = _open(offer_id, version)
    told = moves.worded(offer.kind, before, after)
    return _taken_up(offer, *told, State.ADAPTED, person, key)


@transaction.atomic
def decline(offer_id: int, version: int, person: User, why: str, key: ApiKey | None = None) -> Offer:
    offer = _open(offer_id, version)
    if not why.strip():
        raise Refused("Say why, for the team that offers it. Nothing was changed.")
    return _decided(offer, State.DECLINED, person, key, why=why.strip()[:300])


def _open(offer_id: int, version: int) -> Offer:
    offer = Offer.objects.select_for_update(of=("self",)).select_related("from_team").get(pk=offer_id)
    if offer.version != version or offer.state != State.OPEN:
        raise Refused("It was decided meanwhile. Nothing was changed; look at it again.")
    return offer


def _taken_up(offer: Offer, before: str, after: str, state: str, person: User, key: ApiKey | None) -> Offer:
    told = {"kind": offer.kind, "language": offer.language, "before": before, "after": after}
    own = ledger.key_of(offer.kind, offer.language, before, after)
    lesson, _ = Lesson.objects.get_or_create(team=offer.team, person=None, key=own, defaults=told)
    lesson = Lesson.objects.select_for_update().get(pk=lesson.pk)
    if lesson.state != Lesson.State.ACTIVE:
        if offer.lesson and not lesson.near:
            lesson.near = offer.lesson.near
        describe(lesson)
        ledger.move(
            lesson, Lesson.State.ACTIVE, "accepted", by=person, why=f"offered by {offer.from_team}",
            accepted_by=person, judged_from=Now(),
        )  # fmt: skip
    return _decided(offer, state, person, key, made=lesson)


def _decided(offer: Offer, state: str, person: User, key: ApiKey | None, **fields: Any) -> Offer:
    Offer.objects.filter(pk=offer.pk, version=offer.version).update(
        state=state, by=person, decided_at=Now(), version=offer.version + 1, **fields
    )
    offer.refresh_from_db()
    note_deed(person, f"{state} offer", offer, key=key)
    return offer
