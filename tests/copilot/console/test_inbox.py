"""The inbox: what stands in which list, in which order, and how few queries that takes."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from copilot.models import Draft
from interactions.models import Conversation
from tests.cast import Cast
from tests.copilot.console.made import SignIn, a_draft, htmx
from tests.factories import a_contact, a_conversation, a_message


def test_a_stranger_is_asked_to_sign_in(client: Client, db: None) -> None:
    answer = client.get("/inbox/")

    assert answer.status_code == 302
    assert answer["Location"].startswith("/me/login/?next=/inbox/")


def test_htmx_takes_the_whole_page_to_the_sign_in(client: Client, db: None) -> None:
    answer = client.get("/inbox/", headers={"HX-Request": "true"})

    assert answer["HX-Redirect"] == "/me/login/"


def test_a_row_tells_who_waits_for_how_long_and_how_the_draft_is(
    cast: Cast, draft: Draft, sign_in: SignIn
) -> None:
    page = sign_in(cast.ines).get("/inbox/?view=team").content.decode()

    assert "Sigrid Moe" in page
    assert "Fjord Shipping" in page
    assert "When does our contract end?" in page
    assert "20 min" in page
    assert "Draft ready" in page
    assert "1 to check" in page


def test_the_longest_wait_is_at_the_top_and_who_does_not_wait_at_the_end(
    cast: Cast, talk: Conversation, sign_in: SignIn
) -> None:
    a_conversation(team=cast.support, contact=cast.sigrid, subject="Answered")
    long_ago = timezone.now() - timedelta(hours=3)
    a_conversation(team=cast.support, contact=cast.sigrid, subject="Oldest", waiting_since=long_ago)

    page = sign_in(cast.ines).get("/inbox/?view=team").content.decode()

    assert page.index("Oldest") < page.index("When does our contract end?") < page.index("Answered")


def test_each_view_holds_its_own(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    mine = a_conversation(team=cast.support, contact=cast.sigrid, subject="It is mine", assignee=cast.ines)
    a_conversation(
        team=cast.support, subject="Later", status="snoozed", snoozed_until=timezone.now() + timedelta(days=1)
    )
    client = sign_in(cast.ines)

    def subjects(view: str) -> set[str]:
        return {row.subject for row in client.get(f"/inbox/?view={view}").context["list"].rows}

    assert subjects("mine") == {mine.subject}
    assert subjects("team") == {mine.subject, draft.conversation.subject}
    assert subjects("unassigned") == {draft.conversation.subject}
    assert subjects("ready") == {draft.conversation.subject}
    assert subjects("snoozed") == {"Later"}
    assert subjects("escalated") == set()
    assert subjects("no-such-view") == {mine.subject}


def test_another_teams_conversations_are_not_there(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    page = sign_in(cast.lukas).get("/inbox/?view=team").content.decode()

    assert "Sigrid" not in page


def test_an_account_manager_sees_the_own_accounts(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    a_conversation(team=cast.support, subject="Of another account")

    answer = sign_in(cast.karim).get("/inbox/")

    assert [row.subject for row in answer.context["list"].rows] == [talk.subject]
    assert answer.context["list"].title == "My accounts"


@pytest.mark.parametrize(("name", "where"), [
    ("ines", "/inbox/"), ("petra", "/inbox/"), ("karim", "/accounts/"), ("ada", "/settings/people/"),
])  # fmt: skip
def test_the_front_door_leads_each_to_their_work(cast: Cast, sign_in: SignIn, name: str, where: str) -> None:
    answer = sign_in(getattr(cast, name)).get("/")

    assert answer.status_code == 303
    assert answer["Location"] == where


def test_an_admin_without_a_grant_has_no_inbox(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    assert sign_in(cast.ada).get("/inbox/").status_code == 404


def test_pages_of_fifty_follow_each_other_without_a_gap(cast: Cast, sign_in: SignIn) -> None:
    now = timezone.now()
    for number in range(120):
        waiting = now - timedelta(minutes=number // 2) if number < 100 else None
        a_conversation(team=cast.support, subject=f"Number {number}", waiting_since=waiting)
    client, url, seen = sign_in(cast.ines), "/inbox/?view=team", []

    for _ in range(3):
        shown = client.get(url).context["list"]
        seen += [row.subject for row in shown.rows]
        url = shown.next_url

    assert url == ""
    assert len(seen) == len(set(seen)) == 120


def test_htmx_gets_the_next_rows_alone(cast: Cast, sign_in: SignIn) -> None:
    for number in range(51):
        a_conversation(team=cast.support, subject=f"Number {number}")
    client = sign_in(cast.ines)
    url = client.get("/inbox/?view=team").context["list"].next_url

    part = client.get(url, headers={"HX-Request": "true"})

    assert "Number 50" in part.content.decode()
    assert "<html" not in part.content.decode()
    assert "HX-Request" in part["Vary"]


def test_htmx_gets_the_list_alone(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    part = sign_in(cast.ines).get("/inbox/?view=team", headers=htmx("list")).content.decode()

    assert part.strip().startswith("<section")
    assert "Sigrid" in part


def test_a_full_list_takes_few_queries(
    cast: Cast, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(50):
        contact = a_contact(name=f"Person {number}", account=cast.fjord)
        conversation = a_conversation(team=cast.support, contact=contact, subject=f"Number {number}")
        a_message(conversation=conversation)
        a_draft(conversation=conversation)
    client = sign_in(cast.ines)

    with django_assert_max_num_queries(8):
        answer = client.get("/inbox/?view=team")

    assert len(answer.context["list"].rows) == 50


def test_an_empty_install_shows_the_first_steps(cast: Cast, sign_in: SignIn) -> None:
    page = sign_in(cast.ines).get("/inbox/").content.decode()

    assert "Connect your CRM" in page
