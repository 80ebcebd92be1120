"""The inbox and a conversation at 100,000 conversations: server time, and the number of queries.

Bars: p95 at most 100 ms of server time, at most 15 queries a page. The rows are copied in with
COPY, so that seeding takes seconds.
"""

import random
import sys
from datetime import UTC, datetime, timedelta
from typing import Any

from benchmarks.house import figure, house, quantile, time_of

CONVERSATIONS = 100_000
MESSAGES_EACH = 4
ACCOUNTS = 2_000
OPEN_SHARE = 0.02
VISITS = 120
SEED = 11


def main() -> int:
    with house(ALLOWED_HOSTS="localhost", RAPPORT_PROCESS="web"):
        person, conversation_ids = _seed()
        _visit(person, conversation_ids)
    return 0


def _seed() -> tuple[Any, list[int]]:
    from django.db import connection

    from customers.models import Account, Contact
    from people.models import Membership, Team, User

    rng = random.Random(SEED)
    team = Team.objects.create(name="Support", slug="support", email="support@example.com")
    person = User.objects.create_user("agent@example.com", "benchmark", name="Ana Berg")
    Membership.objects.create(user=person, team=team, role="agent")
    accounts = Account.objects.bulk_create(
        [Account(name=f"Account {n}", sort_key=f"account {n}") for n in range(ACCOUNTS)]
    )
    contacts = Contact.objects.bulk_create(
        [Contact(name=f"Contact {a.name}", email=f"c{a.pk}@example.com", account=a) for a in accounts]
    )
    people = list(zip(accounts, contacts, strict=True))
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        _copy(cursor, "interactions_conversation", _CONVERSATION, _conversations(rng, team.pk, people))
        _copy(cursor, "interactions_message", _MESSAGE, _messages(rng))
        _copy(cursor, "copilot_draft", _DRAFT, _drafts())
        cursor.execute("SELECT setval('interactions_conversation_id_seq', %s)", [CONVERSATIONS])
        cursor.execute("ANALYZE")
        cursor.execute("RESET statement_timeout")
    return person, [rng.randrange(1, CONVERSATIONS) for _ in range(VISITS)]


NOW = datetime.now(UTC)
_CONVERSATION = (
    "id, team_id, account_id, contact_id, external_id, subject, channel, language, topic, status,"
    " waiting_since, last_message_at, version, created_at, labels, told_at, rating_comment"
)
_MESSAGE = (
    'conversation_id, by, author_name, external_id, text, html, quoted, "to", cc, attachments,'
    " automatic, unproven, sent_at, received_at"
)
_DRAFT = (
    "conversation_id, n, state, version, text, abstained, missing, sources, unused, checks, lessons,"
    " envelope, edited_text, instructions, engine, model, prompt_version, usage, cost_micros, failure,"
    " reference, attempts, due_at, fence, created_at"
)


def _copy(cursor: Any, table: str, columns: str, rows: Any) -> None:
    with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _open(number: int) -> bool:
    return number % round(1 / OPEN_SHARE) == 0


def _conversations(rng: random.Random, team: int, people: list[tuple[Any, Any]]) -> Any:
    for number in range(1, CONVERSATIONS + 1):
        account, contact = rng.choice(people)
        at = NOW - timedelta(minutes=rng.randrange(1, 700_000))
        yield (
            number, team, account.pk, contact.pk, "", f"Question {number} about the export", "email", "en",
            "", "open" if _open(number) else "resolved", at if _open(number) else None, at, 1, at,
            "[]", "{}", "",
        )  # fmt: skip


def _messages(rng: random.Random) -> Any:
    for conversation in range(1, CONVERSATIONS + 1):
        at = NOW - timedelta(minutes=rng.randrange(1, 700_000))
        for turn in range(MESSAGES_EACH):
            by = "colleague" if turn % 2 and not _open(conversation) else "customer"
            text = f"Why does export {conversation} stop after a while? " * 6
            moment = at + timedelta(minutes=turn)
            yield (conversation, by, "Kim Ito", "", text, "", "", "[]", "[]", "[]", "", False, moment, moment)


def _drafts() -> Any:
    for number in range(1, CONVERSATIONS + 1):
        if _open(number):
            yield (
                number, 1, "ready", 3, "Hi Kim,\n\nPlease split it by month.", False, "[]", "[]", "[]",
                "[]", "[]", '{"to": ["c1@example.com"], "cc": [], "bcc": [], "subject": "Re: x",'
                ' "attachments": []}', "", "[]", "offline", "none", "offline-1", "{}", 0, "", "", 1,
                NOW, 1, NOW,
            )  # fmt: skip


def _visit(person: Any, conversation_ids: list[int]) -> None:
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    client = Client(headers={"host": "localhost"})
    client.force_login(person)
    open_ones = [max(50, number // 50 * 50) for number in conversation_ids]
    pages = {
        "inbox, the team's": ["/inbox/?view=team"] * VISITS,
        "inbox, unassigned": ["/inbox/?view=unassigned"] * VISITS,
        "search, a word in every message": ["/search/?q=export"] * VISITS,
        "search, a rare number": [f"/search/?q=export+{number}" for number in conversation_ids],
        "search, a name": ["/search/?q=kim"] * VISITS,
        "conversation, closed": [f"/inbox/{number}/" for number in conversation_ids],
        "conversation, with a draft": [f"/inbox/{number}/" for number in open_ones],
    }
    print(f"Server time at {CONVERSATIONS:,} conversations, {CONVERSATIONS * MESSAGES_EACH:,} messages:")
    for name, urls in pages.items():
        client.get(urls[0])
        with CaptureQueriesContext(connection) as queries:
            client.get(urls[0])
        count = len(queries)
        spent = [time_of(client, url) for url in urls]
        figure(f"{name}, p50", quantile(spent, 0.5), "ms")
        bar = 150 if name.startswith("search") else 100
        figure(f"{name}, p95", quantile(spent, 0.95), "ms", f"bar: at most {bar}")
        figure(f"{name}, queries", count, "", "bar: at most 15")


if __name__ == "__main__":
    sys.exit(main())
