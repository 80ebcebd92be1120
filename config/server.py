"""A server of our own on 127.0.0.1, which can be started again on the port it had."""

import signal
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from config import children
from config.children import Process
from config.folder import CannotStart

START_SECONDS = 30
ATTEMPTS = 5


@dataclass
class Server:
    """`command` and `address` depend on the port, which is found at the first start and kept."""

    name: str
    command: Callable[[int], list[str | Path]]
    address: Callable[[int], str]
    answers: Callable[[str], bool]
    log: Path
    stop_by: signal.Signals = signal.SIGTERM
    on_parent_death: signal.Signals = signal.SIGKILL
    user: int | None = None
    port: int = 0
    process: Process = field(init=False)

    @property
    def url(self) -> str:
        return self.address(self.port)

    def start(self) -> None:
        """Start it and wait until it answers; another program may take a free port first, so try again."""
        for attempt in range(ATTEMPTS):
            port = self.port or _free_port()
            if self._runs_on(port):
                self.port = port
                return
            self.stop(within=1)
            time.sleep(0.2 * attempt)
        said = children.last_line(self.log)
        raise CannotStart(f"{self.name} did not start: {said} (the whole log: {self.log})")

    def stop(self, *, within: float) -> None:
        children.stop(self.process, by=self.stop_by, within=within)

    def _runs_on(self, port: int) -> bool:
        self.process = children.start(
            self.command(port), log=self.log, on_parent_death=self.on_parent_death, user=self.user
        )
        address = self.address(port)
        return children.wait_until(lambda: self.answers(address), self.process, seconds=START_SECONDS)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
