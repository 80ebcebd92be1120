"""A mailbox as a real IMAP server on loopback: what a client needs to read it, every command on record."""

import re
import socketserver
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

PASSWORD = "correct-horse"


class FakeImap:
    """`mails` by UID, each with when it came. A client that tries to change anything is told BAD."""

    def __init__(self) -> None:
        self.mails: dict[int, tuple[datetime, bytes]] = {}
        self.validity, self.next_uid = 7, 1
        self.commands: list[str] = []
        self.drops = 0  # so many connections break at the next FETCH
        box = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                self.wfile.write(b"* OK ready\r\n")
                for line in self.rfile:
                    answers = list(box._answer(line.decode().strip()))
                    if not answers:
                        return
                    self.wfile.write(b"".join(answers))

        class Server(socketserver.ThreadingTCPServer):
            daemon_threads = allow_reuse_address = True

        self._server = Server(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def arrives(self, raw: bytes, at: datetime | None = None) -> int:
        uid, self.next_uid = self.next_uid, self.next_uid + 1
        self.mails[uid] = (at or datetime.now(UTC), raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
        return uid

    def renumber(self) -> None:
        """As after a restore: the same mails under other numbers."""
        self.validity += 1
        self.mails = {uid + 100: mail for uid, mail in self.mails.items()}
        self.next_uid += 100

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _answer(self, line: str) -> Iterator[bytes]:
        tag, _, rest = line.partition(" ")
        self.commands.append(rest.split(" ")[0] if rest.startswith("LOGIN") else rest)
        if "FETCH" in rest and self.drops:
            self.drops -= 1
            return
        known: list[tuple[str, Any]] = [
            (r"CAPABILITY", lambda: [b"* CAPABILITY IMAP4rev1\r\n"]),
            (r'LOGIN \S+ "?([^"]*)"?', self._login),
            (r'STATUS "[^"]+" .*', self._status),
            (r'EXAMINE "[^"]+"', lambda: [f"* {len(self.mails)} EXISTS\r\n".encode()]),
            (r"UID SEARCH UID (\d+):(\d+)(?: SINCE (\S+))?", self._search),
            (r"UID FETCH (\d+) \((.+)\)", self._fetch),
            (r"LOGOUT", lambda: [b"* BYE\r\n"]),
        ]
        for pattern, say in known:
            if found := re.fullmatch(pattern, rest):
                said = say(*found.groups())
                yield from said or []
                yield f"{tag} {'NO' if said is None else 'OK'} done\r\n".encode()
                return
        yield f"{tag} BAD not here\r\n".encode()

    def _login(self, password: str) -> list[bytes] | None:
        return [] if password == PASSWORD else None

    def _status(self) -> list[bytes]:
        return [f'* STATUS "INBOX" (UIDVALIDITY {self.validity} UIDNEXT {self.next_uid})\r\n'.encode()]

    def _search(self, first: str, last: str, since: str | None) -> list[bytes]:
        day = (
            datetime.strptime(since, "%d-%b-%Y").replace(tzinfo=UTC)
            if since
            else datetime.min.replace(tzinfo=UTC)
        )
        found = [uid for uid, (at, _) in self.mails.items() if int(first) <= uid <= int(last) and at >= day]
        return [f"* SEARCH {' '.join(map(str, found))}\r\n".encode()]

    def _fetch(self, uid: str, wanted: str) -> list[bytes]:
        if int(uid) not in self.mails:
            return []
        at, raw = self.mails[int(uid)]
        if wanted == "RFC822.SIZE":
            return [f"* 1 FETCH (UID {uid} RFC822.SIZE {len(raw)})\r\n".encode()]
        part = raw.partition(b"\r\n\r\n")[0] if "HEADER" in wanted else raw
        when = at.strftime("%d-%b-%Y %H:%M:%S +0000")
        head = f'* 1 FETCH (UID {uid} INTERNALDATE "{when}" BODY[] {{{len(part)}}}\r\n'
        return [head.encode(), part, b")\r\n"]
