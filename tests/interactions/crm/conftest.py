"""A Zendesk that the support team is connected to, with a clock of its own."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from django.test import Client

    from interactions.models import Connection
    from tests.cast import Cast
    from tests.vendors.zendesk import FakeZendesk
    from tests.vendors.zendesk_desk import Desk


@pytest.fixture
def fake() -> "Iterator[FakeZendesk]":
    from tests.vendors.zendesk import FakeZendesk

    one = FakeZendesk()
    yield one
    one.close()


@pytest.fixture
def connected(cast: "Cast", fake: "FakeZendesk") -> "Connection":
    from interactions.models import AgentLink
    from tests.factories import a_connection
    from tests.vendors import zendesk as vendor

    config = {"subdomain": fake.url, "email": vendor.EMAIL}
    made = a_connection(team=cast.support, kind="zendesk", secrets=(vendor.SECRET,), config=config)
    made.set_credentials({"api_token": vendor.TOKEN})
    made.save()
    AgentLink.objects.create(connection=made, external_id=str(vendor.INES), user=cast.ines)
    return made


@pytest.fixture
def desk(fake: "FakeZendesk", connected: "Connection", client: "Client") -> "Iterator[Desk]":
    import time_machine
    from django.utils import timezone

    from tests.vendors.zendesk_desk import Desk

    with time_machine.travel(timezone.now(), tick=True) as clock:
        yield Desk(fake, connected, client, clock)
