"""A Zendesk and our side of it, worked step by step."""

from collections.abc import Mapping
from typing import Any

from django.test import Client
from time_machine import Traveller

from interactions.crm.base import Delivery
from interactions.crm.registry import crm_for
from interactions.models import Connection, Conversation, InboxEvent
from tests.vendors.zendesk import FakeZendesk
from tests.work import run_tasks


class Desk:
    """A Zendesk and our side of it; each step is ten seconds after the one before."""

    def __init__(self, fake: FakeZendesk, connection: Connection, client: Client, clock: Traveller) -> None:
        self.fake, self.connection, self.client, self.clock = fake, connection, client, clock

    def tell(self) -> list[InboxEvent]:
        """Zendesk sends what waits to be sent, and we do what there is to do."""
        before = InboxEvent.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
        for answer in self.fake.push(self.client, self.connection):
            assert answer.status_code == 202, answer.content
        run_tasks()
        self.clock.shift(10)
        return list(InboxEvent.objects.filter(pk__gt=before).order_by("pk"))

    def work(self) -> None:
        run_tasks()
        self.clock.shift(10)

    def conversation(self, number: int) -> Conversation:
        return Conversation.objects.get(connection=self.connection, external_id=str(number))

    def asked(self, text: str = "Where is my order?") -> tuple[int, Conversation]:
        number = self.fake.asks(text)
        self.tell()
        return number, self.conversation(number)

    def words(self, number: int) -> list[tuple[str, str]]:
        return list(self.conversation(number).messages.order_by("sent_at", "pk").values_list("by", "text"))

    def history_from(self, cursor: Mapping[str, Any] | None) -> list[Delivery]:
        found: list[Delivery] = []
        while cursor is not None:
            page = crm_for("zendesk").history(self.connection, cursor)
            found += page.deliveries
            cursor = page.cursor
        return found
