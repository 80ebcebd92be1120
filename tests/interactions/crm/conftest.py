"""A Zendesk that the support team is connected to, with a clock of its own."""

from collections.abc import Iterator

import pytest
import time_machine as time
from django.test import Client
from django.utils import timezone

from interactions.models import AgentLink, Connection
from tests.cast import Cast
from tests.factories import a_connection
from tests.vendors import zendesk as vendor
from tests.vendors.zendesk import INES, FakeZendesk
from tests.vendors.zendesk_desk import Desk


@pytest.fixture
def fake() -> Iterator[FakeZendesk]:
    one = FakeZendesk()
    yield one
    one.close()


@pytest.fixture
def connected(cast: Cast, fake: FakeZendesk) -> Connection:
    config = {"subdomain": fake.url, "email": vendor.EMAIL}
    made = a_connection(team=cast.support, kind="zendesk", secrets=(vendor.SECRET,), config=config)
    made.set_credentials({"api_token": vendor.TOKEN})
    made.save()
    AgentLink.objects.create(connection=made, external_id=str(INES), user=cast.ines)
    return made


@pytest.fixture
def desk(fake: FakeZendesk, connected: Connection, client: Client) -> Iterator[Desk]:
    with time.travel(timezone.now(), tick=True) as clock:
        yield Desk(fake, connected, client, clock)
