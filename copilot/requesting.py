"""A team without drafting asks for it, and one of its leads says yes or no; a yes sets the team's switch."""

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from copilot.drafting.switch import mode_of_team, set_switch
from copilot.models import DraftingRequest, DraftingSwitch, Topic
from people.audit import note_deed
from people.models import ApiKey, Team, User

State, Mode = DraftingRequest.State, DraftingSwitch.Mode


class Refused(Exception):
    """It cannot be asked for or decided; the message says why and what to do."""


@transaction.atomic
def ask(
    team: Team, topic: Topic | None, person: User, why: str = "", key: ApiKey | None = None
) -> DraftingRequest:
    """Raises Refused where drafts are written already, or it waits for a lead."""
    if mode_of_team(team)(topic.name if topic else "") == Mode.ALWAYS:
        raise Refused("Drafts are written there already. Nothing was asked.")
    try:
        with transaction.atomic():
            made = DraftingRequest.objects.create(
                team=team, topic=topic, asked_by=person, why=why.strip()[:300]
            )
    except IntegrityError:
        raise Refused("It was asked already and waits for a lead. Nothing was asked twice.") from None
    note_deed(person, "requested drafting", made, key=key, team=team.pk, topic=topic.pk if topic else None)
    return made


@transaction.atomic
def approve(
    asked: DraftingRequest, person: User, reason: str = "", key: ApiKey | None = None
) -> DraftingSwitch:
    """Drafts are written by themselves from then on. Raises Refused."""
    if asked.topic and asked.topic.retired_at:
        raise Refused("Its topic was retired. Nothing was changed; decline it with a word.")
    _decide(asked, State.APPROVED, person, reason)
    switch = set_switch(asked.team, Mode.ALWAYS, person, topic=asked.topic.name if asked.topic else "", key=key)
    note_deed(person, "approved drafting", asked, key=key, switch=switch.pk, reason=reason)
    return switch


@transaction.atomic
def decline(asked: DraftingRequest, person: User, reason: str, key: ApiKey | None = None) -> None:
    """Raises Refused without a reason."""
    if not reason.strip():
        raise Refused("Say why, for the colleague who asked. Nothing was changed.")
    _decide(asked, State.DECLINED, person, reason)
    note_deed(person, "declined drafting", asked, key=key, reason=reason.strip()[:300])


def _decide(asked: DraftingRequest, state: str, person: User, reason: str) -> None:
    decided = DraftingRequest.objects.filter(pk=asked.pk, state=State.OPEN).update(
        state=state, decided_by=person, decided_at=Now(), reason=reason.strip()[:300]
    )
    if not decided:
        raise Refused("It was decided meanwhile. Nothing was changed; look at it again.")
    asked.refresh_from_db()
