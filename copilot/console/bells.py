"""Hear the bell for a page: rung when a topic has a new version; asked once a second while Valkey is away."""

import asyncio
from contextlib import suppress

import redis.asyncio as redis
from django.conf import settings

import bell

POLL_SECONDS = 1.0
PATIENCE_SECONDS = 2.0


class Bells:
    """Rings are only a hint to look; the rows tell what is new.

    `list_waits` is set when an inbox was rung, and reset by whoever looks at the list.
    """

    def __init__(self, topics: list[str]) -> None:
        self._rung = asyncio.Event()
        self.list_waits = False
        self._away = False
        self._task = asyncio.create_task(self._listen([bell.channel(topic) for topic in topics]))

    async def wait(self, seconds: float) -> None:
        """Until something may be new, for so many seconds at the most."""
        with suppress(TimeoutError):
            await asyncio.wait_for(self._rung.wait(), POLL_SECONDS if self._away else seconds)
        self.list_waits = self.list_waits or self._away
        self._rung.clear()

    async def close(self) -> None:
        self._task.cancel()
        with suppress(asyncio.CancelledError):
            await self._task

    async def _listen(self, channels: list[str]) -> None:
        while True:
            try:
                await self._hear(channels)
            except (redis.RedisError, OSError, TimeoutError):
                self._away = True
                self._rung.set()
                await asyncio.sleep(POLL_SECONDS)

    async def _hear(self, channels: list[str]) -> None:
        patience = {"socket_timeout": PATIENCE_SECONDS, "socket_connect_timeout": PATIENCE_SECONDS}
        client = redis.Redis.from_url(settings.REDIS_URL, **patience)  # type: ignore[arg-type]
        async with client, client.pubsub() as pubsub:
            await pubsub.subscribe(*channels)
            self._away = False
            self.list_waits = True  # something may have changed between the snapshot and now
            self._rung.set()
            asked = False
            while True:
                message = await pubsub.get_message(timeout=PATIENCE_SECONDS)
                if message is None and asked:
                    raise TimeoutError  # a frozen Valkey keeps its connections and says nothing
                asked = message is None
                if message is None:
                    await pubsub.ping()
                elif message["type"] == "message":
                    self.list_waits = self.list_waits or b":inbox:" in message["channel"]
                    self._rung.set()
