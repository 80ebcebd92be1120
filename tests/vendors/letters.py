"""Mail as providers post it, each signed as its documentation has it; and letters to put into it."""

import base64
import hashlib
import hmac
import itertools
import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from interactions.models import Connection, Conversation
from tests.cast import Cast
from tests.factories import a_connection
from tests.work import run_tasks

FIXTURES = Path(__file__).parents[1] / "fixtures" / "crm" / "mail"
SECRET = "signing-key-of-the-provider"
LOGIN = "rapport:a-long-password"
OURS = "mx.tern.example"
_numbers = itertools.count(1)


def fixture(name: str) -> bytes:
    return (FIXTURES / name).read_bytes()


@pytest.fixture
def connection(cast: Cast) -> Connection:
    config = {"addresses": "support@tern.example, help@tern.example", "authserv_id": OURS}
    return a_connection(team=cast.support, name="Mail", kind="mail", secrets=(SECRET, LOGIN), config=config)


type Told = tuple[bytes, dict[str, str]]  # a body and its headers


def by_mailersend(body: bytes, secret: str = SECRET) -> Told:
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return body, {"Content-Type": "application/json", "Signature": signature}


def by_postmark(body: bytes, login: str = LOGIN) -> Told:
    proof = "Basic " + base64.b64encode(login.encode()).decode()
    return body, {"Content-Type": "application/json", "Authorization": proof}


def by_mailgun(fields: dict[str, str], secret: str = SECRET, pad: int = 0) -> Told:
    signed = (fields["timestamp"] + fields["token"]).encode()
    fields = {**fields, "signature": hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()}
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in fields.items()]
    parts.append('name="attachment-1"; filename="order.pdf"\r\nContent-Type: application/pdf\r\n\r\n%PDF-1.4\n')
    form = "".join(f"--limit\r\nContent-Disposition: form-data; {one}\r\n" for one in parts) + "--limit--\r\n"
    return b"x" * pad + form.encode(), {"Content-Type": 'multipart/form-data; boundary="limit"'}


class Post:
    """Providers that post a mail to the connection, as their documentation has it."""

    def __init__(self, client: Client, connection: Connection) -> None:
        self.client, self.url = client, f"/webhooks/{connection.pk}"

    def _send(self, told: Told) -> Any:
        body, headers = told
        return self.client.post(self.url, body, content_type=headers.pop("Content-Type"), headers=headers)

    def unsigned(self, body: bytes, content_type: str = "application/json") -> Any:
        return self._send((body, {"Content-Type": content_type}))

    def mailersend(self, body: bytes, secret: str = SECRET) -> Any:
        return self._send(by_mailersend(body, secret))

    def postmark(self, body: bytes, login: str = LOGIN) -> Any:
        return self._send(by_postmark(body, login))

    def mailgun(self, fields: dict[str, str], secret: str = SECRET, pad: int = 0) -> Any:
        return self._send(by_mailgun(fields, secret, pad))

    def raw(self, mail: bytes) -> None:
        """A mail as it is, through MailerSend's door, and what comes of it."""
        told = {"type": "inbound.message", "data": {"id": f"ms-{next(_numbers)}", "raw": mail.decode()}}
        answer = self.mailersend(json.dumps(told).encode())
        assert answer.status_code == 202, answer.content
        run_tasks()


@pytest.fixture
def post(client: Client, connection: Connection) -> Post:
    return Post(client, connection)


def a_mail(
    text: str = "When will it arrive?", *, sender: str = "Sigrid Moe <sigrid@fjord.example>", id: str = "",
    answers: str = "", to: str = "support@tern.example", subject: str = "My order", minutes: float = 30,
    **more: str,
) -> bytes:  # fmt: skip
    """`minutes` ago. `answers`: the References, apart by spaces. More headers by name, with _ for -."""
    at = timezone.now() - timedelta(minutes=minutes)
    head = {
        "From": sender, "To": to, "Subject": subject, "Date": at.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "Message-ID": id or f"<n{next(_numbers)}@fjord.example>",
    }  # fmt: skip
    if answers:
        head |= {"References": answers, "In-Reply-To": answers.split()[-1]}
    head |= {name.replace("_", "-"): value for name, value in more.items()}
    return "".join(f"{name}: {value}\r\n" for name, value in head.items()).encode() + f"\r\n{text}".encode()


def texts(conversation: Conversation) -> list[tuple[str, str]]:
    return [(one.by, one.text) for one in conversation.messages.order_by("sent_at", "pk")]
