"""The build of a Context at 10,000 and at 1,000,000 messages.

Bars: p95 at most 25 ms, and at most 1.5 times what it costs in a small house. The same 2,000 customers grow
from one conversation to fifty each; rows are made in the database itself, so that a million takes a minute.
Beside the time by the clock stands the processor time, ours and the database's, which what else runs on the
machine changes less. BUILDS=40 measures fewer.
"""

import os
import random
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from benchmarks.house import cpu_seconds, figure, house, quantile

SMALL, LARGE = 1_000, 100_000  # conversations, ten messages each
ACCOUNTS = 2_000
BUILDS = int(os.environ.get("BUILDS", "200"))
WARMING = 10  # builds that only fill the caches
SEED = 7


@dataclass
class Spent:
    """Milliseconds: of each build by the clock and of our processor, the database's processor for all of them,
    and by the clock for finding what is near, by itself once more."""

    whole: list[float] = field(default_factory=list)
    ours: list[float] = field(default_factory=list)
    database: float = 0.0
    near: list[float] = field(default_factory=list)


def main() -> int:
    with house(RAPPORT_PROCESS="worker"):
        team, spent = _company(), {}
        for conversations in (SMALL, LARGE):
            _grow(team, conversations)
            spent[conversations] = _measure(conversations)
    print(f"Building a Context, {BUILDS} conversations at random (seed {SEED}):")
    for conversations, one in spent.items():
        at = f"at {conversations * 10:,} messages"
        figure(f"p50 {at}", quantile(one.whole, 0.5), "ms")
        figure(f"p95 {at}", quantile(one.whole, 0.95), "ms", "bar: at most 25")
        figure(f"processor time of ours, p95 {at}", quantile(one.ours, 0.95), "ms")
        figure(f"processor time of the database, mean {at}", one.database / BUILDS, "ms")
        figure(f"finding what is near by itself, p95 {at}", quantile(one.near, 0.95), "ms")
    ratio = quantile(spent[LARGE].whole, 0.95) / quantile(spent[SMALL].whole, 0.95)
    figure("the larger house's p95 beside the smaller one's", ratio, "x", "bar: at most 1.5")
    return 0


def _company() -> int:
    """A team with articles and saved replies, and accounts with a contact, orders, notes and promises."""
    from people.models import Team

    team = Team.objects.create(name="Support", slug="support", email="support@example.com")
    for statement in _COMPANY:
        _run(statement, {"team": team.pk, "accounts": ACCOUNTS})
    return team.pk


def _run(statement: str, values: dict[str, Any]) -> None:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
        cursor.execute(statement, values)
        cursor.execute("RESET statement_timeout")


# What a row does not name is empty, whichever columns a model gains.
_EMPTY = """
DO $$ DECLARE one record; BEGIN
  FOR one IN SELECT table_name, column_name, data_type FROM information_schema.columns
    WHERE table_schema = 'public' AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
      AND is_generated = 'NEVER' AND data_type <> 'uuid'
      AND table_name ~ ('^(customers_|interactions_(conversation|message)|' ||
                         'copilot_(article|savedreply|pastreply|draft))')
  LOOP EXECUTE format('ALTER TABLE %%I ALTER COLUMN %%I SET DEFAULT %%s', one.table_name, one.column_name,
    CASE WHEN one.data_type IN ('text', 'character varying') THEN quote_literal('')
         WHEN one.data_type = 'jsonb' THEN quote_literal('[]')
         WHEN one.data_type = 'boolean' THEN 'false'
         WHEN one.data_type LIKE 'timestamp%%' THEN 'now()' ELSE '0' END);
  END LOOP; END $$"""
_COMPANY = (
    _EMPTY,
    """INSERT INTO customers_account (id, name, sort_key, tier, fields)
       SELECT n, 'Account ' || n, 'account ' || n, 'standard', '{}'
       FROM generate_series(1, %(accounts)s) n""",
    """INSERT INTO customers_contact (id, account_id, name, email, fields)
       SELECT n, n, 'Kim Ito ' || n, 'c' || n || '@example.com', '{}'
       FROM generate_series(1, %(accounts)s) n""",
    """INSERT INTO customers_record 
       (external_id, kind, title, status, account_id, contact_id, fields, occurred_at)
       SELECT 'o-' || n, 'order', 'Order ' || n, 'delivered', 1 + n %% %(accounts)s, 1 + n %% %(accounts)s,
              '{"item": "Mooring rope, 40 m", "total": "1249.00", "currency": "EUR"}',
              now() - n * interval '1 minute'
       FROM generate_series(1, %(accounts)s * 10) n""",
    """INSERT INTO customers_note (account_id, kind, text, internal, state)
       SELECT 1 + n %% %(accounts)s, 'preference', 'Prefers short answers, told on day ' || n, true, 'accepted'
       FROM generate_series(1, %(accounts)s * 5) n""",
    """INSERT INTO customers_promise (account_id, text, state)
       SELECT 1 + n %% %(accounts)s, 'The rope is replaced', 'open'
       FROM generate_series(1, %(accounts)s * 2) n""",
    """INSERT INTO copilot_savedreply (team_id, title, text, language)
       SELECT %(team)s, 'Export ' || n, 'Split export ' || n || ' by month and start it again.', 'en'
       FROM generate_series(1, 200) n""",
    """INSERT INTO copilot_article (title, body, language)
       SELECT 'Export ' || n, repeat('An export of kind ' || n || ' stops after an hour. ', 20), 'en'
       FROM generate_series(1, 500) n""",
)
# A vocabulary like a support team's: a few words in most questions, many in few.
_WORDS = """(array['export','invoice','order','delivery','login','password','refund','contract','price',
 'rope','crane','harbour','report','seat','licence','address','parcel','broken','late','change','cancel','renew',
 'upgrade','bank','card','email','phone','meeting','error','server'])"""
