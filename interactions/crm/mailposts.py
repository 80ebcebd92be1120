"""The posts of mail providers, proven and read by django-anymail's views, each with this connection's secret.

Here are only providers whose post can be proven from itself and a secret: anymail does not check SendGrid's
inbound posts, and Amazon's need a certificate from the network.
"""

import json
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from email.utils import parsedate_to_datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

from anymail.webhooks.base import AnymailCoreWebhookView
from anymail.webhooks.mailersend import MailerSendInboundWebhookView
from anymail.webhooks.mailgun import MailgunInboundWebhookView
from anymail.webhooks.postmark import PostmarkInboundWebhookView
from django.core.files.uploadedfile import InMemoryUploadedFile
from django.http import HttpRequest, QueryDict
from django.utils.datastructures import MultiValueDict

from interactions.crm.base import Unreadable, Unverified

RAW = "message/rfc822"
# The head of a plain field of a form. Most are, and the email package takes ten times as long to see it.
_PLAIN = re.compile(rb'content-disposition: *form-data; *name="([ !#-\[\]-~]+)"', re.I)


def prove(secrets: list[str], headers: dict[str, str], body: bytes) -> str:
    """The post's key, which its provider repeats when it posts again; raises Unverified.

    Mailgun signs no more than the key, so a post that is changed and sent again is a duplicate.
    """
    request = request_of(headers, body)
    for secret in filter(None, secrets):
        with suppress(Exception):  # whatever is raised, this secret does not prove it
            _view(request, secret).run_validators(request)
            return _key(request, body)
    raise Unverified("no secret proves it")


def opened(kept: bytes) -> tuple[dict[str, str], datetime, bytes]:
    """The headers that a body was kept under, when it came, and the body."""
    head, _, body = kept.partition(b"\r\n\r\n")
    headers = {name.lower(): str(value) for name, value in BytesHeaderParser().parsebytes(head).items()}
    return headers, parsedate_to_datetime(headers["date"]), body


def mail_of(headers: dict[str, str], body: bytes) -> Message:
    """The mail that was posted, or fetched from a mailbox; raises Unreadable, and nothing else."""
    if headers.get("content-type") == RAW:
        return message_from_bytes(body)
    try:
        return _posted(request_of(headers, body))
    except Exception as error:
        # Hostile mail makes the parsers beneath raise nearly anything.
        raise Unreadable(f"the post holds no mail that can be read ({type(error).__name__})") from None


def _posted(request: HttpRequest) -> Message:
    [event] = _view(request, "only proving needs it").parse_events(request)
    mail: Message = event.message
    if event.message.envelope_sender == "":
        del mail["Return-Path"]
        mail["Return-Path"] = "<>"
    return mail


def _view(request: HttpRequest, secret: str) -> AnymailCoreWebhookView:
    """The view of the provider that posts in this shape; its settings are given, none are looked up."""
    if request.content_type != "application/json":
        return MailgunInboundWebhookView(webhook_signing_key=secret, api_key=None, webhook_secret=[])
    if "data" in _told(request):
        return MailerSendInboundWebhookView(inbound_secret=secret, webhook_secret=[])
    return PostmarkInboundWebhookView(webhook_secret=[secret])


def _told(request: HttpRequest) -> dict[str, Any]:
    told = json.loads(request.body)
    return told if isinstance(told, dict) else {}


def _key(request: HttpRequest, body: bytes) -> str:
    if request.content_type != "application/json":
        return f"mailgun-{request.POST['token']}"[:200]
    told = _told(request)
    named = told["data"].get("id") if isinstance(told.get("data"), dict) else told.get("MessageID")
    return f"post-{named or sha256(body).hexdigest()}"[:200]


def request_of(headers: dict[str, str], body: bytes) -> HttpRequest:
    """The post as the request that anymail's views expect. Django's own reading of a form has a limit for
    the whole install, which a mail may pass."""
    request = HttpRequest()
    request.method = "POST"
    named = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items()}
    request.META = {**named, "CONTENT_TYPE": headers.get("content-type", "")}
    head = Message()
    head["Content-Type"] = headers.get("content-type", "")
    request.content_type = head.get_content_type()
    request._body = body
    if request.content_type == "multipart/form-data":
        request.POST, request.FILES = _form(body, str(head.get_boundary("")))  # type: ignore[assignment]
    elif request.content_type == "application/x-www-form-urlencoded":
        request.POST = QueryDict(body, encoding="utf-8")
    return request


def _form(body: bytes, boundary: str) -> tuple[QueryDict, MultiValueDict[str, InMemoryUploadedFile]]:
    fields = QueryDict(mutable=True)
    files: MultiValueDict[str, InMemoryUploadedFile] = MultiValueDict()
    for head, content in _parts(body, boundary):
        if plain := _PLAIN.fullmatch(head):
            fields.appendlist(plain[1].decode(), content.decode("utf-8", "replace"))
            continue
        told = BytesHeaderParser().parsebytes(head)
        name = str(told.get_param("name", "", header="content-disposition"))
        filename = told.get_filename()
        if filename is None:
            fields.appendlist(name, content.decode("utf-8", "replace"))
        else:
            files.appendlist(name, _file(filename, told, content))
    return fields, files


def _parts(body: bytes, boundary: str) -> Iterator[tuple[bytes, bytes]]:
    """RFC 7578: parts are never nested, so what stands between two boundaries is one."""
    for chunk in (b"\r\n" + body).split(b"\r\n--" + boundary.encode())[1:]:
        if chunk.startswith(b"--"):
            return
        head, _, content = chunk.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
        yield head, content


def _file(name: str, head: Message, content: bytes) -> InMemoryUploadedFile:
    """A mail that was attached stays a file: read as a mail, it would have to be a good one."""
    kind = head.get_content_type()
    whole = "application/octet-stream" if head.get_content_maintype() in {"message", "multipart"} else kind
    return InMemoryUploadedFile(BytesIO(content), None, name, whole, len(content), None)
