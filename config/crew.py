"""The processes of a running install: started, watched, started again when they die, stopped in order."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from signal import Signals
from typing import Protocol

from config import children
from config.children import Process
from config.folder import CannotStart

LONGEST_PAUSE = 30.0
DEATHS_IN_A_ROW = 5
SETTLED_SECONDS = 60.0


class Member(Protocol):
    """What the crew watches: one of our programs, or an embedded server."""

    name: str
    log: Path
    process: Process

    def start(self) -> None: ...


@dataclass
class Program:
    """One of our own processes, with its log in var/log/<name>.log."""

    name: str
    command: list[str | Path]
    log: Path
    env: Mapping[str, str]
    process: Process = field(init=False)

    def start(self) -> None:
        self.process = children.start(self.command, log=self.log, env=self.env)


@dataclass
class Post:
    """A member's record: how often it died in a row, and when it may start again."""

    member: Member
    since: float = field(default_factory=time.monotonic)
    deaths: int = 0
    again_at: float | None = None


class Crew:
    """Watches its members; `tell` says one line to the person at the terminal."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell = tell
        self.posts: list[Post] = []

    def watch(self, member: Member) -> None:
        self.posts.append(Post(member))

    def look(self) -> None:
        """One round: notice deaths, start again what is due, give up where that does not help."""
        now = time.monotonic()
        for post in self.posts:
            if post.again_at is None and post.member.process.poll() is not None:
                self._died(post, now)
            elif post.again_at is not None and now >= post.again_at:
                post.member.start()
                post.since, post.again_at = time.monotonic(), None

    def _died(self, post: Post, now: float) -> None:
        post.deaths = 1 if now - post.since > SETTLED_SECONDS else post.deaths + 1
        member = post.member
        how = _ending(member.process.returncode)
        if post.deaths >= DEATHS_IN_A_ROW:
            raise CannotStart(
                f"{member.name} ended {post.deaths} times in a row, the last time {how}, saying: "
                f"{children.last_line(member.log)} (the whole log: {member.log}). Everything is stopped; "
                "what was accepted is in the database and goes on at the next start."
            )
        pause = min(2.0 ** (post.deaths - 1), LONGEST_PAUSE)
        post.again_at = now + pause
        self.tell(f"{member.name} ended {how}; starting it again in {pause:.0f} s ({member.log})")


def _ending(code: int) -> str:
    if code >= 0:
        return f"with exit code {code}"
    return f"by {Signals(-code).name}"
