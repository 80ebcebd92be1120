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
    from customers.models import Account, Contact, Note, Promise
    from interactions.models import Conversation, Message, Quote
    from people.models import Membership, Role, Team, User

    now = timezone.now()
    team = Team.objects.create(name="Support", slug="support", email="support@tern.example")
    users = User.objects.bulk_create(
        User(email=f"p{n}@tern.example", name=f"Person {n}", password="!") for n in range(PEOPLE)
    )
    Membership.objects.bulk_create(Membership(user=one, team=team, role=Role.ACCOUNT_MANAGER) for one in users)
    numbers = range(PEOPLE * ACCOUNTS_EACH)
    accounts = Account.objects.bulk_create(
        [Account(name=f"Account {n}", sort_key=f"account {n}", manager=users[n % PEOPLE]) for n in numbers],
        5000,
    )
    contacts = Contact.objects.bulk_create(
        [Contact(name="Kim Ito", email=f"k{n}@example.com", account=accounts[n]) for n in numbers], 5000
    )
    talks = Conversation.objects.bulk_create(
        [
            Conversation(
                team=team, account=accounts[n], contact=contacts[n], subject=f"About {n}", created_at=now,
                last_message_at=now - timedelta(days=n // PEOPLE % 60), status="resolved", language="en",
            )
            for n in numbers
        ], 5000,
    )  # fmt: skip
    tenth = [n for n in numbers if n // PEOPLE % 10 == 0]
    said = Message.objects.bulk_create(
        Message(
            conversation=talks[n], by="colleague", person=users[n % PEOPLE], text="I'll call you.", sent_at=now,
            received_at=now,
        )
        for n in tenth
    )  # fmt: skip
    promises = Promise.objects.bulk_create(
        Promise(
            account=accounts[n], contact=contacts[n], owner=users[n % PEOPLE], text="I'll call you.",
            due_at=now + timedelta(hours=6), made_at=now,
        )
        for n in tenth
    )  # fmt: skip
    pairs = zip(said, promises, strict=True)
    Quote.objects.bulk_create(Quote(message=m, promise=p, text=p.text) for m, p in pairs)
    Note.objects.bulk_create(
        Note(account=accounts[n], kind="risk", text="Looks at others", created_at=now) for n in tenth
    )
    return [DailyMail(person=one, day=now.date(), due_at=now) for one in users]


if __name__ == "__main__":
    sys.exit(main())
