"""The door: what is accepted, what is turned away, with which answer, and what an admin sees of it."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interactions.crm import signing
from interactions.crm.base import Unverified
from interactions.models import Connection, InboxEvent, Refusal
from tests.crm import PushingCrm, received, sign, through
from tests.factories import a_connection
from tests.work import run_tasks

# The vector that Standard Webhooks publishes with its Python library.
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = "msg_p5jXN8AQM9LWM0D4loKWxJek"
STAMP = "1614265330"
BODY = b'{"test": 2432232314}'
SIGNATURE = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
THEN = datetime.fromtimestamp(int(STAMP), UTC)

OTHER_SECRET = "whsec_" + "QUJD" * 8
THIRD_SECRET = "whsec_" + "REVG" * 8


def published(**changes: str) -> dict[str, str]:
    headers = {"webhook-id": KEY, "webhook-timestamp": STAMP, "webhook-signature": SIGNATURE}
    return headers | {name.replace("_", "-"): value for name, value in changes.items()}


def refusals(connection: Connection) -> dict[str, int]:
    return dict(Refusal.objects.filter(connection=connection).values_list("reason", "count"))


def test_the_published_vector_verifies() -> None:
    assert signing.verify([SECRET], published(), BODY, THEN) == KEY


@pytest.mark.parametrize(
    "headers",
    [
        published(webhook_signature="v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OA="),
        published(webhook_signature=SIGNATURE.replace("v1,", "v2,")),
        published(webhook_signature=SIGNATURE.removeprefix("v1,")),
        published(webhook_id="msg_another"),
        published(webhook_timestamp=str(int(STAMP) + 1)),
    ],
)
def test_a_vector_with_one_thing_changed_does_not(headers: dict[str, str]) -> None:
    with pytest.raises(Unverified):
        signing.verify([SECRET], headers, BODY, THEN)


def test_one_good_signature_among_others_is_enough() -> None:
    among = f"v1a,ed25519 v1,not-base64! v1, {SIGNATURE} v1,AAAA"
    assert signing.verify([SECRET], published(webhook_signature=among), BODY, THEN) == KEY


def test_a_delivery_is_kept_before_it_is_answered(crm: PushingCrm) -> None:
    answer = crm.says("Where is my order?")
    event = InboxEvent.objects.get()
    assert answer.json() == {"event": event.pk, "duplicate": False}
    assert (event.type, event.state) == ("message.received", "recorded")
    assert json.loads(bytes(event.body))["data"]["message"]["text"] == "Where is my order?"


def test_the_door_costs_one_query(crm: PushingCrm) -> None:
    crm.says("once, so that the connection is known")
    with CaptureQueriesContext(database) as queries:
        crm.says("again")
    said = [query["sql"].split()[0] for query in queries]
    assert said == ["INSERT"], queries.captured_queries


def test_a_known_connection_that_is_revoked_or_deleted_takes_nothing_more(crm: PushingCrm) -> None:
    assert crm.push(received("while it is welcome")).status_code == 202
    crm.connection.revoked_at = timezone.now()
    crm.connection.save()
    assert crm.push(received("a moment later")).status_code == 410
    crm.connection.delete()
    assert crm.push(received("after all is gone")).status_code == 404


def test_a_repetition_to_a_known_connection_that_was_paused_meanwhile_is_still_known(crm: PushingCrm) -> None:
    first = crm.push(received("hi"), key="evt-same").json()
    Connection.objects.filter(pk=crm.connection.pk).update(paused_at=timezone.now())
    assert crm.push(received("hi"), key="evt-same").json() == {"event": first["event"], "duplicate": True}


def test_both_secrets_are_valid_while_one_rotates_and_a_third_is_not(crm: PushingCrm) -> None:
    crm.connection.set_secrets([SECRET, OTHER_SECRET, THIRD_SECRET])
    crm.connection.save()
    answers = [crm.push(received("hi"), secret=one).status_code for one in (SECRET, OTHER_SECRET, THIRD_SECRET)]
    assert answers == [202, 202, 401]
    assert crm.push(received("hi"), secret=crm.secret).status_code == 401


def test_unsigned_is_refused_and_counted(crm: PushingCrm, client: Client) -> None:
    path = f"/webhooks/{crm.connection.pk}"
    answers = [client.post(path, b"{}", "application/json") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {401}
    assert "signature headers are missing" in answers[0].json()["error"]
    assert refusals(crm.connection) == {"the signature headers are missing": 3}
    assert not InboxEvent.objects.exists()


def test_wrongly_signed_is_refused(crm: PushingCrm) -> None:
    assert crm.push(received("hi"), secret=OTHER_SECRET).status_code == 401
    assert refusals(crm.connection) == {"no signature matches": 1}
    assert not InboxEvent.objects.exists()


def test_a_body_changed_on_the_way_is_refused(crm: PushingCrm) -> None:
    honest = sign(crm.secret, "evt-9", json.dumps(received("send it to me")).encode())
    assert crm.push(received("send it to HIM"), headers=honest).status_code == 401


@pytest.mark.parametrize("minutes", [-6, 6, -60 * 24 * 365])
def test_a_replay_after_five_minutes_is_refused(crm: PushingCrm, minutes: int) -> None:
    answer = crm.push(received("hi"), at=timezone.now() + timedelta(minutes=minutes))
    assert answer.status_code == 401
    assert refusals(crm.connection) == {"the timestamp is more than 5 minutes away": 1}


def test_within_five_minutes_a_repetition_is_a_duplicate(crm: PushingCrm) -> None:
    first = crm.push(received("hi"), key="evt-same").json()
    again = crm.push(received("hi"), key="evt-same", at=timezone.now() - timedelta(minutes=4)).json()
    assert again == {"event": first["event"], "duplicate": True}
    assert InboxEvent.objects.count() == 1
    run_tasks()
    third = crm.push(received("hi"), key="evt-same").json()
    assert third["duplicate"] is True
    run_tasks()
    assert crm.conversation().messages.count() == 1


def test_the_same_id_from_another_connection_is_another_event(crm: PushingCrm, client: Client) -> None:

    second = PushingCrm(a_connection(team=crm.connection.team, name="Second"), through(client))
    assert crm.push(received("hi"), key="evt-same").json()["duplicate"] is False
    assert second.push(received("hi"), key="evt-same").json()["duplicate"] is False


GARBAGE = st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=300)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(key=GARBAGE, stamp=GARBAGE | st.integers().map(str), signature=GARBAGE | GARBAGE.map("v1,{}".format))
def test_garbage_headers_are_refused(crm: PushingCrm, key: str, stamp: str, signature: str) -> None:
    headers = {"webhook-id": key, "webhook-timestamp": stamp, "webhook-signature": signature}
    assert crm.push(received("hi"), headers=headers).status_code == 401


@pytest.mark.parametrize("stamp", ["9" * 30, "-1", "1e9", "nan", "²", "0x10", " ", str(2**63)])
def test_impossible_timestamps_are_refused(crm: PushingCrm, stamp: str) -> None:
    assert crm.push(received("hi"), headers={"webhook-timestamp": stamp}).status_code == 401


def test_an_id_that_cannot_be_stored_is_refused_even_when_signed(crm: PushingCrm) -> None:
    for key in ("evt\x00nul", "e" * 201):
        assert crm.push(received("hi"), key=key).status_code == 401


# --- signed, and makes no sense: kept with its reason, answered 400 ---------------------------------

UNREADABLE = [
    (b"\xff\xfe\x00 no text", "not UTF-8"),
    ('{"type": "message.received"}'.encode("utf-16"), "not UTF-8"),
    (b"type=message.received", "not JSON"),
    (b"", "not JSON"),
    (b"[" * 100_000, "not JSON"),
    (b'{"type": "x", "data": NaN}', "not JSON"),
    (b'{"type": "x", "data": 1e999}', "not JSON"),
    (b'[{"type": "message.received"}]', "not a JSON object"),
    (b'"message.received"', "not a JSON object"),
    (b'{"data": {}}', "`type` is not a short text"),
    (b'{"type": 7, "data": {}}', "`type` is not a short text"),
    (b'{"type": "%s"}' % (b"x" * 61), "`type` is not a short text"),
]


@pytest.mark.parametrize(("body", "reason"), UNREADABLE)
def test_unreadable_is_kept_dead_with_its_reason(crm: PushingCrm, body: bytes, reason: str) -> None:
    answer = crm.push(body)
    assert answer.status_code == 400
    assert reason in answer.json()["error"]
    event = InboxEvent.objects.get()
    assert (event.state, bytes(event.body)) == ("dead", body)
    assert reason in event.reason


def test_unreadable_stays_unreadable_when_it_is_repeated(crm: PushingCrm) -> None:
    assert [crm.push(b"no", key="evt-x").status_code for _ in range(2)] == [400, 400]
    assert InboxEvent.objects.count() == 1


# --- too large -----------------------------------------------------------------------------------------


def test_one_mebibyte_fits_and_a_byte_more_does_not(crm: PushingCrm) -> None:
    body = json.dumps({"type": "unknown.kind", "pad": ""}).encode()
    fits = body.replace(b'""', b'"' + b"x" * (1024 * 1024 - len(body)) + b'"')
    assert len(fits) == 1024 * 1024
    assert crm.push(fits).status_code == 202
    assert crm.push(fits.replace(b'x"', b'xx"')).status_code == 413
    assert refusals(crm.connection) == {"the body is larger than 1 MiB": 1}


def test_the_largest_message_fits(crm: PushingCrm) -> None:
    crm.says("word " * 20_000)
    run_tasks()
    assert len(crm.conversation().messages.get().text) == 20_000 * 5 - 1


# --- wrong door ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete", "options"])
def test_only_post_is_answered(crm: PushingCrm, client: Client, method: str) -> None:
    answer = getattr(client, method)(f"/webhooks/{crm.connection.pk}")
    assert answer.status_code == 405
    assert answer.headers["Allow"] == "POST"


def test_an_unknown_connection_is_not_there(crm: PushingCrm, client: Client) -> None:
    unknown = client.post("/webhooks/00000000-0000-4000-8000-000000000000", b"{}", "application/json")
    assert unknown.status_code == 404
    assert client.post("/webhooks/not-a-uuid", b"{}", "application/json").status_code == 404


def test_a_revoked_connection_is_gone(crm: PushingCrm) -> None:
    crm.connection.revoked_at = timezone.now()
    crm.connection.save()
    assert crm.push(received("hi")).status_code == 410
    assert not InboxEvent.objects.exists()


def test_a_paused_connection_keeps_everything_and_applies_it_later(crm: PushingCrm) -> None:
    crm.connection.paused_at = timezone.now()
    crm.connection.save()
    crm.says("Are you there?")
    run_tasks()
    assert crm.last_event().state == "recorded"
    crm.connection.paused_at = None
    crm.connection.save()
    run_tasks()
    assert crm.last_event().state == "applied"
    assert crm.conversation().messages.count() == 1


def test_no_answer_repeats_what_a_customer_wrote(crm: PushingCrm, caplog: Any) -> None:
    secret_words = "my card ends in 4242"
    bad = received(secret_words)
    bad["data"]["message"]["sent_at"] = "yesterday"
    answers = [crm.push(bad), crm.push(json.dumps(bad).encode()[:-3]), crm.push(bad, secret=OTHER_SECRET)]
    run_tasks()
    assert all(secret_words not in answer.content.decode() for answer in answers)
    assert secret_words not in caplog.text
    assert not InboxEvent.objects.filter(reason__contains="4242").exists()
