"""The build of a Context at 10,000 and at 1,000,000 messages, and what a second draft reads from the cache.

Bars: p95 at most 25 ms, and at most 1.5 times what it costs in a small house. The same 2,000 customers grow
from one conversation to fifty each; rows are made in the database itself, so that a million takes a minute.
BUILDS=40 measures fewer.
"""

import os
import random
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

from benchmarks.house import figure, house, quantile

SMALL, LARGE = 1_000, 100_000  # conversations, ten messages each
ACCOUNTS = 2_000
BUILDS = int(os.environ.get("BUILDS", "200"))
SEED = 7


def main() -> int:
    with house(RAPPORT_PROCESS="worker"):
        team, spent = _company(), {}
        for conversations in (SMALL, LARGE):
            _grow(team, conversations)
            spent[conversations] = _measure(conversations)
    print(f"Building a Context, {BUILDS} conversations at random (seed {SEED}):")
    for conversations, (whole, near) in spent.items():
        rest = [both - part for both, part in zip(whole, near, strict=True)]
        at = f"at {conversations * 10:,} messages"
        figure(f"p50 {at}", quantile(whole, 0.5), "ms")
        figure(f"p95 {at}", quantile(whole, 0.95), "ms", "bar: at most 25")
        figure(f"of it, finding what is near, p95 {at}", quantile(near, 0.95), "ms")
        figure(f"of it, all else, p95 {at}", quantile(rest, 0.95), "ms")
    ratio = quantile(spent[LARGE][0], 0.95) / quantile(spent[SMALL][0], 0.95)
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
        sent_at)
       SELECT id, n, %(team)s, 1 + n %% %(accounts)s, 1 + n %% %(accounts)s, 
              'account:' || (1 + n %% %(accounts)s), 'name:Agent ' || n %% 20, {_TEXT}, text, 'en', sent_at
       FROM interactions_message, LATERAL (SELECT conversation_id AS n) one
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


def _measure(conversations: int) -> tuple[list[float], list[float]]:
    """Milliseconds for the whole, and for finding what is near by itself once more."""
    from copilot.context import rarity
    from copilot.context.build import CONVERSATION, build_context
    from copilot.models import Draft

    rarity.forget()  # the house has grown a hundredfold since it was looked up
    rng = random.Random(SEED)
    related = [f"conversation__{name}" for name in CONVERSATION]
    whole, near = [], []
    for _ in range(BUILDS + 10):
        chosen = rng.randrange(1, conversations)
        draft = Draft.objects.select_related(*related).get(conversation_id=chosen)
        context, spent = _timed(partial(build_context, draft))
        whole.append(spent)
        near.append(_timed(partial(_near, draft, context.question))[1])
    return whole[10:], near[10:]


def _near(draft: Any, question: str) -> None:
    from copilot.context import retrieval

    talk = draft.conversation
    retrieval.near_replies(talk.team, retrieval.asked_text("", question), "en", talk.pk)
    retrieval.near_saved_replies(talk.team, f"{talk.subject} {question}", "en")
    retrieval.near_articles(talk.team, f"{talk.subject} {question}", "en")


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    started = time.perf_counter()
    made = work()
    return made, (time.perf_counter() - started) * 1000


if __name__ == "__main__":
    sys.exit(main())
