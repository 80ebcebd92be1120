"""Taking a conversation, putting it off, closing it, opening it again."""

from datetime import timedelta

import pytest
from django.utils import timezone

from copilot.models import Draft
from interactions.models import Conversation
from tests.cast import Cast
from tests.copilot.console.made import SignIn

Status = Conversation.Status


def test_it_is_taken_given_and_given_up(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    client, url = sign_in(cast.ines), f"/inbox/{talk.pk}/assign/"

    client.post(url)
    talk.refresh_from_db()
    assert talk.assignee == cast.ines
    client.post(url, {"to": cast.tomas.pk})
    talk.refresh_from_db()
    assert talk.assignee == cast.tomas
    client.post(url, {"to": ""})
    talk.refresh_from_db()
    assert talk.assignee is None


def test_it_is_labelled_in_its_menu(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    client, url = sign_in(cast.ines), f"/inbox/{talk.pk}/label/"
    shown = client.post(url, {"labels": " vip, crates ,, vip"}, follow=True).content.decode()
    talk.refresh_from_db()
    assert talk.labels == ["crates", "vip"] and 'value="crates, vip"' in shown

    assert client.post(url, {"labels": "x" * 61}).status_code == 422
    client.post(url, {"labels": ""})
    talk.refresh_from_db()
    assert talk.labels == []


def test_it_is_not_given_to_another_team(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    answer = sign_in(cast.ines).post(f"/inbox/{talk.pk}/assign/", {"to": cast.lukas.pk})

    assert answer.status_code == 422
    assert "not in the team" in answer.content.decode()


@pytest.mark.parametrize("until", ["hour", "tomorrow", "monday", "2099-01-02T09:00", "2099-01-02T09:00-19:36"])
def test_it_sleeps_until_a_time_to_come(cast: Cast, talk: Conversation, sign_in: SignIn, until: str) -> None:
    sign_in(cast.ines).post(f"/inbox/{talk.pk}/snooze/", {"until": until})

    talk.refresh_from_db()
    assert talk.status == Status.SNOOZED
    assert talk.snoozed_until is not None
    assert talk.snoozed_until > timezone.now() + timedelta(minutes=30)


@pytest.mark.parametrize("until", ["2020-01-01T09:00", "soon", "2026-13-45T09:00", "9999-12-31T23:59-19:36"])
def test_it_does_not_sleep_until_the_past(cast: Cast, talk: Conversation, sign_in: SignIn, until: str) -> None:
    answer = sign_in(cast.ines).post(f"/inbox/{talk.pk}/snooze/", {"until": until})

    assert answer.status_code == 422
    talk.refresh_from_db()
    assert talk.status == Status.OPEN


def test_resolving_sets_the_open_draft_aside(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)

    answer = client.post(f"/inbox/{draft.conversation_id}/resolve/")

    assert answer["Location"] == "/inbox/"
    draft.refresh_from_db()
    assert draft.state == Draft.State.DISCARDED
    assert Conversation.objects.get().status == Status.RESOLVED


def test_it_is_opened_again(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)
    client.post(f"/inbox/{talk.pk}/resolve/")
    assert "Open again" in client.get(f"/inbox/{talk.pk}/").content.decode()

    client.post(f"/inbox/{talk.pk}/reopen/")

    talk.refresh_from_db()
    assert talk.status == Status.OPEN


def test_it_leaves_for_the_list_it_stood_in_which_offers_it_again(
    cast: Cast, talk: Conversation, sign_in: SignIn
) -> None:
    client, page = sign_in(cast.ines), f"http://testserver/inbox/{talk.pk}/?view=team"

    answer = client.post(f"/inbox/{talk.pk}/resolve/", headers={"Referer": page})

    assert answer["Location"] == "/inbox/?view=team"
    status = client.get(answer["Location"]).context["status"]
    assert (status.text.startswith("Resolved"), status.url) == (True, f"/inbox/{talk.pk}/reopen/")
    assert client.get(answer["Location"]).context["status"] is None


def test_the_menu_gives_it_to_a_colleague_of_the_team(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    page = sign_in(cast.ines).get(f"/inbox/{talk.pk}/").content.decode()

    assert f'<option value="{cast.tomas.pk}">' in page
    assert f'<option value="{cast.lukas.pk}">' not in page
