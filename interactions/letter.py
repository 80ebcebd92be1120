"""Everything that leaves with a reply, as one canonical byte string: this is what is approved."""

import json
from dataclasses import asdict, dataclass
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Attached:
    name: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Letter:
    """One reply: by which way, from whom, to whom, and every word of it."""

    connection: str  # id, or empty: by email
    channel: str
    conversation: str  # the CRM's id of it, or ours
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...]
    bcc: tuple[str, ...]
    subject: str
    text: str
    attachments: tuple[Attached, ...]
    in_reply_to: str
    approved_by: str

    def canonical(self) -> bytes:
        """The same letter always gives the same bytes."""
        return json.dumps(self.to_json(), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()

    def to_json(self) -> dict[str, Any]:
        data = asdict(self)
        data["conversation"] = {"id": self.conversation}
        return data

    @classmethod
    def read(cls, payload: bytes) -> Self:
        data = json.loads(payload)
        data["conversation"] = data["conversation"]["id"]
        data["attachments"] = tuple(Attached(**one) for one in data["attachments"])
        parts: dict[str, Any] = {k: tuple(v) if isinstance(v, list) else v for k, v in data.items()}
        return cls(**parts)
