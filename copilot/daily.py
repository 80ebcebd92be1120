"""The mail of each morning: what waits for a person, each thing with the link that opens it.

A row for each person and working day is made by the sweep, in the person's own zone; a worker sends it once.
What it says is looked up at that moment; a promise that is due by the end of the next working day comes with a
follow-up that is ready to approve.
"""

import logging
import smtplib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import groupby
from socket import gaierror
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from copilot.drafting.follow_up import follow_up
from copilot.models import DailyMail, Draft
from copilot.relationship.attention import Waiting, is_late, promises_of, waiting_for
from customers.models import Promise
from interactions.access import answerable_conversations
from interactions.channels.mail import about
from interactions.models import Conversation, Message, Quote
from people.access import Standing, standing
from people.models import User
from people.zone import zone_of

log = logging.getLogger(__name__)

MAIL = "copilot.tasks.mail_daily"
SALT = "daily-mail"
State = DailyMail.State
LEASE, AGAIN = timedelta(minutes=4), timedelta(minutes=5)
MOST_ATTEMPTS = 5
QUIET_AFTER = timedelta(days=30)
SATURDAY = 5
# It certainly did not leave, so that it may be tried again.
NOT_SENT = (smtplib.SMTPConnectError, smtplib.SMTPNotSupportedError, ConnectionRefusedError, gaierror)


@dataclass(frozen=True, slots=True)
class Line:
    """One thing of the mail, and the address that opens it."""

    text: str
    url: str
    note: str = ""


def open_due() -> int:
    """A row for each person whose morning has come, on working days; the sweep rings for it."""
    people = User.objects.filter(is_active=True, memberships__isnull=False).exclude(daily_mail="off").distinct()
    mornings = [(person, _local(person)) for person in people.only("pk", "time_zone")]
    rows = [
        DailyMail(person=person, day=now.date(), due_at=timezone.now())
        for person, now in mornings
        if now.hour >= settings.DAILY_MAIL_HOUR and now.weekday() < SATURDAY
    ]
    days = {row.day for row in rows}
    known = set(DailyMail.objects.filter(day__in=days).values_list("person_id", "day"))
    new = [row for row in rows if (row.person_id, row.day) not in known]
    return len(DailyMail.objects.bulk_create(new, ignore_conflicts=True))


def _local(person: User) -> datetime:
    return timezone.now().astimezone(ZoneInfo(zone_of(person)))


def due_mails(limit: int) -> list[int]:
    due = DailyMail.objects.filter(state=State.DUE, due_at__lte=Now()).order_by("due_at")
    return list(due.values_list("pk", flat=True)[:limit])


def mail(mail_id: int) -> None:
    """Once a person and day. What cannot be made or handed over is tried again; what may have left is not."""
    mine = DailyMail.objects.filter(pk=mail_id, state=State.DUE)
    if not mine.filter(due_at__lte=Now()).update(due_at=Now() + LEASE, attempts=F("attempts") + 1):
        return
    row = mine.select_related("person").get()
    letter = compose(row.person, row.day)
    if letter is None:
        mine.update(state=State.EMPTY)
    elif mine.update(state=State.SENDING):
        _send(row, letter)


def _send(row: DailyMail, letter: EmailMessage) -> None:
    sending = DailyMail.objects.filter(pk=row.pk, state=State.SENDING)
    try:
        letter.send(using="default")
    except NOT_SENT as error:
        log.warning("daily mail %s: %s", row.pk, type(error).__name__)
        again = row.attempts < MOST_ATTEMPTS
        sending.update(state=State.DUE if again else State.FAILED, due_at=Now() + AGAIN)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        log.warning("daily mail %s: %s", row.pk, type(error).__name__)
        sending.update(state=State.FAILED)
    else:
        sending.update(state=State.SENT, sent_at=Now())


