"""Accounts: the list by name, and the whole story with one of them."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from copilot.models import Draft
from customers.models import Goal, Note, Promise, Record
from interactions.models import Conversation
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.factories import a_contact, a_conversation, a_message, an_account


def test_the_list_says_who_waits_and_what_is_promised(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    Promise.objects.create(account=cast.fjord, text="A forecast", made_at=timezone.now())
    an_account(name="Aker Foods", teams=(cast.support,))

    rows = sign_in(cast.ines).get("/accounts/").context["accounts"]

    assert [(row.name, row.waiting, row.promises) for row in rows] == [
        ("Aker Foods", 0, 0),
        ("Fjord Shipping", 1, 1),
    ]


def test_a_manager_sees_the_own_ones_first(cast: Cast, sign_in: SignIn) -> None:
    an_account(name="Aker Foods", teams=(cast.support,))

    answer = sign_in(cast.karim).get("/accounts/")

    assert [row.name for row in answer.context["accounts"]] == ["Fjord Shipping"]


def test_an_account_tells_its_story(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    now = timezone.now()
    Note.objects.create(
        account=cast.fjord, kind="preference", text="Writes short mails", state="accepted", author=cast.karim,
        created_at=now - timedelta(days=40),
    )  # fmt: skip
    Note.objects.create(account=cast.fjord, kind="risk", text="Not reviewed", created_at=now)
    Goal.objects.create(account=cast.fjord, text="A second site", created_at=now)
    Record.objects.create(
        account=cast.fjord, kind="invoice", external_id="1", title="Invoice 77", status="paid",
        occurred_at=now - timedelta(days=3), source_updated_at=now,
    )  # fmt: skip

    Record.objects.create(
        account=cast.fjord,
        kind="subscription",
        external_id="2",
        title="Plan 12",
        source_updated_at=now - timedelta(2),
    )

    page = sign_in(cast.karim).get(f"/accounts/{cast.fjord.pk}/").content.decode()

    for said in (
        "Paid. Told just now.",
        "Told 2 days ago.",
        "Karim Haddad",
        "Writes short mails",
        "A second site",
        "Invoice 77",
        "When does our contract end?",
    ):
        assert said in page
    assert "Not reviewed" not in page


def test_the_timeline_shows_one_kind_and_older_ones(cast: Cast, sign_in: SignIn) -> None:
    now = timezone.now()
    for number in range(40):
        Note.objects.create(
            account=cast.fjord, kind="risk", text=f"Note {number}", state="accepted",
            created_at=now - timedelta(days=number),
        )  # fmt: skip
    client = sign_in(cast.karim)

    first = client.get(f"/accounts/{cast.fjord.pk}/?kind=note").context["account"]
    older = client.get(first.next_url, headers={"HX-Request": "true"})

    assert "Note 39" in older.content.decode()
    assert "<html" not in older.content.decode()


def test_the_timeline_is_searched_by_words_and_by_person(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    now = timezone.now()
    jon = a_contact(name="Jon Vik", account=cast.fjord)
    for contact, words in ((cast.sigrid, "The pallets came late"), (jon, "We need more pallets")):
        said = a_conversation(
            contact=contact, account=cast.fjord, team=cast.support, subject=words[:8],
            channel="email" if contact is jon else "whats_app",
        )  # fmt: skip
        a_message(conversation=said, text=f"{words}, as agreed.")
    same: dict[str, Any] = {"account": cast.fjord, "state": "accepted", "created_at": now, "kind": "risk"}
    for n in range(35):  # all of one moment
        Note.objects.create(text=f"Note {n}", **same)
    Note.objects.create(text="Pallets matter", contact=jon, **same | {"created_at": now - timedelta(days=1)})
    client, url = sign_in(cast.karim), f"/accounts/{cast.fjord.pk}/"

    def titles(**asked: Any) -> set[str]:
        page = client.get(url, asked).context["account"]
        return {entry.title for span in page.spans for entry in span.entries}

    assert titles(q="pallets late") == {"The pall"}
    assert titles(q="pallets") == {"The pall", "We need ", "Pallets matter"}
    assert titles(q="pallets", contact=jon.pk) == {"We need ", "Pallets matter"}
    assert titles(q="pallets", contact=jon.pk, kind="note") == {"Pallets matter"}
    assert titles(q="camels") == set()
    assert titles(channel="whats_app") == {"The pall"} and titles(channel="email", q="late") == set()
    assert '<option value="whats_app">Whats app</option>' in client.get(url).content.decode()
    with django_assert_max_num_queries(15):
        client.get(url, {"q": "pallets", "contact": jon.pk})
    first = client.get(url, {"kind": "note"}).context["account"]
    assert "Pallets matter" in client.get(first.next_url).content.decode()
    for wrong in ({"contact": "x"}, {"contact": "9" * 30}, {"q": "\0"}, {"channel": "\0"}, {"before": "never"}):
        assert client.get(url, wrong).status_code == 200


def test_strangers_find_nothing(cast: Cast, sign_in: SignIn) -> None:
    for person in (cast.lukas, cast.ada):
        assert sign_in(person).get(f"/accounts/{cast.fjord.pk}/").status_code == 404


def test_both_pages_take_few_queries(
    cast: Cast, draft: Draft, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        an_account(name=f"Account {number}", teams=(cast.support,), manager=cast.karim)
    client = sign_in(cast.ines)

    with django_assert_max_num_queries(15):
        client.get("/accounts/")
    with django_assert_max_num_queries(15):
        client.get(f"/accounts/{cast.fjord.pk}/")


def test_what_needs_somebody_first_and_why(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    now = timezone.now()
    aker = an_account(name="Aker Foods", teams=(cast.support,), manager=cast.karim)
    moss = an_account(name="Moss Bakery", teams=(cast.support,), manager=cast.karim)
    Promise.objects.create(account=moss, text="A forecast", made_at=now, due_at=now - timedelta(days=1))
    Promise.objects.create(account=aker, text="A call", made_at=now, due_at=now + timedelta(hours=4))
    Promise.objects.create(account=aker, text="Far off", made_at=now, due_at=now + timedelta(days=9))
    Promise.objects.create(account=cast.bright, text="Theirs", made_at=now, due_at=now)
    Note.objects.create(account=aker, kind="risk", text="Not reviewed", created_at=now)
    Conversation.objects.update(waiting_since=now - timedelta(days=2))

    answer = sign_in(cast.karim).get("/accounts/")

    first = [(one.name, [reason.late for reason in one.reasons]) for one in answer.context["needy"]]
    assert first == [("Moss Bakery", [True]), ("Fjord Shipping", [False]), ("Aker Foods", [False, False])]
    there = (now - timedelta(days=2)).astimezone(ZoneInfo(cast.karim.time_zone))
    assert f"Sigrid has waited since {there:%a}" in answer.text and "1 note to review" in answer.text
    assert "Far off" not in answer.text and "Theirs" not in answer.text
    assert not sign_in(cast.lukas).get("/accounts/?after=a~1").context["needy"], "the first page only"


def test_an_account_of_which_nothing_is_known_has_a_page(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.karim).get(f"/accounts/{cast.fjord.pk}/")
    assert page.status_code == 200 and "Nothing here yet" in page.text
    for before in ("soon", "2026-02-31T10:00:00Z", "2026-02-03T10:00:00", "2026-02-03T10:00:00-19:36"):
        assert sign_in(cast.karim).get(f"/accounts/{cast.fjord.pk}/", {"before": before}).status_code == 200


def test_a_digit_that_is_no_number_is_nothing(cast: Cast, sign_in: SignIn) -> None:
    petra = sign_in(cast.petra)
    for address in (
        "/accounts/?after=a~²",
        f"/contacts/{cast.sigrid.pk}/?with=²",
        "/settings/deliveries/?after=²",
    ):
        assert petra.get(address).status_code == 200, address
    assert petra.post(f"/contacts/{cast.sigrid.pk}/", {"other": "²"}).status_code == 404
