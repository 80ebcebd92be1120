"""Plain mail: what a provider posts or a mailbox holds comes in; replies go out by the team's mail settings."""

import hmac
import json
from collections.abc import Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Any
from uuid import uuid4

from interactions.crm import mailbox, mailposts, mailtext
from interactions.crm.base import (
    About,
    Agent,
    Answer,
    Call,
    CrmError,
    Delivery,
    Fact,
    Names,
    Page,
    Setting,
    Unreadable,
)
from interactions.models import Connection, OutboxMessage

_SETTINGS = (
    Setting(
        "addresses", "Your addresses", "Where customers write to, apart by commas. Mail from them is your own.",
        example="support@example.com",
    ),
    Setting(
        "authserv_id", "Name of the server that checks senders",
        "As it stands first in the Authentication-Results of your mails. Empty: no sender is checked.",
        required=False, example="mx.example.com",
    ),
    Setting(
        "imap_host", "IMAP server", "Empty: a provider posts your mail.",
        required=False, example="imap.example.com",
    ),
    Setting("imap_port", "IMAP port", "With TLS from the start.", required=False, example="993"),
    Setting("imap_user", "IMAP user", required=False, example="support@example.com"),
    Setting("imap_password", "IMAP password", secret=True, required=False),
    Setting("imap_folder", "Folder", "INBOX when empty.", required=False, example="INBOX"),
)  # fmt: skip


class Mail:
    """Mail has no API to be told anything: what we answer goes to the customer, not to a CRM."""

    kind = "mail"
    about = About(
        label="Mail", settings=_SETTINGS, makes_secret=False, polls=True, has_history=True,
        most_bytes=mailbox.MOST_BYTES, keeps=("content-type",), is_mail=True,
    )  # fmt: skip

    def verify(self, secrets: list[str], call: Call, now: datetime) -> str:
        return mailposts.prove(secrets, dict(call.headers), call.body)

    def split(self, key: str, body: bytes) -> list[Delivery]:
        return [Delivery(key, mailbox.TYPE, body)]

    def fetch(self, connection: Connection, type: str, body: bytes) -> None:
        return None

    def parse(self, type: str, body: bytes, fetched: bytes | None) -> list[Fact]:
        if type != mailbox.TYPE:
            return []
        try:
            headers, arrived, inner = mailposts.opened(body)
            return [mailtext.fact_of(mailposts.mail_of(headers, inner), arrived)]
        except CrmError:
            raise
        except Exception as error:
            # The email package raises nearly anything on what was made to break it.
            raise Unreadable(f"the mail cannot be read ({error.__class__.__name__})") from None

    def send(self, connection: Connection, row: OutboxMessage, as_agent: Agent | None) -> Answer:
        return Answer("dead", body="A mailbox takes no events; replies to its mails leave as mail.")

    def arrived(self, connection: Connection, row: OutboxMessage) -> Answer:
        return Answer("unknown", body="Nobody can be asked whether a mail arrived.")

    def read(self, connection: Connection, conversation: str) -> list[Fact]:
        return []

    def poll(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        return mailbox.poll(connection, cursor) if connection.config.get("imap_host") else Page((), None)

    def history(self, connection: Connection, cursor: Mapping[str, Any]) -> Page:
        return mailbox.history(connection, cursor) if connection.config.get("imap_host") else Page((), None)

    def recent(self, connection: Connection, since: datetime, cursor: Mapping[str, Any]) -> Names:
        """A mailbox knows mails and no conversations."""
        return Names((), None)

    def sample(self, connection: Connection, url: str, now: datetime) -> Call:
        """A mail from an invented customer, as MailerSend would post it: each provider's secret can sign it."""
        key, to = f"test-{uuid4()}", str(connection.config.get("addresses", "")).partition(",")[0].strip()
        mail = (
            f"From: Test Customer <test.customer@example.com>\r\nTo: {to}\r\nSubject: A test\r\n"
            f"Date: {format_datetime(now)}\r\nMessage-ID: <{key}@example.com>\r\n\r\nHello, this is a test.\r\n"
        )
        body = json.dumps({"type": "inbound.message", "data": {"id": key, "raw": mail}}).encode()
        signed = hmac.digest(connection.secrets[0].encode(), body, "sha256").hex()
        return Call(url, {"content-type": "application/json", "signature": signed}, body)

    def agents(self, connection: Connection) -> list[Agent]:
        """A mailbox has none; that it opens proves its password."""
        if connection.config.get("imap_host"):
            with mailbox.mailbox(connection):
                pass
        return []
