"""The account page over a timeline of 5,000 entries: server time, and the number of queries.

Bars: p95 at most 120 ms, at most 15 queries, for the first page, one kind of entry, and a page far back.
"""

import sys
from datetime import timedelta
from typing import Any

from benchmarks.house import figure, house, quantile, time_of

TALKS, NOTES, RECORDS, PROMISES = 3000, 800, 1000, 200
VISITS = 60
BAR, QUERIES = 120, 15


def main() -> int:
    with house(ALLOWED_HOSTS="localhost", RAPPORT_PROCESS="web"):
        person, account = _fill()
        return _visit(person, f"/accounts/{account.pk}/")


def _fill() -> tuple[Any, Any]:
    """An account with ten contacts; an entry of each sort every few hours, the newest now."""
    from django.db import connection
    from django.utils import timezone

    from customers.models import Account, Contact, Note, Promise, Record
    from interactions.models import Conversation
    from people.models import Membership, Team, User

    now = timezone.now()
    team = Team.objects.create(name="Support", slug="support", email="support@example.com")
    person = User.objects.create_user("manager@example.com", "benchmark", name="Ana Berg")
    Membership.objects.create(user=person, team=team, role="account_manager")
    account = Account.objects.create(name="Tern Rope", sort_key="tern rope", manager=person)
    account.teams.add(team)
    who = Contact.objects.bulk_create(Contact(name=f"Kim {n}", account=account) for n in range(10))
    whose: dict[str, Any] = {"account": account}
    Conversation.objects.bulk_create(
        Conversation(
            **whose, team=team, contact=who[n % 10], subject=f"Question {n}", created_at=at, last_message_at=at
        )
        for n in range(TALKS) if (at := now - timedelta(hours=n))
    )  # fmt: skip
    Note.objects.bulk_create(
        Note(**whose, text=f"Note {n}", kind="risk", state="accepted", created_at=now - timedelta(hours=4 * n))
        for n in range(NOTES)
    )
    Record.objects.bulk_create(
        Record(
            **whose, kind="order", external_id=str(n), title=f"Order {n}", source_updated_at=at, occurred_at=at
        )
        for n in range(RECORDS) if (at := now - timedelta(hours=3 * n))
    )  # fmt: skip
    Promise.objects.bulk_create(
        Promise(**whose, text=f"Promise {n}", made_at=now - timedelta(hours=15 * n)) for n in range(PROMISES)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return person, account


def _visit(person: Any, url: str) -> int:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext
    from django.utils import timezone

    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    back = (timezone.now() - timedelta(days=90)).strftime("%Y-%m-%dT%H:%M:%SZ")
    pages = {"first page": url, "notes alone": f"{url}?kind=note", "90 days back": f"{url}?before={back}"}
    print(f"The account page, {TALKS + NOTES + RECORDS + PROMISES:,} entries on its timeline:")
    missed = False
    for name, page in pages.items():
        client.get(page)
        with CaptureQueriesContext(connection) as queries:
            client.get(page)
        count = len(queries)
        spent = [time_of(client, page) for _ in range(VISITS)]
        slow = quantile(spent, 0.95)
        figure(f"{name}, p50", quantile(spent, 0.5), "ms")
        figure(f"{name}, p95", slow, "ms", f"bar: at most {BAR}")
        figure(f"{name}, queries", count, "", f"bar: at most {QUERIES}")
        missed = missed or slow > BAR or count > QUERIES
    return int(missed)


if __name__ == "__main__":
    sys.exit(main())
