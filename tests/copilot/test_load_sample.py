"""The sample company loads once, agrees with itself on any day of the year, and fakes nothing."""

import json
import re
import stat
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.core.management import call_command
from django.db.models import Count
from django.test import Client
from pytest_django import Settings

from copilot.learning.signals import remember_reply
from copilot.models import Article, Draft, PastReply, ReleaseRule, SavedReply, Strategy
from copilot.sample.cast import FOLDER, read
from customers.models import Account, Contact, Goal, Note, Promise, Record
from interactions.models import Conversation, Escalation, Message, Quote
from people.models import ApiKey, Scope, Team, User

pytestmark = pytest.mark.django_db

MADE_BY_CODE = {"Decision", "Signal", "Lesson", "Offer", "Effect", "TopicRecord", "Rehearsal"}
THEMES = ["api", "charges", "exports", "invoices", "outages", "renewals", "seats", "sign-in", "sso", "vat"]
CITED = re.compile(r"(TW-\d+) (?:over|über) [£€]?([\d.,]*\d)")


@pytest.fixture
def access_file(tmp_path: Path, settings: Settings) -> Path:
    settings.VAR_DIR = tmp_path
    return tmp_path / "access.json"


@pytest.fixture
def access(access_file: Path) -> dict[str, object]:
    call_command("load_sample")
    return dict(json.loads(access_file.read_text()))


def rows_of_everything() -> dict[str, int]:
    return {
        model.__name__: model._default_manager.count() for model in apps.get_models() if model._meta.managed
    }


def test_every_screen_has_something_to_show(access: dict[str, object]) -> None:
    assert (Team.objects.count(), User.objects.count(), Account.objects.count()) == (3, 11, 12)
    assert Contact.objects.count() == 26
    assert Article.objects.count() >= 10 and SavedReply.objects.count() >= 10
    assert Conversation.objects.filter(status="resolved").count() >= 80
    assert Conversation.objects.filter(status="open", waiting_since__isnull=False).count() >= 10
    assert Conversation.objects.filter(status="snoozed").count() == 1
    assert set(Note.objects.values_list("state", flat=True)) >= {"proposed", "accepted", "rejected", "expired"}
    assert set(Note.objects.values_list("kind", flat=True)) == set(Note.Kind.values)
    assert set(Promise.objects.values_list("state", flat=True)) == {"open", "kept"}
    (scenario, *_) = Strategy.objects.get().rounds.latest("n").board["scenarios"]
    assert scenario["title"] and scenario["evidence"], "what stands below it was found"
    assert ReleaseRule.objects.get().set_by == User.objects.get(name="Ines Calloway")
    assert Goal.objects.count() == 5 and Escalation.objects.count() == 1
    assert Account.objects.filter(people_only=True).exclude(people_only_reason="").count() == 1
    kinds = Record.objects.values_list("account").annotate(n=Count("kind", distinct=True))
    assert all(n >= 2 for _, n in kinds) and len(kinds) == 12


def test_everybody_can_sign_in(access: dict[str, object], settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]  # as it is outside tests
    users = access["users"]
    assert isinstance(users, list)
    assert {user["role"] for user in users} == {"agent", "account_manager", "lead", "admin"}
    for user in users:
        stored = User.objects.get(email=user["email"]).password
        assert PBKDF2PasswordHasher().verify(user["password"], stored)
    first = users[0]
    assert Client().login(email=first["email"], password=first["password"])
    stretched = User.objects.get(email=first["email"]).password
    assert not PBKDF2PasswordHasher().must_update(stretched)


def test_access_is_private_and_complete(access: dict[str, object], access_file: Path) -> None:
    assert stat.S_IMODE(access_file.stat().st_mode) == 0o600
    assert set(access) == {"url", "users", "api_key", "connection"}
    deciding = ApiKey.objects.get(scopes__contains=[Scope.DECIDE])
    assert deciding.person and deciding.person.memberships.get().role == "lead"
    connection = access["connection"]
    assert isinstance(connection, dict)
    assert connection["url"].startswith("http") and connection["url"].endswith(connection["id"])
    assert connection["secret"].startswith("whsec_") and connection["api_key"] != access["api_key"]


def test_loading_twice_changes_nothing(access: dict[str, object], access_file: Path) -> None:
    before, file = rows_of_everything(), access_file.read_bytes()
    call_command("load_sample")
    assert rows_of_everything() == before
    assert access_file.read_bytes() == file


