"""Each worker leaves a key in Valkey that lives a few seconds: no key, no worker on that queue."""

from typing import Any

import redis
from celery import current_app
from django.conf import settings

LIVES_SECONDS = 10
PATIENCE_SECONDS = 0.2


def expected_queues() -> list[str]:
    """Every queue that some task goes to."""
    routed = {route["queue"] for route in settings.CELERY_TASK_ROUTES.values()}
    return sorted(routed | {settings.CELERY_TASK_DEFAULT_QUEUE})


def key_of(queue: str) -> str:
    return f"heartbeat:{queue}"


def valkey() -> redis.Redis:
    """A client that gives up soon: nobody waits for Valkey."""
    return redis.Redis.from_url(
        settings.REDIS_URL, socket_timeout=PATIENCE_SECONDS, socket_connect_timeout=PATIENCE_SECONDS
    )


def beat(**details: Any) -> None:
    """Celery's loop calls this every two seconds, so a worker whose loop hangs falls silent too."""
    try:
        with valkey() as client:
            for queue in current_app.amqp.queues.consume_from:
                client.set(key_of(queue), 1, ex=LIVES_SECONDS)
    except redis.RedisError:
        pass  # the broker is away, and /health/ready says so itself
