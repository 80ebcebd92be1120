"""A conversation worked half in the console and half in the vendor's own window is one truth on both sides."""

from collections.abc import Iterator, Sequence
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
from people.models import Team
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.crm import through
from tests.factories import a_connection
from tests.vendors import zendesk as zd
from tests.vendors.chatwoot import FakeChatwoot, Talk, chatwoot_connection
from tests.work import end_undo_time, run_tasks

type Words = list[tuple[str, str]]


class ZendeskWindow:
    """Where colleagues work in Zendesk itself: one ticket, its people by the names they have here."""

    agents = {"Ines Duarte": zd.INES, "Tomas Lind": zd.TOMAS}

    def __init__(self, team: Team) -> None:
        self.vendor = zd.FakeZendesk()
        config = {"subdomain": self.vendor.url, "email": zd.EMAIL}
        self.connection = a_connection(team=team, kind="zendesk", secrets=(zd.SECRET,), config=config)
        self.connection.set_credentials({"api_token": zd.TOKEN})
        self.connection.save()
        self.number = 0

    def customer(self, text: str) -> None:
        if self.number:
            self.vendor.says(self.number, text)
        else:
            self.number = self.vendor.asks(text)

    def colleague(self, text: str) -> None:
        self.vendor.says(self.number, text, by=zd.TOMAS)

    def sets(self, *, resolved: bool, assignee: str, labels: Sequence[str]) -> None:
        status = "solved" if resolved else "open"
        self.vendor.does(self.number, status=status, assignee_id=self.agents[assignee], tags=list(labels))

    def push(self, client: Client) -> list[Any]:
        return self.vendor.push(client, self.connection)

    def stands(self) -> tuple[bool, int | None, list[str]]:
        ticket = self.vendor.tickets[self.number]
        return ticket["status"] == "solved", ticket["assignee_id"], sorted(ticket["tags"])

    def said(self) -> Words:
        return [
            ("customer" if by == zd.SIGRID else "colleague" if public else "note", text)
            for by, text, public in self.vendor.comments(self.number)
        ]


class ChatwootWindow:
    """The same in Chatwoot."""

    agents = {"Ines Duarte": 7, "Tomas Lind": 9}

    def __init__(self, team: Team) -> None:
        self.vendor = FakeChatwoot()
        tokens = {"agent_tokens": "7: cw-token-of-ines, 9: cw-token-of-tomas"}
        self.connection = chatwoot_connection(team, self.vendor, **tokens)
        self.talk: Talk | None = None

    def customer(self, text: str) -> None:
        self.talk = self.vendor.customer_writes(text, self.talk.id if self.talk else 0)

    def colleague(self, text: str) -> None:
        assert self.talk
        self.vendor.agent_writes(self.talk, text, 9)

    def sets(self, *, resolved: bool, assignee: str, labels: Sequence[str]) -> None:
        assert self.talk
        status = "resolved" if resolved else "open"
        self.vendor.agent_sets(self.talk, status=status, assignee=self.agents[assignee], labels=list(labels))

    def push(self, client: Client) -> list[Any]:
        return self.vendor.push(through(client), self.connection)

    def stands(self) -> tuple[bool, int | None, list[str]]:
        assert self.talk
        return self.talk.status == "resolved", self.talk.assignee or None, sorted(self.talk.labels)

    def said(self) -> Words:
        assert self.talk
        spoken = [one for one in self.talk.messages if one["message_type"] in (0, 1)]
        kinds = {0: "customer", 1: "colleague"}
        return [("note" if one["private"] else kinds[one["message_type"]], one["content"]) for one in spoken]


WINDOWS = {"zendesk": ZendeskWindow, "chatwoot": ChatwootWindow}


@pytest.fixture(params=WINDOWS)
def window(request: pytest.FixtureRequest, cast: Cast, settings: Settings) -> Iterator[Any]:
    settings.ALLOW_LOOPBACK_TARGETS = True
    made = WINDOWS[request.param](cast.support)
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
