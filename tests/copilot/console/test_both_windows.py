"""A conversation worked half in the console and half in the vendor's own window is one truth on both sides."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.db.models.functions import Now
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from copilot.models import Draft
from interactions import sync
from interactions.models import AgentLink, Connection, Conversation, InboxEvent, OutboxMessage, Sync
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.vendors.windows import WINDOWS
from tests.work import end_undo_time, run_tasks


@pytest.fixture(params=WINDOWS)
def window(request: pytest.FixtureRequest, cast: Cast, settings: Settings) -> Iterator[Any]:
    settings.ALLOW_LOOPBACK_TARGETS = True
    made = WINDOWS[request.param]()
    made.connect(cast.support)
    for person in (cast.ines, cast.tomas):
        number = str(made.agents[person.name])
        AgentLink.objects.create(connection=made.connection, external_id=number, user=person)
    yield made
    made.vendor.close()


def test_it_is_one_conversation_whoever_works_where(window: Any, cast: Cast, sign_in: SignIn) -> None:
    ines = sign_in(cast.ines)
    with time_machine.travel(timezone.now(), tick=True) as clock:

        def meanwhile() -> None:
            """What was done here leaves, what was done there comes, and both say the same of it."""
            end_undo_time()
            run_tasks()
            clock.shift(10)
            assert {one.status_code for one in window.push(Client())} <= {202}
            run_tasks()
            clock.shift(10)
            agrees(window)

        window.customer("Where are the crates?")
        meanwhile()
        talk = Conversation.objects.get()
        own = f"/inbox/{talk.pk}/"

        # Answered here, which takes it; its echo is no second answer.
        ines.post(f"{own}reply/", {"text": "On the quay."})
        meanwhile()
        assert window.stands() == (False, window.agents["Ines Duarte"], [])

        # Asked again; handed on, labelled and answered there, which closes the draft here.
        window.customer("Which quay?")
        meanwhile()
        window.colleague("The northern one.")
        window.sets(resolved=True, assignee="Tomas Lind", labels=["crates"])
        meanwhile()
        talk.refresh_from_db()
        assert (talk.status, talk.assignee, talk.labels) == ("resolved", cast.tomas, ["crates"])
        assert not Draft.objects.filter(conversation=talk, state__in=Draft.OPEN).exists()

        # Opened, taken, noted, labelled and closed here.
        ines.post(f"{own}reopen/")
        ines.post(f"{own}assign/", {"to": "me"})
        ines.post(f"{own}note/", {"text": "Northern quay, row 4."})
        assert 'value="crates"' in ines.get(own).content.decode()
        ines.post(f"{own}label/", {"labels": "crates, harbour"})
        ines.post(f"{own}resolve/", {"sure": "1"})
        meanwhile()
        assert window.stands() == (True, window.agents["Ines Duarte"], ["crates", "harbour"])

        # Whatever one does at the very end, the other side follows.
        window.customer("Found them, thanks!")
        meanwhile()
        assert window.stands()[0] is False
        ines.post(f"{own}resolve/", {"sure": "1"})
        meanwhile()
        assert window.stands()[0] is True
        nothing_differs(window)
    settled = ("sent", "cancelled")  # the reopening was overtaken by the resolving before it left
    assert len(window.said()) == 6 and not OutboxMessage.objects.exclude(state__in=settled).exists()
    assert not InboxEvent.objects.exclude(state__in=("applied", "ignored")).exists()


def agrees(window: Any) -> None:
    talk = Conversation.objects.get()
    assignee = window.agents[talk.assignee.name] if talk.assignee else None
    assert (talk.status == "resolved", assignee, sorted(talk.labels)) == window.stands()
    here = list(talk.messages.order_by("sent_at", "pk").values_list("by", "text"))
    assert sorted(here) == sorted(window.said())


def nothing_differs(window: Any) -> None:
    """The nightly comparison asks the vendor for the conversation as it stands, and finds no drift."""
    connection: Connection = window.connection
    sync.stand(connection)
    night = Sync.objects.get(connection=connection, kind="compare")
    while not night.ended_at:
        Sync.objects.filter(pk=night.pk).update(due_at=Now())
        sync.fetch(night.pk)
        night.refresh_from_db()
        assert night.reason == ""
    assert (night.report["looked"], night.report["mended"], night.report["left"]) == (1, {}, {})
