"""What a team says to another team's offer: accept, adapt or decline it."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from copilot.knowledge import texts
from copilot.learning import ledger, moves, together
from copilot.learning.evidence import describe
from copilot.learning.moves import Refused
from copilot.learning.offering_texts import users_of
from copilot.models import Lesson, Offer
from people.audit import note_deed
from people.models import ApiKey, User

State, Kind = Offer.State, Offer.Kind


@dataclass(frozen=True, slots=True)
class Told:
    """The words in which an offer is taken up: a lesson's, an article's or saved reply's, or both."""

    before: str = ""
    after: str = ""
    heading: str = ""
    body: str = ""


@transaction.atomic
def accept(offer_id: int, version: int, person: User, key: ApiKey | None = None) -> Offer:
    offer = _open(offer_id, version)
    return _taken_up(offer, offered(offer), State.ACCEPTED, person, key)


def offered(offer: Offer) -> Told:
    return Told(offer.before, offer.after, offer.heading, offer.body)


@transaction.atomic
def adapt(offer_id: int, version: int, person: User, told: Told, key: ApiKey | None = None) -> Offer:
    """In the team's own words; the origin stays known."""
    offer = _open(offer_id, version)
    before, after = moves.worded(offer.kind, told.before, told.after) if offer.has_lesson else ("", "")
    heading, body = told.heading.strip(), texts.clean(told.body)
    if offer.has_text and not (heading and body):
        raise Refused("It needs a title and a text. Nothing was changed.")
    return _taken_up(offer, Told(before, after, heading, body), State.ADAPTED, person, key)


@transaction.atomic
def decline(offer_id: int, version: int, person: User, why: str, key: ApiKey | None = None) -> Offer:
    offer = _open(offer_id, version)
    if not why.strip():
        raise Refused("Say why, for the team that offers it. Nothing was changed.")
    return _decided(offer, State.DECLINED, person, key, why=why.strip()[:300])


def _open(offer_id: int, version: int) -> Offer:
    offer = (
        Offer.objects.select_for_update(of=("self",))
        .select_related("from_team", "team", "article")
        .get(pk=offer_id)
    )
    if offer.version != version or offer.state != State.OPEN or not together.stands(offer):
        raise Refused("It was decided meanwhile. Nothing was changed; look at it again.")
    return offer


def _taken_up(offer: Offer, told: Told, state: str, person: User, key: ApiKey | None) -> Offer:
    """The halves that the team lacks, where a lesson and an article are offered together."""
    made: dict[str, Any] = {}
    if offer.has_lesson and not (offer.has_text and _writes_so(offer)):
        made["made"] = _lesson(offer, told, person)
    if offer.kind == Kind.SAVED:
        made["made_reply"] = texts.new_saved_reply(
            person, offer.team, told.heading, told.body, key, owner=person, language=offer.language
        )
    elif offer.has_text and not _uses(offer):
        made["made_article"] = texts.new_article(
            person, told.heading, told.body, [offer.team], key, owner=person, language=offer.language
        )
    return _decided(offer, state, person, key, **made)


def _writes_so(offer: Offer) -> bool:
    own = ledger.key_of(offer.kind, offer.language, offer.before, offer.after)
    return Lesson.objects.filter(team=offer.team, person=None, key=own, state=Lesson.State.ACTIVE).exists()


def _uses(offer: Offer) -> bool:
    return offer.article is not None and users_of(offer.article).filter(pk=offer.team_id).exists()


def _lesson(offer: Offer, told: Told, person: User) -> Lesson:
    words = {"kind": offer.kind, "language": offer.language, "before": told.before, "after": told.after}
    own = ledger.key_of(offer.kind, offer.language, told.before, told.after)
    lesson, _ = Lesson.objects.get_or_create(team=offer.team, person=None, key=own, defaults=words)
    lesson = Lesson.objects.select_for_update().get(pk=lesson.pk)
    if lesson.state != Lesson.State.ACTIVE:
        if offer.lesson and not lesson.near:
            lesson.near = offer.lesson.near
        describe(lesson)
        ledger.move(
            lesson, Lesson.State.ACTIVE, "accepted", by=person, why=f"offered by {offer.from_team}",
            accepted_by=person, judged_from=Now(),
        )  # fmt: skip
    return lesson


def _decided(offer: Offer, state: str, person: User, key: ApiKey | None, **fields: Any) -> Offer:
    Offer.objects.filter(pk=offer.pk, version=offer.version).update(
        state=state, by=person, decided_at=Now(), version=offer.version + 1, **fields
    )
    offer.refresh_from_db()
    note_deed(person, f"{state} offer", offer, key=key)
    return offer
