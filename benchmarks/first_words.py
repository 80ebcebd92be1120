"""From the 202 to a draft's first words on the open stream, over the model's own time.

The real door, workers and stream run; a fake model answers at once over HTTP and nothing waits
for a burst to end. Bar: p95 at most 150 ms.
"""

import http.client
import json
import socket
import sys
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from typing import Any

from benchmarks.house import figure, free_port, house, process, quantile, wait_for
from tests.fakes import FakeModel, writes

CASES = 60
TEXT = "Hi Kim,\n\nPlease split the export by month and start it again.\n\nKind regards,\nSupport"
FIRST, LAST = b"Hi Kim", b"Kind regards"


def main() -> int:
    with (
        FakeModel(otherwise=writes(TEXT)) as model,
        house(DRAFT_DEBOUNCE_SECONDS="0", ANTHROPIC_BASE_URL=model.url, ALLOWED_HOSTS="127.0.0.1"),
    ):
        connection, secret, cookie = _company()
        with _running() as port:
            spent = [
                (*_case(port, connection, secret, cookie), model.spent[-1] * 1000) for _ in range(CASES + 5)
            ]
        stages = _stages()
    first, whole, model_own = zip(*spent[5:], strict=True)
    ours = [a - b for a, b in zip(first, model_own, strict=True)]
    print(f"From the 202 to the first words on the stream, {CASES} messages one after another:")
    figure("p50", quantile(first, 0.5), "ms")
    figure("p95", quantile(first, 0.95), "ms")
    figure("over the model's own time, p50", quantile(ours, 0.5), "ms")
    figure("over the model's own time, p95", quantile(ours, 0.95), "ms", "bar: at most 150")
    figure("to the whole draft, p50", quantile(whole, 0.5), "ms")
    for name, values in stages.items():
        figure(f"of it, {name}, p50", quantile(values, 0.5), "ms")
    return 0


def _company() -> tuple[str, str, str]:
    """A team with one agent who is signed in, and a CRM's door; returns id, secret, cookie."""
    from django.test import Client

    from interactions.crm.signing import new_secret
    from interactions.models import Connection
    from people.models import Membership, Team, User

    team = Team.objects.create(name="Support", slug="support", email="support@example.com")
    person = User.objects.create_user("agent@example.com", "benchmark", name="Ana Berg")
    Membership.objects.create(user=person, team=team, role="agent")
    door, secret = Connection(name="CRM", team=team), new_secret()
    door.set_secrets([secret])
    door.save()
    client = Client()
    client.force_login(person)
    return str(door.pk), secret, client.cookies["sessionid"].value


@contextmanager
def _running() -> Iterator[int]:
    """Web with the stream on one port, and the workers, as `make run` starts them."""
    port = free_port()
    with ExitStack() as stack:
        web = (sys.executable, "-m", "uvicorn", "config.asgi:application", "--port", str(port),
               "--host", "127.0.0.1", "--timeout-graceful-shutdown", "3")  # fmt: skip
        stack.enter_context(process(*web, RAPPORT_PROCESS="web"))
        for queue in ("inbox", "drafting"):
            worker = (sys.executable, "-m", "celery", "-A", "config", "worker", "-Q", queue, "-c", "1",
                      "-n", f"{queue}@bench", "--without-gossip", "--without-mingle")  # fmt: skip
            stack.enter_context(process(*worker))
        wait_for(port)
        _wait_for_workers()
        yield port


def _wait_for_workers() -> None:
    from config.celery import app

    end = time.monotonic() + 40
    while time.monotonic() < end:
        if len(app.control.ping(timeout=1.0) or []) == 2:
            return
    raise SystemExit("The workers did not start.")


def _stages() -> dict[str, list[float]]:
    """Where the time went, by the rows' own times."""
    from copilot.models import Draft
    from interactions.models import InboxEvent

    stages: dict[str, list[float]] = {"taken to applied": [], "claimed": [], "first words": []}
    for draft in Draft.objects.filter(n=2, state="ready").exclude(first_words_at=None):
        event = InboxEvent.objects.filter(conversation=draft.conversation_id).order_by("-pk").first()
        if event and event.applied_at and draft.started_at and draft.first_words_at:
            moments = (event.received_at, event.applied_at, draft.started_at, draft.first_words_at)
            for name, start, end in zip(stages, moments, moments[1:], strict=False):
                stages[name].append((end - start).total_seconds() * 1000)
    return stages


def _case(port: int, connection: str, secret: str, cookie: str) -> tuple[float, float]:
    """Milliseconds from the 202 for a customer's second message to its draft's first words, and to the last."""
    from copilot.models import Draft
    from interactions.models import Conversation

    key = uuid.uuid4().hex
    _post(port, connection, secret, _event(key, "first"))
    conversation = _until(lambda: Conversation.objects.filter(external_id=key).first())
    _until(lambda: Draft.objects.filter(conversation=conversation, state="ready").first())
    Draft.objects.filter(conversation=conversation).update(state="discarded")
    stream = _Stream(port, conversation.pk, cookie)
    stream.opened.wait(10)
    _post(port, connection, secret, _event(key, "second"))
    accepted = time.perf_counter()
    first, last = (stream.seen_after(accepted, words) for words in (FIRST, LAST))
    stream.close()
    return (first - accepted) * 1000, (last - accepted) * 1000


def _until(look: Any) -> Any:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        found = look()
        if found:
            return found
        time.sleep(0.01)
    raise SystemExit("The draft did not come.")


def _event(key: str, which: str) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {
        "type": "message.received",
        "timestamp": now,
        "data": {
            "conversation": {"id": key, "subject": "Export stops"},
            "contact": {"id": f"kim-{key}", "name": "Kim Ito", "email": f"{key}@example.com"},
            "message": {"id": f"{which}-{key}", "text": "Why does the export stop?", "sent_at": now},
        },
    }


def _post(port: int, connection: str, secret: str, event: dict[str, Any]) -> None:
    from interactions.crm.signing import sign

    body = json.dumps(event).encode()
    headers = sign([secret], uuid.uuid4().hex, datetime.now(UTC), body)
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("POST", f"/webhooks/{connection}", body, {**headers, "Content-Type": "application/json"})
    answer = line.getresponse()
    answer.read()
    if answer.status != 202:
        raise SystemExit(f"A signed event was answered with {answer.status}.")


class _Stream:
    """A browser's open stream on one conversation; notes when the draft's words first appear."""

    def __init__(self, port: int, conversation: int, cookie: str) -> None:
        self.opened = threading.Event()
        self._seen = {words: threading.Event() for words in (FIRST, LAST)}
        self._at: dict[bytes, float] = {}
        self._line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        self._line.request("GET", f"/live/?c={conversation}", headers={"Cookie": f"sessionid={cookie}"})
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        answer = self._line.getresponse()
        if answer.status != 200:
            raise SystemExit(f"The stream was answered with {answer.status}.")
        try:
            for line in answer:
                self.opened.set()
                self._note(line)
        except (OSError, ValueError, AttributeError):
            return  # closed by us

    def _note(self, line: bytes) -> None:
        for words, seen in self._seen.items():
            if words in line and not seen.is_set():
                self._at[words] = time.perf_counter()
                seen.set()

    def seen_after(self, accepted: float, words: bytes) -> float:
        if not self._seen[words].wait(15) or self._at[words] < accepted:
            raise SystemExit("The draft's words did not reach the stream.")
        return self._at[words]

    def close(self) -> None:
        if self._line.sock:
            self._line.sock.shutdown(socket.SHUT_RDWR)


if __name__ == "__main__":
    sys.exit(main())
