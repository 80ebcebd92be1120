"""A person's own settings and keys, and the keyboard's page."""

import pytest
from django.conf import settings as django_settings
from django.test import Client

from people.models import ApiKey, User, digest_of
from tests.cast import Cast
from tests.copilot.console.made import SignIn

MINE = {"time_zone": "Europe/Lisbon", "theme": "dark", "undo_seconds": "20", "single_keys": "on"}


def test_settings_are_kept(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)

    page = client.post("/settings/me/", MINE, follow=True).content.decode()

    cast.ines.refresh_from_db()
    assert (cast.ines.time_zone, cast.ines.theme, cast.ines.undo_seconds) == ("Europe/Lisbon", "dark", 20)
    assert not cast.ines.only_finished_drafts
    assert "Your settings are kept." in page
    assert 'data-theme="dark"' in page


@pytest.mark.parametrize("wrong", [{"undo_seconds": "4"}, {"undo_seconds": "31"}, {"time_zone": "Mars/Crater"}])
def test_what_makes_no_sense_is_not_kept(cast: Cast, sign_in: SignIn, wrong: dict[str, str]) -> None:
    answer = sign_in(cast.ines).post("/settings/me/", MINE | wrong)

    assert answer.status_code == 422
    assert User.objects.get(pk=cast.ines.pk).theme == "system"


def test_a_key_is_shown_once_and_may_not_decide_unless_asked(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)

    page = client.post("/settings/me/keys/", {"name": "Report", "scopes": ["read"]})

    text = page.context["new_key"]
    key = ApiKey.objects.get(digest=digest_of(text))
    assert text in page.content.decode()
    assert (key.person, key.scopes) == (cast.ines, ["read"])
    assert text not in client.get("/settings/me/").content.decode()


def test_a_key_needs_a_name_and_a_scope(cast: Cast, sign_in: SignIn) -> None:
    assert sign_in(cast.ines).post("/settings/me/keys/", {"name": "Report"}).status_code == 422
    assert not ApiKey.objects.exists()


def test_a_key_is_revoked_by_its_owner_alone(cast: Cast, sign_in: SignIn) -> None:
    key, _ = ApiKey.make("Report", ["read"], cast.ines)
    url = f"/settings/me/keys/{key.pk}/revoke/"

    assert sign_in(cast.tomas).post(url).status_code == 404
    assert sign_in(cast.ines).post(url).status_code == 303
    key.refresh_from_db()
    assert key.revoked_at is not None


def test_the_keys_of_the_keyboard_are_a_page_and_a_dialog(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)

    assert "<html" in client.get("/help/keys/").content.decode()
    assert "<html" not in client.get("/help/keys/", headers={"HX-Request": "true"}).content.decode()


def test_the_first_page_after_signing_in_is_the_front_door() -> None:
    assert django_settings.LOGIN_REDIRECT_URL == "/"


def test_nobody_changes_their_own_address(cast: Cast, sign_in: SignIn) -> None:
    """A CRM's agents are known by it, so whoever could change it could become another agent."""
    client = sign_in(cast.ines)
    assert client.get("/me/email/").status_code == 404
    answer = client.post("/me/email/", {"action_add": "", "email": cast.petra.email})
    assert answer.status_code == 404
    assert client.get("/me/", follow=True).status_code == 404


def test_where_nothing_is_the_way_back_is(cast: Cast, sign_in: SignIn) -> None:
    for path in ("/inbox/999999/", "/no/such/page/"):
        answer = sign_in(cast.ines).get(path)
        page = answer.content.decode()
        assert answer.status_code == 404 and "Nothing is here" in page
        assert 'aria-label="Places"' in page and "Ines Duarte" in page
    assert 'aria-label="Places"' not in Client().get("/no/such/page/").content.decode()
