"""A claim on a row that is renewed while its worker lives; one that dies lets it run out within seconds."""

import threading
from collections.abc import Callable
from datetime import timedelta

from django.db import connection

LEASE = timedelta(seconds=15)
RENEW_SECONDS = 5.0


class Renewed:
    """While it lasts, `renew` is called every few seconds from a thread of its own."""

    def __init__(self, renew: Callable[[], object]) -> None:
        self._renew = renew
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="lease", daemon=True)

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._over.wait(RENEW_SECONDS):
                self._renew()
        finally:
            connection.close()
