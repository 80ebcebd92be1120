"""An admin connects a Chatwoot by the steps of docs/connectors/chatwoot.md and nothing else."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytest_django import Settings

from interactions.models import AgentLink, Connection, Conversation
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.crm import through
from tests.vendors.chatwoot import SECRET, TOKEN, FakeChatwoot
from tests.work import run_tasks

PAGE = Path(__file__).parents[3] / "docs/connectors/chatwoot.md"
NEW = "/settings/connections/new/"


@pytest.fixture
def chatwoot(settings: Settings) -> Iterator[FakeChatwoot]:
    settings.ALLOW_LOOPBACK_TARGETS = True
    vendor = FakeChatwoot()
    yield vendor
    vendor.close()


def test_the_page_leads_from_the_form_to_the_first_message(
    cast: Cast, chatwoot: FakeChatwoot, sign_in: SignIn
) -> None:
    client = sign_in(cast.ada)
    form = client.get(f"{NEW}?kind=chatwoot").content.decode()
    assert "docs/connectors/chatwoot.md" in form and "Agents&#x27; own access tokens" in form
    told = {"kind": "chatwoot", "name": "Chatwoot", "team": cast.support.pk}
    told |= {"set-base_url": chatwoot.url + "/", "set-account_id": "1", "set-api_token": TOKEN}
    client.post(NEW, told)
    there = Connection.objects.get()
    own = f"/settings/connections/{there.pk}/"

    checked = client.post(f"{own}check/", follow=True).content.decode()
    assert "The CRM shows us 3 people" in checked
    chatwoot.customer_writes("Too early")
    assert [one.status_code for one in chatwoot.push(through(client), there)] == [401, 401]
    client.post(f"{own}rotate/", {"secret": SECRET})
    tried = client.post(f"{own}test/", follow=True).content.decode()
    assert "Taken back again" in tried and not Conversation.objects.exists()
    chatwoot.customer_writes("Where are the crates?", 1)
    assert [one.status_code for one in chatwoot.push(through(client), there)] == [202]
    run_tasks()
    assert Conversation.objects.get().contact.email == "sigrid@fjord.example"  # type: ignore[union-attr]

    client.post(f"{own}fetch-people/")
    people = dict(AgentLink.objects.values_list("name", "user__name"))
    assert people == {"Rapport": None, "Ines Duarte": "Ines Duarte", "Tomas Lind": "Tomas Lind"}
    page = PAGE.read_text()
    for words in ("Check the credentials", "Keep this secret", "Send test event", "Last event received"):
        assert f"*{words}*" in page and words in client.get(own).content.decode()
