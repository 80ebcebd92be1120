"""Ask a part of the house whether it is well, and take silence for an answer."""

from collections.abc import Callable
from concurrent.futures import Future
from threading import Lock, Thread


class Probe[Found]:
    """Asks in a thread of its own, one at a time: a part that hangs costs no request more than our patience."""

    def __init__(self, ask: Callable[[], Found], patience: float) -> None:
        self._ask = ask
        self._patience = patience
        self._lock = Lock()
        self._asked: Future[Found] | None = None

    def answer(self) -> Found:
        """What was found; raises TimeoutError after our patience, or what the asking raised."""
        with self._lock:
            if self._asked is None or self._asked.done():
                self._asked = Future()
                Thread(target=self._run, args=(self._asked,), daemon=True).start()
            asked = self._asked
        return asked.result(self._patience)

    def _run(self, asked: Future[Found]) -> None:
        try:
            asked.set_result(self._ask())
        except Exception as error:
            asked.set_exception(error)
