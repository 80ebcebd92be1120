"""An admin adds people, gives them roles, and lets them go."""

import pytest
from django.test import Client

from people.models import Membership, Team, User
from tests.cast import Cast
from tests.copilot.console.made import SignIn


def test_a_newcomer_signs_in_with_the_password_that_is_shown_once(cast: Cast, sign_in: SignIn) -> None:
    admin = sign_in(cast.ada)
    told = {"name": "Nils Holm", "email": "Nils@Tern.example", "team": cast.support.pk, "role": "agent"}

    page = admin.post("/settings/people/new/", told)

    password = page.context["password"]
    assert password in page.content.decode()
    assert password not in admin.get("/settings/people/").content.decode()
    signed = Client().post("/me/login/", {"login": "nils@tern.example", "password": password})
    assert signed.status_code == 302
    assert Membership.objects.get(user__email="nils@tern.example").team == cast.support


@pytest.mark.parametrize(
    ("name", "email"), [("", "n@tern.example"), ("Nils", "nils"), ("Nils", "ines@tern.example")]
)
def test_nobody_is_added_by_mistake(cast: Cast, sign_in: SignIn, name: str, email: str) -> None:
    before = User.objects.count()

    answer = sign_in(cast.ada).post("/settings/people/new/", {"name": name, "email": email})

    assert answer.status_code == 422
    assert "Nobody was added." in answer.content.decode()
    assert User.objects.count() == before


def test_roles_change(cast: Cast, sign_in: SignIn) -> None:
    told = {f"role-{cast.sales.pk}": "lead", f"role-{cast.support.pk}": "", "is_active": "on"}

    sign_in(cast.ada).post(f"/settings/people/{cast.ines.pk}/", told)

    assert list(cast.ines.memberships.values_list("team__name", "role")) == [("Sales", "lead")]


def test_who_left_is_out_at_once(cast: Cast, sign_in: SignIn) -> None:
    theirs = sign_in(cast.ines)
    assert theirs.get("/inbox/").status_code == 200

    sign_in(cast.ada).post(f"/settings/people/{cast.ines.pk}/", {f"role-{cast.support.pk}": "agent"})

    assert theirs.get("/inbox/").status_code == 302


def test_the_last_admin_stays(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.ada).post(f"/settings/people/{cast.ada.pk}/", {"is_active": "on"})

    assert answer.status_code == 422
    cast.ada.refresh_from_db()
    assert cast.ada.is_admin


def test_only_an_admin_is_granted_to_read(cast: Cast, sign_in: SignIn) -> None:
    told = {"is_active": "on", "may_read_conversations": "on"}

    sign_in(cast.ada).post(f"/settings/people/{cast.ines.pk}/", told)

    cast.ines.refresh_from_db()
    assert not cast.ines.may_read_conversations


def test_a_team_is_added(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ada)

    client.post("/settings/teams/new/", {"name": "Customer success", "email": "care@tern.example"})
    again = client.post("/settings/teams/new/", {"name": "Customer success"})

    assert Team.objects.get(slug="customer-success").email == "care@tern.example"
    assert again.status_code == 422


@pytest.mark.parametrize("path", ["people/", "people/new/", "teams/new/", "connections/", "connections/new/"])
@pytest.mark.parametrize("name", ["ines", "petra", "karim"])
def test_it_is_for_admins(cast: Cast, sign_in: SignIn, path: str, name: str) -> None:
    client = sign_in(getattr(cast, name))

    assert client.get(f"/settings/{path}").status_code == 404
    assert client.post(f"/settings/{path}").status_code == 404
