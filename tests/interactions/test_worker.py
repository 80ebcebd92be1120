"""The same way with the real programs: web server, bell, worker, receiver."""

import time
from collections.abc import Callable

import pytest

from config.children import Process
from interactions.models import Connection, Conversation, InboxEvent, OutboxMessage
from tests.cast import Cast
from tests.crm import PushingCrm, over_http
from tests.factories import a_reply
from tests.receiver import Receiver

pytestmark = pytest.mark.django_db(transaction=True)


def eventually(true: Callable[[], bool], within: float = 10) -> bool:
    end = time.monotonic() + within
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


def test_an_event_is_applied_and_a_reply_delivered(
    listening: Connection, website: str, real_worker: Process, cast: Cast, receiver: Receiver
) -> None:
    crm = PushingCrm(listening, over_http(website))
    crm.says("Where is my order?")
    assert eventually(lambda: InboxEvent.objects.filter(state="applied").exists())
    row = a_reply(conversation=Conversation.objects.get(), person=cast.ines)
    assert eventually(lambda: OutboxMessage.objects.get(pk=row.pk).state == "sent")
    assert [one.headers["webhook-id"] for one in receiver.deliveries].count(str(row.pk)) == 1
