"""Where drafting is off, on request or always, set by a lead."""

from copilot.drafting.switch import ruling
from copilot.models import DraftingSwitch
from interactions.models import Conversation
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.console.made import SignIn

URL = "/settings/team/"


def test_a_lead_switches_drafting_off(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    client = sign_in(cast.petra)

    answer = client.post(URL, {"team": cast.support.pk, "mode": "off"})

    assert answer.status_code == 303
    assert ruling(talk).mode == "off"
    assert AuditEntry.objects.filter(verb="set switch", person=cast.petra).exists()


def test_a_pilot_is_for_its_people_only(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    told = {"team": cast.support.pk, "mode": "always", "pilot": [cast.ines.pk, cast.lukas.pk]}

    sign_in(cast.petra).post(URL, told)

    assert set(DraftingSwitch.objects.get().pilot.all()) == {cast.ines}
    assert ruling(talk, cast.ines).may_request
    assert not ruling(talk, cast.tomas).may_request


def test_a_customer_a_topic_and_a_channel_get_lines_of_their_own(
    cast: Cast, talk: Conversation, sign_in: SignIn
) -> None:
    client = sign_in(cast.petra)
    for kind, value in (("channel", "email"), ("topic", "Renewals"), ("account", "fjord shipping")):
        told = {"team": cast.support.pk, "new-kind": kind, "new-value": value, "new-mode": "on_request"}
        assert client.post(URL, told).status_code == 303

    page = client.get(URL).content.decode()

    assert "Customer: Fjord Shipping" in page
    assert "Topic: Renewals" in page
    assert "Channel: email" in page
    assert ruling(talk).mode == "on_request"


def test_a_line_is_changed_and_removed(cast: Cast, sign_in: SignIn) -> None:
    switch = DraftingSwitch.objects.create(team=cast.support, channel="chat", mode="off")
    client, name = sign_in(cast.petra), f"switch-{switch.pk}"

    client.post(URL, {"team": cast.support.pk, name: "always"})
    switch.refresh_from_db()
    assert switch.mode == "always"
    client.post(URL, {"team": cast.support.pk, name: "remove"})
    assert not DraftingSwitch.objects.exists()


def test_an_unknown_customer_is_said_to_be_unknown(cast: Cast, sign_in: SignIn) -> None:
    told = {"team": cast.support.pk, "new-kind": "account", "new-value": "Bright Dental", "new-mode": "off"}

    answer = sign_in(cast.petra).post(URL, told)

    assert answer.status_code == 422
    assert "No customer of yours is called “Bright Dental”" in answer.content.decode()


def test_an_agent_looks_and_changes_nothing(cast: Cast, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)

    assert "A team lead or an admin can change this." in client.get(URL).content.decode()
    assert client.post(URL, {"team": cast.support.pk, "mode": "off"}).status_code == 404


def test_a_lead_of_another_team_finds_nothing(cast: Cast, sign_in: SignIn) -> None:
    answer = sign_in(cast.wanda).post(URL, {"team": cast.support.pk, "mode": "off"})

    assert answer.status_code == 404
    assert not DraftingSwitch.objects.exists()
