"""Is it alive, may it get work, and how is it doing: for supervisors, load balancers and Prometheus."""

from datetime import timedelta

from django.db import connection
from django.db.models import Count, DurationField, ExpressionWrapper, F, Max, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, Gauge, generate_latest

from config.heartbeat import expected_queues, key_of, valkey
from config.probe import Probe
from copilot.models import Draft
from interactions import sync
from interactions.listeners import WELL
from interactions.models import InboxEvent, OutboxMessage

PATIENCE_SECONDS = 0.8
LONGEST_WAIT = timedelta(minutes=5)

type Waits = dict[str, timedelta]


def _oldest_due() -> Waits:
    """How long the oldest due row of each queue has been waiting, by the database's clock."""
    try:
        return {queue: max(_longest_wait(rows), timedelta(0)) for queue, rows in _due_rows().items()}
    finally:
        connection.close()


def _due_rows() -> dict[str, QuerySet]:
    return {
        # Old mail may wait for hours: it makes nobody wait for an answer.
        "inbox": InboxEvent.objects.filter(
            state__in=InboxEvent.DUE, connection__paused_at=None, is_history=False
        ),
        "fetching": sync.waiting(),
        "drafting": Draft.objects.filter(state=Draft.State.QUEUED),
        "sending": OutboxMessage.objects.filter(WELL, state__in=OutboxMessage.DUE),
    }


def _longest_wait(rows: QuerySet) -> timedelta:
    waited = ExpressionWrapper(Now() - F("due_at"), output_field=DurationField())
    return rows.aggregate(longest=Max(waited))["longest"] or timedelta(0)


def _silent_queues() -> list[str]:
    """Queues on which no worker's heart beats; raises when Valkey does not answer."""
    queues = expected_queues()
    with valkey() as client:
        beats = client.mget([key_of(queue) for queue in queues])
    return [queue for queue, beat in zip(queues, beats, strict=True) if beat is None]


_database = Probe(_oldest_due, PATIENCE_SECONDS)
_broker = Probe(_silent_queues, PATIENCE_SECONDS)


@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """This process answers; it says nothing of the others."""
    return JsonResponse({"status": "alive"})


@require_safe
def ready(request: HttpRequest) -> HttpResponse:
    """200 when everything that a customer's message needs is there; else 503 and which part is not."""
    parts = {**_database_parts(), **_broker_parts()}
    well = all(words == "ok" for words in parts.values())
    answer = {"status": "ready" if well else "not ready", "parts": parts}
    return JsonResponse(answer, status=200 if well else 503)


def _database_parts() -> dict[str, str]:
    try:
        waits = _database.answer()
    except Exception as error:
        return {"database": f"does not answer ({type(error).__name__})", "queue": "unknown"}
    queue, longest = max(waits.items(), key=lambda one: one[1])
    late = f"the oldest due row in {queue} has waited {longest.total_seconds():.0f} s"
    return {"database": "ok", "queue": "ok" if longest < LONGEST_WAIT else late}


def _broker_parts() -> dict[str, str]:
    try:
        silent = _broker.answer()
    except Exception as error:
        return {"broker": f"does not answer ({type(error).__name__})", "workers": "unknown"}
    return {"broker": "ok", "workers": f"no heartbeat on {', '.join(silent)}" if silent else "ok"}


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Counts and waiting times, read from the rows: they are the same whichever process is asked."""
    registry = CollectorRegistry()
    up = Gauge("rapport_up", "1 when this part answers.", ["part"], registry=registry)
    _tell_broker(up, registry)
    try:
        _database.answer()
    except Exception:
        up.labels("database").set(0)
    else:
        up.labels("database").set(1)
        _tell_rows(registry)
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _tell_broker(up: Gauge, registry: CollectorRegistry) -> None:
    try:
        silent = _broker.answer()
    except Exception:
        up.labels("broker").set(0)
        return
    up.labels("broker").set(1)
    worker = Gauge("rapport_worker_up", "1 when a worker's heart beats.", ["queue"], registry=registry)
    for queue in expected_queues():
        worker.labels(queue).set(queue not in silent)


def _tell_rows(registry: CollectorRegistry) -> None:
    due = Gauge("rapport_due_rows", "Rows that wait for a worker now.", ["queue"], registry=registry)
    oldest = Gauge(
        "rapport_oldest_due_seconds", "How long the oldest has waited.", ["queue"], registry=registry
    )
    for queue, rows in _due_rows().items():
        due.labels(queue).set(rows.filter(due_at__lte=Now()).count())
        oldest.labels(queue).set(max(_longest_wait(rows).total_seconds(), 0))
    drafts = Gauge("rapport_open_drafts", "Drafts that nobody has decided.", ["state"], registry=registry)
    found = Draft.objects.filter(state__in=Draft.OPEN).values_list("state").annotate(n=Count("pk"))
    for state, number in found:
        drafts.labels(state).set(number)