def test_what_code_should_make_is_not_loaded(access: dict[str, object]) -> None:
    counts = rows_of_everything()
    assert {name: counts[name] for name in MADE_BY_CODE & set(counts) if counts[name]} == {}


def test_todays_letters_get_drafts_in_the_ordinary_way(access: dict[str, object]) -> None:
    waiting = Conversation.objects.filter(status="open")
    for conversation in waiting.select_related("account"):
        drafts = list(conversation.drafts.values_list("state", flat=True))
        assert conversation.account
        assert drafts == ([] if conversation.account.people_only else ["queued"])
    assert Draft.objects.count() == waiting.count() - 1


def test_past_replies_are_kept_as_a_sent_reply_would_be(access: dict[str, object]) -> None:
    for reply in PastReply.objects.select_related("message__conversation")[:20]:
        before = (reply.customer, reply.author, reply.asked, reply.text)
        again = remember_reply(reply.message)
        assert again and (again.customer, again.author, again.asked, again.text) == before


def test_every_quote_stands_in_its_message(access: dict[str, object]) -> None:
    quotes = list(Quote.objects.select_related("message__conversation", "note", "promise"))
    assert len(quotes) >= Note.objects.count() + Promise.objects.count()
    for quote in quotes:
        assert quote.text in quote.message.text
        tied = quote.note or quote.promise or quote.goal
        assert tied and tied.account_id == quote.message.conversation.account_id
    assert not Promise.objects.exclude(quotes__message__by=Message.By.COLLEAGUE).exists()


def test_amounts_agree_with_the_records(access: dict[str, object]) -> None:
    totals = {r.external_id: r.fields["total"] for r in Record.objects.filter(kind="invoice")}
    cited = [found for m in Message.objects.all() for found in CITED.findall(m.text)]
    assert len(cited) >= 20
    for number, amount in cited:
        assert re.sub(r"[.,]", "", amount) == totals[number].replace(".", ""), number
    for record in Record.objects.filter(kind="invoice"):
        f = record.fields
        assert float(f["amount"]) == pytest.approx(f["seats"] * float(f["unit_price"]) * f["months"])
        assert float(f["total"]) == pytest.approx(float(f["amount"]) + float(f["vat"]))


def test_letters_and_invoices_belong_to_the_same_customer(access: dict[str, object]) -> None:
    owners = dict(Record.objects.values_list("external_id", "account_id"))
    for message in Message.objects.select_related("conversation"):
        for number in re.findall(r"\b(?:TW-\d+|ORD-\d+)", message.text):
            assert owners[number] == message.conversation.account_id, number


@pytest.mark.parametrize(
    "day", ["2027-01-01T09:00", "2027-02-28T23:50", "2028-02-29T03:10", "2026-11-02T12:00"]
)
def test_the_sample_is_fresh_on_any_day(access_file: Path, day: str) -> None:
    now = datetime.fromisoformat(f"{day}+00:00")
    with time_machine.travel(now, tick=False):
        call_command("load_sample")
    for conversation in Conversation.objects.prefetch_related("messages"):
        sent = [one.sent_at for one in sorted(conversation.messages.all(), key=lambda one: one.pk)]
        assert sent == sorted(sent) and sent[-1] <= now, conversation
    oldest = Conversation.objects.filter(status="open").earliest("waiting_since").waiting_since
    assert oldest and now - oldest < timedelta(days=2)
    assert not Message.objects.filter(text__regex=r"\{[a-z_]+[-+:}]").exists()
    assert not Note.objects.filter(text__contains="{").exists()
    issued = {one.external_id: one.occurred_at for one in Record.objects.all() if one.occurred_at}
    for message in Message.objects.all():
        for number in re.findall(r"\bTW-\d+", message.text):
            assert issued[number] <= message.sent_at, f"{number} is cited before it was sent"


def test_themes_come_from_several_customers_and_colleagues(access: dict[str, object]) -> None:
    for theme in THEMES:
        subjects = [row["subject"] for row in read(f"conversations/{theme}.toml")["conversation"]]
        replies = PastReply.objects.filter(conversation__subject__in=subjects)
        assert len(subjects) >= 5, theme
        assert replies.values("conversation__account").distinct().count() >= 4, theme
        assert replies.values("author").distinct().count() >= 2, theme


def test_articles_are_short_enough_to_be_read(access: dict[str, object]) -> None:
    for article in Article.objects.all():
        assert 100 <= len(article.body.split()) <= 300, article.title
        assert article.title and not article.title.startswith("#")
    assert len(list(FOLDER.glob("articles/*.md"))) == Article.objects.count()