def compose(person: User, day: date) -> EmailMessage | None:
    """None where nothing waits for the person, or they want no mail any more."""
    who = standing(person)
    waiting = _waiting(person, who, day)
    if not waiting:
        return None
    drafts = _follow_ups(who, person, waiting.promises)
    told = {
        "person": person, "promises": [_promise(one, drafts.get(one.pk), person) for one in waiting.promises],
        "notes": [_note(one) for one in waiting.notes],
        "escalations": [_escalation(one) for one in waiting.escalations],
        "quiet": [_quiet(one, person) for one in waiting.quiet], "quieter": quieter_url(person),
        "revisits": [_revisit(one) for one in waiting.revisits],
    }  # fmt: skip
    contacts = sorted({pk for pk in _told_of(waiting) if pk})
    headers = {
        "X-Rapport-About": " ".join(map(about, contacts)) or "nobody",
        "Auto-Submitted": "auto-generated", "List-Unsubscribe": f"<{told['quieter']}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    }  # fmt: skip
    body = render_to_string("mail/daily.txt", told)
    return EmailMessage(_subject(waiting), body, settings.DEFAULT_FROM_EMAIL, [person.email], headers=headers)


def _told_of(waiting: Waiting) -> Iterable[int | None]:
    """The contacts of whom the mail tells, so that its file goes when they are erased."""
    yield from (one.contact_id for one in waiting.promises)
    yield from (one.contact_id for one in waiting.notes)
    yield from (one.conversation.contact_id for one in waiting.escalations)


def _waiting(person: User, who: Standing, day: date) -> Waiting:
    zone = ZoneInfo(zone_of(person))
    after = day + timedelta(days={4: 4, 5: 3}.get(day.weekday(), 2))  # past the next working day
    until = datetime.combine(after, time(), zone)
    if person.daily_mail == "off" or not person.is_active:
        return Waiting()
    if person.daily_mail == "promises":
        return Waiting(promises_of(who, until))
    today = datetime.combine(day, time(), zone)
    since = today - timedelta(days=3 if day.weekday() == 0 else 1)
    return waiting_for(who, day, until, (since - QUIET_AFTER, today - QUIET_AFTER))


@transaction.atomic
def _follow_ups(who: Standing, person: User, promises: Iterable[Promise]) -> dict[int, Draft]:
    """By promise: the draft that waits where it was made; what is late already is no longer reminded of."""
    said = Quote.objects.filter(
        promise__in=[one for one in promises if not is_late(one)], message__by=Message.By.COLLEAGUE
    )
    said = said.filter(message__conversation__in=answerable_conversations(who)).order_by("promise", "pk")
    where = {quote.promise_id: quote.message.conversation_id for quote in said.select_related("message")}
    found: dict[int, Draft] = {}
    due = sorted((one for one in promises if one.pk in where), key=lambda one: where[one.pk])
    related = ("contact__shown_as", "account", "team")
    talks = Conversation.objects.select_related(*related).in_bulk(set(where.values()))
    for talk, those in groupby(due, key=lambda one: where[one.pk]):
        group = list(those)
        draft = follow_up(talks[talk], group, person)
        found |= {one.pk: draft for one in group} if draft else {}
    return found


def _promise(promise: Promise, draft: Draft | None, person: User) -> Line:
    due = promise.due_at.astimezone(ZoneInfo(zone_of(person))) if promise.due_at else None
    when = (
        f"{'was due' if is_late(promise) else 'due'} {due:%A}, {due.day} {due:%B} at {due:%H:%M}" if due else ""
    )
    text = f"{promise.account.name}, {when}: “{promise.text}”"
    if draft is None:
        return Line(text, _address("account", promise.account_id))
    ready = draft.state == Draft.State.READY and not draft.abstained
    note = "A follow-up is ready to approve" if ready else "A reply is open there"
    return Line(text, _address("draft", draft.conversation_id, draft.n), note)


def _note(note: Any) -> Line:
    return Line(f"{note.account.name}: {note.text}", f"{_address('notes')}?note={note.pk}")


def _escalation(one: Any) -> Line:
    by = f", from {one.by.name}" if one.by else ""
    return Line(f"{one.conversation}{by}", _address("conversation", one.conversation_id))


def _quiet(account: Any, person: User) -> Line:
    last = account.last_spoke.astimezone(ZoneInfo(zone_of(person)))
    return Line(f"{account.name}: last heard on {last.day} {last:%B}", _address("account", account.pk))


def _revisit(one: Any) -> Line:
    """The account alone: the aim may name people, and stays on its page."""
    text = f"{one.strategy.account.name}: look back on what was decided on {one.at.day} {one.at:%B}"
    return Line(text, _address("strategy", one.strategy_id))


def _subject(waiting: Waiting) -> str:
    counts = (
        (len(waiting.promises), "promise", "due"), (len(waiting.escalations), "conversation", "handed to you"),
        (len(waiting.notes), "note", "to review"), (len(waiting.quiet), "account", "gone quiet"),
        (len(waiting.revisits), "decision", "to look back on"),
    )  # fmt: skip
    told = [f"{n} {what}{'' if n == 1 else 's'} {how}" for n, what, how in counts if n]
    return ", ".join(told)[:1].upper() + ", ".join(told)[1:]


def _address(name: str, *args: int) -> str:
    return f"{settings.PUBLIC_URL}{reverse(name, args=args)}"


def quieter_url(person: User) -> str:
    """Works without signing in and for as long as the install keeps its key; it can only make mail less."""
    token = signing.dumps(person.pk, salt=SALT)
    return f"{settings.PUBLIC_URL}{reverse('quieter', args=[token])}"
