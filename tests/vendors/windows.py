"""The vendors' own windows, in which colleagues go on working and admins click what docs/connectors says.

In each one conversation at a time, its agents by the names they have here.
"""

from collections.abc import Sequence
from typing import Any

from django.test import Client

from interactions.models import Connection
from people.models import Team
from tests.crm import through
from tests.factories import a_connection
from tests.vendors import chatwoot as cw
from tests.vendors import zendesk as zd

type Words = list[tuple[str, str]]


class ZendeskWindow:
    """`settings` and `token` are what an admin fills in here; the secret is the webhook's."""

    kind = "zendesk"
    agents = {"Ines Duarte": zd.INES, "Tomas Lind": zd.TOMAS}

    def __init__(self) -> None:
        self.vendor = zd.FakeZendesk()
        self.settings = {"set-subdomain": self.vendor.url, "set-email": zd.EMAIL}
        self.connection = Connection()
        self.number = 0

    def connect(self, team: Team) -> None:
        config = {"subdomain": self.vendor.url, "email": zd.EMAIL}
        self.connection = a_connection(team=team, kind="zendesk", secrets=(zd.SECRET,), config=config)
        self.connection.set_credentials({"api_token": zd.TOKEN})
        self.connection.save()

    def credentials(self) -> dict[str, str]:
        return {"set-api_token": self.vendor.token}

    def revokes(self) -> None:
        """Our tokens; a fresh one is made."""
        self.vendor.token = "zd-fresh-token"

    @property
    def waiting(self) -> list[dict[str, Any]]:
        """The webhooks that are not sent yet."""
        return self.vendor.events

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

    def begins_anew(self) -> None:
        """What was told so far is heard by nobody, and what is said next is another conversation."""
        self.number = 0
        self.waiting.clear()

    def push(self, client: Client) -> list[Any]:
        return self.vendor.push(client, self.connection)

    def babbles(self, client: Client) -> Any:
        """A signed event that makes no sense."""
        event = {**zd.told("ticket", 1, "ticket.created", {}, {}), "subject": "zen:ticket:nobody"}
        return zd.push(client, self.connection, event, self.vendor.secret)

    def stands(self) -> tuple[bool, int | None, list[str]]:
        ticket = self.vendor.tickets[self.number]
        return ticket["status"] == "solved", ticket["assignee_id"], sorted(ticket["tags"])

    def said(self) -> Words:
        return [
            ("customer" if by == zd.SIGRID else "colleague" if public else "note", text)
            for by, text, public in self.vendor.comments(self.number)
        ]

    def answered_by(self) -> int:
        return self.vendor.comments(self.number)[-1][0]


class ChatwootWindow:
    """The same in Chatwoot, where an agent answers under their own name by their own token."""

    kind = "chatwoot"
    agents = {"Ines Duarte": 7, "Tomas Lind": 9}
    _OWN = "7: cw-token-of-ines, 9: cw-token-of-tomas"

    def __init__(self) -> None:
        self.vendor = cw.FakeChatwoot()
        self.settings = {"set-base_url": self.vendor.url + "/", "set-account_id": "1"}
        self.connection = Connection()
        self.talk: cw.Talk | None = None

    def connect(self, team: Team) -> None:
        self.connection = cw.chatwoot_connection(team, self.vendor, agent_tokens=self._OWN)

    def credentials(self) -> dict[str, str]:
        return {"set-api_token": self.vendor.token, "set-agent_tokens": self._OWN}

    def revokes(self) -> None:
        self.vendor.token = "cw-fresh-token"
        self.vendor.revoked |= {one["token"] for one in cw.AGENTS.values()}

    @property
    def waiting(self) -> list[dict[str, Any]]:
        return self.vendor.webhooks

    def customer(self, text: str) -> None:
        self.talk = self.vendor.customer_writes(text, self.talk.id if self.talk else 0)

    def colleague(self, text: str) -> None:
        self.vendor.agent_writes(self._open(), text, 9)

    def sets(self, *, resolved: bool, assignee: str, labels: Sequence[str]) -> None:
        status = "resolved" if resolved else "open"
        self.vendor.agent_sets(self._open(), status=status, assignee=self.agents[assignee], labels=list(labels))

    def begins_anew(self) -> None:
        self.talk = None
        self.waiting.clear()

    def push(self, client: Client) -> list[Any]:
        return self.vendor.push(through(client), self.connection)

    def babbles(self, client: Client) -> Any:
        said = {"id": 1, "content": "Hello", "message_type": "incoming", "created_at": 1}
        told = {"event": "message_created", **said, "conversation": "nonsense"}
        path = f"/webhooks/{self.connection.pk}"
        return through(client)(path, *cw.signed(told, secret=self.vendor.secret))

    def stands(self) -> tuple[bool, int | None, list[str]]:
        talk = self._open()
        return talk.status == "resolved", talk.assignee or None, sorted(talk.labels)

    def said(self) -> Words:
        spoken = [one for one in self._open().messages if one["message_type"] in (0, 1)]
        kinds = {0: "customer", 1: "colleague"}
        return [("note" if one["private"] else kinds[one["message_type"]], one["content"]) for one in spoken]

    def answered_by(self) -> int:
        answers = [one for one in self._open().messages if one["message_type"] == 1]
        return int(answers[-1]["sender"]["id"])

    def _open(self) -> cw.Talk:
        assert self.talk
        return self.talk


WINDOWS = {"zendesk": ZendeskWindow, "chatwoot": ChatwootWindow}
