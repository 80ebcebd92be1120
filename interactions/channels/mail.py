"""A reply by email. Its Message-ID follows from the outbox row, so that a person can look for it."""

import re
import smtplib
import time
from collections.abc import Collection
from pathlib import Path
from socket import gaierror

from django.conf import settings
from django.core.mail import EmailMessage

from interactions import files
from interactions.crm.base import Answer
from interactions.letter import Letter
from interactions.models import Message, OutboxMessage

MOST_REFERENCES = 20
_MESSAGE_ID = re.compile(r"<[!-;=?-~]+>")


def message_id(row: OutboxMessage, letter: Letter) -> str:
    domain = letter.sender.rstrip(">").rpartition("@")[2] or "localhost"
    return f"<{row.pk}@{domain}>"


def send(row: OutboxMessage) -> Answer:
    letter = Letter.read(bytes(row.payload))
    started = time.monotonic()
    answer = _send(row, letter)
    spent = int((time.monotonic() - started) * 1000)
    return Answer(answer.result, answer.status, answer.body, duration_ms=spent)


def _send(row: OutboxMessage, letter: Letter) -> Answer:
    if not letter.to:
        return Answer("dead", body="There is no address to send to.")
    try:
        attached = files.contents_of(row.conversation_id or 0, letter.attachments) if letter.attachments else []
    except files.Unfit as error:
        return Answer("dead", body=str(error))
    try:
        EmailMessage(
            subject=letter.subject, body=letter.text, from_email=letter.sender,
            to=list(letter.to), cc=list(letter.cc), bcc=list(letter.bcc),
            headers=_headers(row, letter), attachments=attached,
        ).send(using="default")  # fmt: skip
    except smtplib.SMTPRecipientsRefused as error:
        codes = {code for code, _ in error.recipients.values()}
        return Answer("dead" if min(codes) >= 500 else "retry", body=f"refused: {sorted(codes)}")
    except smtplib.SMTPResponseException as error:
        return Answer("dead" if error.smtp_code >= 550 else "retry", error.smtp_code)
    except (smtplib.SMTPConnectError, smtplib.SMTPNotSupportedError, ConnectionRefusedError, gaierror) as error:
        return Answer("retry", body=type(error).__name__)
    except ValueError as error:
        # A line break or an impossible address in a header: no attempt will ever differ.
        return Answer("dead", body=f"This cannot be written as a mail: {type(error).__name__}")
    except (smtplib.SMTPServerDisconnected, OSError) as error:
        # The mail server may have taken it before the line broke: a person looks, we never resend.
        return Answer("unknown", body=type(error).__name__)
    return Answer("sent", body=f"accepted by the mail server as {message_id(row, letter)}")


def _headers(row: OutboxMessage, letter: Letter) -> dict[str, str]:
    """No Auto-Submitted: a person approved it. A copy that comes back is known by its first two."""
    headers = {"Message-ID": message_id(row, letter), "X-Rapport-Delivery": str(row.pk)}
    if letter.in_reply_to:
        headers["In-Reply-To"] = letter.in_reply_to
        headers["References"] = " ".join(_references(row, letter))
    return headers


def _references(row: OutboxMessage, letter: Letter) -> list[str]:
    """The mails of the conversation from its first on, the one that is answered last (RFC 5322, 3.6.4)."""
    said = Message.objects.filter(conversation=row.conversation_id).exclude(by=Message.By.NOTE)
    ids = [_id_of(one) for one in said.select_related("delivery").order_by("sent_at", "pk")]
    chain = [one for one in dict.fromkeys(ids) if one and one != letter.in_reply_to]
    kept = chain if len(chain) < MOST_REFERENCES else [chain[0], *chain[2 - MOST_REFERENCES :]]
    return [*kept, letter.in_reply_to]


def _id_of(message: Message) -> str:
    """The Message-ID it arrived or left with; empty for what was no mail."""
    sent = getattr(message, "delivery", None)
    if sent is None:
        return message.external_id if _MESSAGE_ID.fullmatch(message.external_id) else ""
    return message_id(sent, Letter.read(bytes(sent.payload))) if sent.connection_id is None else ""


def about(contact_id: int) -> str:
    """How a mail to a colleague says, in its header X-Rapport-About, that it tells of a contact."""
    return f"contact:{contact_id};"


def shred(row_ids: Collection[str], email: str, contact_id: int) -> int:
    """Delete these, and all with the address or about the contact, where files stand in for a mail server."""
    folder = Path(settings.MAILERS["default"].get("OPTIONS", {}).get("file_path", ""))
    marks = [f"X-Rapport-Delivery: {one}".encode() for one in row_ids]
    marks += [about(contact_id).encode(), *([email.encode()] if email else [])]
    shredded = 0
    for file in folder.glob("*.log") if folder.is_absolute() and marks else ():
        written = file.read_bytes()
        if any(mark in written for mark in marks):
            file.unlink()
            shredded += 1
    return shredded
