"""The same way with the real programs: web server, bell, worker, receiver."""

import pytest

from config.children import Process
from interactions.models import Connection, Conversation, InboxEvent, OutboxMessage
from tests.cast import Cast
from tests.crm import PushingCrm, over_http
from tests.factories import a_reply
from tests.receiver import Receiver
from tests.work import eventually

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_event_is_applied_and_a_reply_delivered(
    listening: Connection, website: str, real_worker: Process, cast: Cast, receiver: Receiver
) -> None:
    crm = PushingCrm(listening, over_http(website))
    crm.says("Where is my order?")
    assert eventually(lambda: InboxEvent.objects.filter(state="applied").exists())
    row = a_reply(conversation=Conversation.objects.get(), person=cast.ines)
    assert eventually(lambda: OutboxMessage.objects.get(pk=row.pk).state == "sent")
    assert [one.headers["webhook-id"] for one in receiver.deliveries].count(str(row.pk)) == 1
