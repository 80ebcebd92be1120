"""Whether the copilot may draft here: what the customer wants first, then the most specific switch."""

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from copilot.models import DraftingSwitch
from customers.merging import group_of
from customers.models import Account, Contact
from interactions.models import Conversation
from people.audit import note_deed
from people.models import ApiKey, Team, User
from prepared import prepared

Mode = DraftingSwitch.Mode


@dataclass(frozen=True, slots=True)
class Ruling:
    """`mode` for this conversation; `why` in words when it is not simply on."""

    mode: str
    why: str = ""
    people_only: bool = False

    @property
    def may_open(self) -> bool:
        """A customer's message opens a draft by itself."""
        return self.mode == Mode.ALWAYS

    @property
    def may_request(self) -> bool:
        return self.mode != Mode.OFF


def ruling(conversation: Conversation, person: User | None = None) -> Ruling:
    """The ruling for a conversation, and for the person who asks, when one does."""
    customer = people_only(conversation)
    if customer is not None:
        return Ruling(Mode.OFF, f"{customer} is answered by people only.", people_only=True)
    switch = _most_specific(conversation)
    if switch is None:
        return Ruling(Mode.ALWAYS)
    pilots = {pilot.pk for pilot in switch.pilot.all()}
    who = person.pk if person else conversation.assignee_id
    if pilots and who not in pilots:
        return Ruling(Mode.OFF, "Drafting is on trial with other colleagues.")
    return Ruling(switch.mode, _WORDS.get(switch.mode, ""))


def may_write(conversation: Conversation, person: User | None) -> bool:
    """Asked again once the topic is known, for a topic may have a switch of its own."""
    return not conversation.topic or ruling(conversation, person).mode != Mode.OFF


def people_only(conversation: Conversation) -> Contact | Account | None:
    """The contact or account that wants to be answered by people only; of merged contacts any one."""
    contact = conversation.contact
    if contact and contact.shown_as_id:
        contact = group_of(contact).filter(people_only=True).first()
    here = (contact, conversation.account)
    return next((one for one in here if one is not None and one.people_only), None)


_WORDS: dict[str, str] = {
    Mode.OFF: "Drafting is switched off here.",
    Mode.ON_REQUEST: "Drafts are written on request here.",
}


def _most_specific(conversation: Conversation) -> DraftingSwitch | None:
    """Customer before topic before channel before the whole team."""
    found = _switches(
        team=conversation.team_id, account=conversation.account_id, topic=conversation.topic,
        channel=conversation.channel,
    )  # fmt: skip
    return max(found, key=lambda s: (s.account_id is not None, s.topic != "", s.channel != ""), default=None)


@prepared
def _switches(*, team: int, account: int | None, topic: str, channel: str) -> QuerySet[DraftingSwitch]:
    here = DraftingSwitch.objects.filter(
        Q(account=None) | Q(account=account), Q(topic="") | Q(topic=topic), Q(channel="") | Q(channel=channel),
        team=team,
    )  # fmt: skip
    return here.prefetch_related("pilot")


def set_switch(
    team: Team, mode: str, person: User, *, account: Account | None = None, topic: str = "", channel: str = "",
    key: ApiKey | None = None,
) -> DraftingSwitch:  # fmt: skip
    switch, _ = DraftingSwitch.objects.update_or_create(
        team=team, account=account, topic=topic, channel=channel, defaults={"mode": mode, "set_by": person}
    )
    note_deed(person, "set switch", switch, key=key, place=place_of(switch), mode=mode)
    return switch


def place_of(switch: DraftingSwitch) -> str:
    """Where it holds, in words; empty for the whole team."""
    parts = [
        f"Customer: {switch.account}" if switch.account else "",
        f"Topic: {switch.topic}" if switch.topic else "",
        f"Channel: {switch.channel}" if switch.channel else "",
    ]
    return ", ".join(part for part in parts if part)


def mode_of_team(team: Team) -> Callable[[str], str]:
    """For a topic what holds for all customers and channels; empty: where no topic has a switch of its own."""
    rows = DraftingSwitch.objects.filter(team=team, account=None, channel="")
    modes = dict(rows.values_list("topic", "mode"))
    return lambda topic: modes.get(topic, modes.get("", Mode.ALWAYS))
