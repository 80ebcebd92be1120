"""Past conversations of support: each asked and answered long ago, for a rehearsal to draw from."""

from datetime import datetime, timedelta

from django.utils import timezone

from copilot.learning.signals import remember_reply
from customers.models import Contact
from interactions.models import Message
from people.models import Team, User
from tests.factories import a_conversation, a_message

QUESTION = "On which day of the month do you send the invoices for mooring fees?"
ANSWER = "Invoices for mooring fees are sent on the first working day of each month."


def days_ago(days: float) -> datetime:
    return timezone.now() - timedelta(days=days)


def answered(
    team: Team, contact: Contact, person: User, days: float, asked: str = QUESTION, answer: str = ANSWER
) -> Message:
    """The reply, in a conversation that was closed."""
    at = days_ago(days)
    talk = a_conversation(
        team=team, contact=contact, subject="Invoices", at=at, channel="chat", status="resolved", language="en"
    )
    a_message(conversation=talk, text=asked, at=at, author_name=contact.name)
    reply = a_message(
        conversation=talk, text=answer, by=Message.By.COLLEAGUE, person=person, author_name=person.name,
        at=at + timedelta(minutes=9),
    )  # fmt: skip
    remember_reply(reply)
    return reply
