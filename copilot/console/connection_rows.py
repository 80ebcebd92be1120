"""What the pages about connections show: frozen values, filled by the views."""

from dataclasses import dataclass

from copilot.console.cards import Choice, Line, Pair


@dataclass(frozen=True, slots=True)
class ConnectionLine:
    """One CRM in the list, with its health; `url` leads to all of it."""

    name: str
    kind: str
    team: str
    url: str = ""
    state: str = "Listening"
    tone: str = "pine"
    glyph: str = "done"
    note: str = ""
    facts: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True)
class SettingField:
    """A field of the form in which a CRM is set up. A secret's `value` is never told, only when it was set."""

    name: str
    label: str
    value: str = ""
    help: str = ""
    example: str = ""
    secret: bool = False
    required: bool = True
    note: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What an event said, in plain words; `problem` is why it could not be read."""

    title: str
    state: str = ""
    tone: str = ""
    glyph: str = "done"
    problem: str = ""
    lines: tuple[Line, ...] = ()


@dataclass(frozen=True, slots=True)
class AgentLine:
    """A colleague as the CRM knows them, and who that may be here."""

    id: int
    name: str
    note: str = ""  # their number over there, and their address
    people: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True)
class SyncLine:
    """A task of fetching from a CRM: how far it is, and how to start or stop it."""

    name: str
    kind: str
    state: str
    tone: str = ""
    glyph: str = "done"
    progress: str = ""
    reason: str = ""
    verb: Choice | None = None
    is_busy: bool = False


@dataclass(frozen=True, slots=True)
class RuleLine:
    """A field of the CRM's, where it goes here, and whether the model may read it."""

    kind: str
    source: str
    seen: str = ""
    targets: tuple[Choice, ...] = ()
    own: str = ""
    may_reach_model: bool = False
