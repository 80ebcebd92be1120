"""The small protocol between drafting and whatever writes: Claude, or the offline engine."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from copilot.context.value import Context


@dataclass(frozen=True, slots=True)
class Mark:
    """A citation: the text up to offset `at` (in the clean text) rests on item `item_id`."""

    at: int
    item_id: str


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the model's server counted them; cost in millionths of a US dollar."""

    input: int = 0
    output: int = 0
    cache_read: int = 0
    cache_write: int = 0
    cost_micros: int = 0


@dataclass(frozen=True, slots=True)
class Reply:
    """What an engine proposes. `missing` says in plain words what a good reply would need;
    `unknown` are citations of what nobody offered."""

    text: str
    marks: tuple[Mark, ...] = ()
    unknown: tuple[Mark, ...] = ()
    abstained: bool = False
    missing: tuple[str, ...] = ()
    asks: tuple[tuple[str, str], ...] = ()  # a gap in the text, and the question that would fill it
    lessons: frozenset[int] = frozenset()  # that shaped the text
    model: str = ""
    prompt_version: str = ""
    usage: Usage = field(default_factory=Usage)


class EngineError(Exception):
    """The engine could not write. `code` is a key of `failures.SENTENCES`."""

    def __init__(
        self,
        code: str,
        *,
        permanent: bool,
        retry_after: float | None = None,
        reference: str = "",
        usage: Usage | None = None,
    ) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent
        self.retry_after = retry_after
        self.reference = reference
        self.usage = usage or Usage()  # a refused or cut-off answer costs as well


class Stopped(Exception):
    """The draft was taken away while it was being written. The engine says what it cost until then."""

    def __init__(self, usage: Usage | None = None) -> None:
        super().__init__()
        self.usage = usage or Usage()


type Say = Callable[[str], None]


class Engine(Protocol):
    """`say` is called with the clean text so far, as it grows; it raises Stopped."""

    name: str

    def write(self, context: Context, say: Say) -> Reply: ...
