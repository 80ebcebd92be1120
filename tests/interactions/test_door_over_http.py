"""The door on the real web server: bodies of false length, a database that is away, a Valkey that is frozen."""

import json
import os
import signal
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from config.embedded import valkey
from interactions.models import Connection, InboxEvent
from tests.crm import PushingCrm, over_http, received, sign
from tests.work import Programs, start_website

pytestmark = pytest.mark.django_db(transaction=True)
MEBIBYTE = 1024 * 1024


@pytest.fixture
def crm(connection: Connection, website: str) -> PushingCrm:
    return PushingCrm(connection, over_http(website))


def chunked(crm: PushingCrm, website: str, body: bytes) -> httpx.Response:
    """Without a Content-Length: httpx sends an iterator in chunks."""

    def parts() -> Iterator[bytes]:
        for start in range(0, len(body), 65536):
            yield body[start : start + 65536]

    headers = sign(crm.secret, "evt-chunked", body)
    url = f"{website}/webhooks/{crm.connection.pk}"
    return httpx.post(url, content=parts(), headers=headers, trust_env=False, timeout=10)


def raw(website: str, head: str, body: bytes, *, hang_up: bool) -> bytes:
    host, port = website.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as line:
        line.sendall(head.encode() + b"\r\n\r\n" + body)
        if hang_up:
            return b""
        return line.recv(65536)


def test_a_signed_event_is_kept(crm: PushingCrm) -> None:
    assert crm.push(received("over real HTTP")).status_code == 202
    assert InboxEvent.objects.count() == 1


def test_a_body_in_chunks_is_read_like_any_other(crm: PushingCrm, website: str) -> None:
    assert chunked(crm, website, json.dumps(received("in pieces")).encode()).status_code == 202


def test_too_much_in_chunks_is_refused(crm: PushingCrm, website: str) -> None:
    assert chunked(crm, website, b'{"type": "x", "pad": "' + b"x" * (3 * MEBIBYTE) + b'"}').status_code == 413
    assert not InboxEvent.objects.exists()


def test_too_much_by_its_own_word_is_refused_unread(crm: PushingCrm, website: str) -> None:
    head = f"POST /webhooks/{crm.connection.pk} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {10**12}"
    assert b" 413 " in raw(website, head, b"{}", hang_up=False)[:20]


def test_a_body_cut_short_keeps_nothing(crm: PushingCrm, website: str) -> None:
    body = json.dumps(received("cut")).encode()
    signed = "\r\n".join(f"{name}: {value}" for name, value in sign(crm.secret, "evt-cut", body).items())
    head = f"POST /webhooks/{crm.connection.pk} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: {len(body)}\r\n"
    raw(website, head + signed, body[:-10], hang_up=True)
    assert not InboxEvent.objects.exists()
    assert crm.push(received("and it still answers")).status_code == 202


def test_without_a_database_it_says_so_and_keeps_nothing(crm: PushingCrm, programs: Programs) -> None:
    url, process = start_website(programs, DATABASE_URL="postgresql://nobody:x@127.0.0.1:9/none")
    away = PushingCrm(crm.connection, over_http(url))
    started = time.monotonic()
    answer = away.push(received("hello?"))
    assert time.monotonic() - started < 4
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "Nothing was kept" in answer.json()["error"]
    programs.stop(process)


def test_a_frozen_valkey_is_not_noticed(crm: PushingCrm, programs: Programs, tmp_path: Path) -> None:
    with valkey(tmp_path) as frozen:
        url, process = start_website(programs, REDIS_URL=frozen.url)
        beside = PushingCrm(crm.connection, over_http(url))
        assert beside.push(received("before")).status_code == 202
        os.kill(frozen.pid, signal.SIGSTOP)
        spent = []
        for number in range(30):
            started = time.monotonic()
            assert beside.push(received("during"), key=f"during-{number}").status_code == 202
            spent.append(time.monotonic() - started)
        os.kill(frozen.pid, signal.SIGCONT)
        assert sorted(spent)[-2] < 0.5, spent
        assert InboxEvent.objects.count() == 31
        programs.stop(process)
