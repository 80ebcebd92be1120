"""A call or meeting, as a colleague writes it down: part of the story, and read for promises and notes."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from copilot import reading
from customers.models import Account, Contact
from interactions.models import Conversation, Message
from people.access import Standing
from people.audit import note_deed
from people.models import ApiKey, Team, User

KINDS = {"call": "Call", "meeting": "Meeting"}
LONGEST = 20_000


@dataclass(frozen=True, slots=True)
class Call:
    """What was said, to whom, and when; `kind` is one of KINDS."""

    kind: str
    text: str
    at: datetime
    contact: Contact | None = None


def team_for(account: Account, who: Standing) -> Team | None:
    """One that looks after the account and that the person is in, or else any of the two."""
    of_account, mine = Team.objects.filter(pk__in=account.teams.values("pk")), Q(pk__in=who.teams)
    return of_account.filter(mine).first() or of_account.first() or Team.objects.filter(mine).first()


@transaction.atomic
def log_call(account: Account, team: Team, person: User, call: Call, key: ApiKey | None = None) -> Conversation:
    """A closed conversation of its own with one internal message: no customer sees it and no CRM is told."""
    who = f" with {call.contact}" if call.contact else ""
    talk = Conversation.objects.create(
        team=team, account=account, contact=call.contact, channel=call.kind, created_at=call.at,
        last_message_at=call.at, status=Conversation.Status.RESOLVED, subject=f"{KINDS[call.kind]}{who}"[:300],
    )  # fmt: skip
    message = Message.objects.create(
        conversation=talk, by=Message.By.NOTE, person=person, author_name=person.name, sent_at=call.at,
        received_at=call.at, text=call.text.replace("\r\n", "\n").strip(),
    )  # fmt: skip
    note_deed(person, f"logged {call.kind}", talk, key=key)
    reading.want(talk, message)
    reading.want_notes(talk)
    return talk