_TEXT = f"""'Why does the ' || {_WORDS}[1 + floor(30 * power(random(), 2))::int] || ' of '
 || {_WORDS}[1 + floor(30 * random())::int] || ' ' || n || ' stop after a while, and what about the topic'
 || floor(random() * 4000)::int || '? We have waited since Monday.'"""
# As the cues of a reply to a first question of somebody with an order.
_SITUATION = "array['after ', 'state old', 'record old order item order number order total', 'team 1']"
_GROW = (
    "SELECT setseed(0.5)",
    """INSERT INTO interactions_conversation
       (id, team_id, account_id, contact_id, subject, channel, language, status,
        last_message_at, version, told_at)
       SELECT n, %(team)s, 1 + n %% %(accounts)s, 1 + n %% %(accounts)s, 'Question ' || n, 'email', 'en',
              'resolved', now() - n * interval '1 minute', 1, '{}'
       FROM generate_series(%(first)s, %(last)s) n""",
    f"""INSERT INTO interactions_message (conversation_id, by, contact_id, author_name, text, sent_at)
       SELECT n, CASE t %% 2 WHEN 1 THEN 'customer' ELSE 'colleague' END, 1 + n %% %(accounts)s,
              CASE t %% 2 WHEN 1 THEN 'Kim Ito' ELSE 'Agent ' || n %% 20 END, {_TEXT},
              now() - n * interval '1 minute' + t * interval '2 seconds'
       FROM generate_series(%(first)s, %(last)s) n, generate_series(0, 9) t""",
    f"""INSERT INTO copilot_pastreply
       (message_id, conversation_id, team_id, account_id, contact_id, customer, author, asked, text, language,
        sent_at, cues)
       SELECT id, n, %(team)s, 1 + n %% %(accounts)s, 1 + n %% %(accounts)s, 
              'account:' || (1 + n %% %(accounts)s), 'name:Agent ' || n %% 20, asked, text, 'en', sent_at,
              string_to_array('asked ' || replace(lower(asked), ' ', '#asked '), '#') || {_SITUATION}
       FROM interactions_message, LATERAL (SELECT conversation_id AS n) one,
            LATERAL (SELECT {_TEXT} AS asked) two
       WHERE by = 'colleague' AND n BETWEEN %(first)s AND %(last)s AND id %% 5 < 2""",
    """INSERT INTO copilot_draft (conversation_id, n, state, version, envelope, usage)
       SELECT n, 1, 'thinking', 3, '{}', '{}' FROM generate_series(%(first)s, %(last)s) n""",
    "ANALYZE",
)


def _grow(team: int, conversations: int) -> None:
    from interactions.models import Conversation

    here = Conversation.objects.count()
    for statement in _GROW:
        _run(statement, {"team": team, "accounts": ACCOUNTS, "first": here + 1, "last": conversations})


def _measure(conversations: int) -> Spent:
    from copilot.context import rarity
    from copilot.models import Draft

    rarity.forget()  # the house has grown a hundredfold since it was looked up
    rng, spent = random.Random(SEED), Spent()
    drafts = Draft.objects.select_related(*_read_with())
    chosen = [drafts.get(conversation_id=rng.randrange(1, conversations)) for _ in range(BUILDS + WARMING)]
    for draft in chosen[:WARMING]:
        _build(draft, Spent())
    server = _server()
    before = cpu_seconds(server)
    questions = [_build(draft, spent) for draft in chosen[WARMING:]]
    spent.database = (cpu_seconds(server) - before) * 1000
    for draft, question in zip(chosen[WARMING:], questions, strict=True):
        started = time.perf_counter()
        _near(draft, question)
        spent.near.append((time.perf_counter() - started) * 1000)
    return spent


def _read_with() -> list[str]:
    from copilot.context.build import CONVERSATION

    return [f"conversation__{name}" for name in CONVERSATION]


def _server() -> int:
    """The process that works for our connection."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def _build(draft: Any, spent: Spent) -> str:
    from copilot.context.build import build_context

    started, ours = time.perf_counter(), time.process_time()
    context = build_context(draft)
    spent.whole.append((time.perf_counter() - started) * 1000)
    spent.ours.append((time.process_time() - ours) * 1000)
    return context.question


def _near(draft: Any, question: str) -> None:
    from copilot.context import retrieval, written

    talk = draft.conversation
    retrieval.near_replies(talk.team, retrieval.asked_text("", question), "en", talk.pk)
    written.near_saved_replies(talk.team, f"{talk.subject} {question}", "en")
    written.near_articles(talk.team, f"{talk.subject} {question}", "en")


if __name__ == "__main__":
    sys.exit(main())
