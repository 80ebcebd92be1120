"""A repeated POST gets the first answer again: deed and answer are kept in one transaction, or neither is."""

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from hashlib import sha256
from typing import Any, Concatenate

from django.db import OperationalError, transaction
from django.http import HttpResponse, HttpResponseBase
from django.utils import timezone
from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.api.door import Door
from copilot.api.keys import caller
from copilot.api.problems import MEDIA_TYPE, Problem
from copilot.models import IdempotentAnswer

KEPT = timedelta(hours=24)
LONGEST_KEY = 200


class _Broken(Exception):
    """Carries an answer of ours that failed out of the transaction, so that nothing of it is kept."""

    def __init__(self, answer: Response) -> None:
        self.answer = answer


def once[View: Door, **P](
    act: Callable[Concatenate[View, Request, P], Response],
) -> Callable[Concatenate[View, Request, P], HttpResponseBase]:
    """For a POST handler: with an Idempotency-Key it acts once in 24 hours."""

    @wraps(act)
    def handler(view: View, request: Request, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        key = _key(request)
        if not key:
            return act(view, request, *args, **kwargs)
        try:
            with transaction.atomic():
                row = _claim(request, key)
                if row.status is not None:
                    return _again(row)
                return _keep(row, view, _answer(view, lambda: act(view, request, *args, **kwargs)))
        except _Broken as broken:
            return broken.answer

    return handler


def forget_old_answers(limit: int) -> int:
    """Delete answers that nobody can ask for any more, looking at the first `limit` rows alone."""
    first = IdempotentAnswer.objects.order_by("pk").values("pk")[:limit]
    return IdempotentAnswer.objects.filter(pk__in=first, created_at__lt=timezone.now() - KEPT).delete()[0]


def _key(request: Request) -> str:
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > LONGEST_KEY or not (key.isascii() and key.isprintable()):
        raise ParseError(f"An Idempotency-Key is up to {LONGEST_KEY} printable ASCII characters.")
    return key


def _claim(request: Request, key: str) -> IdempotentAnswer:
    """The row of this key. A second request waits for the first one's transaction, but not for long."""
    mine = {"api_key": caller(request).key, "key": key}
    IdempotentAnswer.objects.filter(**mine, created_at__lt=timezone.now() - KEPT).delete()
    fingerprint = _fingerprint(request)
    try:
        row, _ = IdempotentAnswer.objects.get_or_create(**mine, defaults={"fingerprint": fingerprint})
    except OperationalError:
        raise Problem(409, "in-progress", "A request with this Idempotency-Key is being worked on.") from None
    if row.fingerprint != fingerprint:
        raise Problem(422, "key-reused", "This Idempotency-Key was used for another request. Nothing was done.")
    return row


def _fingerprint(request: Request) -> str:
    http = request._request
    return sha256(f"{http.method} {http.get_full_path()}\n".encode() + http.body).hexdigest()


def _again(row: IdempotentAnswer) -> HttpResponse:
    kind = "application/json" if (row.status or 500) < 400 else MEDIA_TYPE
    answer = HttpResponse(bytes(row.body), status=row.status, content_type=kind)
    answer["Idempotent-Replayed"] = "true"
    return answer


def _answer(view: Door, act: Callable[[], Response]) -> Response:
    """A refusal is an answer too; what it had begun is rolled back on its own."""
    try:
        with transaction.atomic():
            return act()
    except Exception as error:
        return view.handle_exception(error)


def _keep(row: IdempotentAnswer, view: Door, answer: Response) -> Response:
    if answer.status_code >= 500:
        raise _Broken(answer)
    row.status = answer.status_code
    row.body = _rendered(view, answer)
    row.save(update_fields=["status", "body"])
    return answer


def _rendered(view: Any, answer: Response) -> bytes:
    renderer = view.request.accepted_renderer
    return bytes(renderer.render(answer.data, renderer.media_type, view.get_renderer_context()))
