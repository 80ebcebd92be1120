"""The mails of one morning: 200 people over 20,000 accounts, made and written to files by one worker.

Each person looks after 100 accounts, of which one in ten has a promise that is due and one in ten a note that
waits; so each mail has something to tell, and makes follow-up drafts. Bar: 60 seconds.
"""

import sys
import time
from datetime import timedelta
from typing import Any

from benchmarks.house import figure, house

PEOPLE, ACCOUNTS_EACH = 200, 100
BAR = 60


def main() -> int:
    with house():
        people = _fill()
        from copilot import daily
        from copilot.models import DailyMail, Draft

        rows = DailyMail.objects.bulk_create(people)
        started, busy = time.perf_counter(), time.process_time()
        for row in rows:
            daily.mail(row.pk)
        spent, busy = time.perf_counter() - started, time.process_time() - busy
        sent = DailyMail.objects.filter(state="sent").count()
        print(f"The mails of a morning, {PEOPLE} people over {PEOPLE * ACCOUNTS_EACH:,} accounts:")
        figure("all mails", spent, "s", f"bar: at most {BAR}")
        figure("of it, this process at work", busy, "s")
        figure("one mail", spent / PEOPLE * 1000, "ms")
        figure("mails sent", sent, "")
        figure("follow-ups ready to approve", Draft.objects.filter(state="ready").count(), "")
        return int(spent > BAR or sent < PEOPLE)


def _fill() -> list[Any]:
    """The rows of the morning, one a person, after everything that they tell of."""
    from django.utils import timezone

    from copilot.models import DailyMail
    from people.models import Membership, Role, Team, User

    now = timezone.now()
    team = Team.objects.create(name="Support", slug="support", email="support@tern.example")
    users = User.objects.bulk_create(
        User(email=f"p{n}@tern.example", name=f"Person {n}", password="!") for n in range(PEOPLE)
    )
    Membership.objects.bulk_create(Membership(user=one, team=team, role=Role.ACCOUNT_MANAGER) for one in users)
    _promise(_talk(team, users, now)[::10], now)
    return [DailyMail(person=one, day=now.date(), due_at=now) for one in users]


def _talk(team: Any, users: list[Any], now: Any) -> list[Any]:
    """A conversation with each account, those of one person one after the other."""
    from customers.models import Account, Contact
    from interactions.models import Conversation

    numbers = range(PEOPLE * ACCOUNTS_EACH)
    accounts = Account.objects.bulk_create(
        [
            Account(name=f"Account {n}", sort_key=f"account {n}", manager=users[n // ACCOUNTS_EACH])
            for n in numbers
        ],
        5000,
    )
    contacts = Contact.objects.bulk_create(
        [Contact(name="Kim Ito", email=f"k{n}@example.com", account=accounts[n]) for n in numbers], 5000
    )
    talks = [
        Conversation(
            team=team, account=accounts[n], contact=contacts[n], subject=f"About {n}", created_at=now,
            last_message_at=now - timedelta(days=n % 60), status="resolved", language="en",
        )
        for n in numbers
    ]  # fmt: skip
    return Conversation.objects.bulk_create(talks, 5000)


def _promise(talks: list[Any], now: Any) -> None:
    """In each of them a promise that is due, with its words, and a note that waits."""
    from customers.models import Note, Promise
    from interactions.models import Message, Quote

    who = {talk.pk: talk.account.manager for talk in talks}
    said = Message.objects.bulk_create(
        Message(
            conversation=talk, by="colleague", person=who[talk.pk], text="I'll call you.", sent_at=now,
            received_at=now,
        )
        for talk in talks
    )  # fmt: skip
    promises = Promise.objects.bulk_create(
        Promise(
            account=talk.account, contact=talk.contact, owner=who[talk.pk], text="I'll call you.", made_at=now,
            due_at=now + timedelta(hours=6),
        )
        for talk in talks
    )  # fmt: skip
    pairs = zip(said, promises, strict=True)
    Quote.objects.bulk_create(Quote(message=m, promise=p, text=p.text) for m, p in pairs)
    Note.objects.bulk_create(
        Note(account=talk.account, kind="risk", text="Looks at others", created_at=now) for talk in talks
    )


if __name__ == "__main__":
    sys.exit(main())
