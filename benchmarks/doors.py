"""Webhook ingest of each vendor's kind beside the bare view, in turns.

Bar: at least 50 % of the bare view's requests a second with 8 clients, for every connector.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.house import ROOT, figure, house, middle, wsgi
from benchmarks.ingest import CLIENTS, Turn, Work, bare_table, generic_connection, generic_turn, turn

REQUESTS = 150  # of each client, in each turn
TURNS = 3

type Told = tuple[bytes, dict[str, str]]


def main() -> int:
    with house():
        makers = _makers()
        doors = {kind: _door(kind, secret) for kind, (secret, _) in makers.items()}
        _, secret = generic_connection()
        bare_table()
        bare_path = f"/bare/{secret.removeprefix('whsec_')}"
        ratios: dict[str, list[float]] = {kind: [] for kind in makers}
        with (
            wsgi() as (port, pid),
            wsgi(DJANGO_SETTINGS_MODULE="benchmarks.bare_settings") as (bare_port, bare_pid),
        ):
            generic_turn(bare_port, bare_pid, bare_path, secret, 50)
            for _ in range(TURNS):
                bare = generic_turn(bare_port, bare_pid, bare_path, secret, REQUESTS)
                for kind, (_, make) in makers.items():
                    ratios[kind].append(_asked(port, pid, doors[kind], make).rate / bare.rate)
    print(
        f"Ingest of each kind, {CLIENTS} clients, {TURNS} turns of {CLIENTS * REQUESTS} requests each, in turn:"
    )
    for kind, found in ratios.items():
        figure(f"{kind}: rate beside the bare view", middle(found), "x", "bar: at least 0.500")
    return 0


def _makers() -> dict[str, tuple[str, Callable[[str], Told]]]:
    """Of each kind its secret, and what makes one new event for a path."""
    from tests.vendors import chatwoot, hubspot, letters, zendesk

    written = hubspot.recorded_event("conversation.newMessage")
    commented, talked = zendesk.recorded("comment_added"), _recorded("message_created_mail")

    sent, posted, routed = (
        json.loads(letters.fixture(f"{name}.json")) for name in ("mailersend", "postmark", "mailgun")
    )

    def by_mailgun(path: str) -> Told:
        return letters.by_mailgun({**routed, "token": os.urandom(25).hex()})

    def by_hubspot(path: str) -> Told:
        body = json.dumps([{**written, "eventId": int.from_bytes(os.urandom(6))}]).encode()
        stamp = str(int(time.time() * 1000))
        signature = hubspot.signature(f"http://127.0.0.1:8000{path}", body, stamp)
        return body, {"x-hubspot-signature-v3": signature, "x-hubspot-request-timestamp": stamp}

    return {
        "chatwoot": (chatwoot.SECRET, lambda path: chatwoot.signed(talked)),
        "zendesk": (zendesk.SECRET, lambda path: zendesk.signed({**commented, "id": os.urandom(12).hex()})),
        "hubspot": (hubspot.SECRET, by_hubspot),
        "mail by MailerSend": (letters.SECRET, lambda path: letters.by_mailersend(_anew(sent, "id"))),
        "mail by Postmark": (letters.LOGIN, lambda path: letters.by_postmark(_anew(posted, "MessageID"))),
        "mail by Mailgun": (letters.SECRET, by_mailgun),
    }


def _anew(told: dict[str, Any], name: str) -> bytes:
    """The post with an id that nobody has seen, wherever its provider puts it."""
    new = {name: os.urandom(12).hex()}
    return json.dumps({**told, "data": {**told["data"], **new}} if "data" in told else {**told, **new}).encode()


def _recorded(name: str) -> Any:
    return json.loads((ROOT / "tests" / "fixtures" / "crm" / "chatwoot" / f"{name}.json").read_text())


def _door(kind: str, secret: str) -> str:
    from interactions.models import Connection
    from people.models import Team

    team, _ = Team.objects.get_or_create(slug="vendors", defaults={"name": "Vendors"})
    connection = Connection(name=kind, kind=kind.partition(" ")[0], team=team)
    connection.set_secrets([secret])
    connection.save()
    return f"/webhooks/{connection.pk}"


def _asked(port: int, pid: int, path: str, make: Callable[[str], Told]) -> Turn:
    work: list[Work] = [[_as_told(make(path)) for _ in range(REQUESTS)] for _ in range(CLIENTS)]
    return turn(port, pid, path, work)


def _as_told(told: Any) -> Told:
    body, headers = told
    return body, {"Content-Type": "application/json", **headers}


if __name__ == "__main__":
    sys.exit(main())
