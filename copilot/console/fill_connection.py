"""A connection in words: its health, what its events said, who its people are, how far a fetch is."""

from collections.abc import Iterable, Sequence
from datetime import timedelta
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone

from copilot.console.cards import Choice, Line, Pair, plural
from copilot.console.connection_rows import AgentLine, ConnectionLine, Reading, SyncLine
from copilot.console.traffic import IN, OUT
from copilot.templatetags.rapport import ago, clock
from customers.facts import AccountFact, ContactErasedFact, ContactFact, NoteFact, RecordFact
from interactions import sync
from interactions.connecting import OVERLAP, Tried, facts_of
from interactions.crm.base import ConversationFact, Fact, MessageFact, RatingFact
from interactions.crm.registry import CRMS, crm_for
from interactions.mapping import OWN, fields_of
from interactions.models import Connection, FieldRule, InboxEvent, OutboxMessage, Refusal, Sync
from people.models import User

ONE_DAY, LATELY = timedelta(days=1), timedelta(days=30)


def with_health(connections: QuerySet[Connection]) -> QuerySet[Connection]:
    """Each with its last event and delivery, what was given up, what was turned away, and its last fetch."""
    events = InboxEvent.objects.filter(connection=OuterRef("pk"))
    dead = events.filter(state="dead").order_by().values("connection").annotate(n=Count("pk")).values("n")
    left = OutboxMessage.objects.filter(connection=OuterRef("pk")).order_by("-created_at")
    undelivered = left.filter(state="dead", created_at__gte=timezone.now() - LATELY).order_by()
    lost = undelivered.values("connection").annotate(n=Count("pk")).values("n")
    refusals = Refusal.objects.filter(connection=OuterRef("pk")).order_by("-last_at")
    syncs = Sync.objects.filter(connection=OuterRef("pk")).order_by("-pk")
    failed = syncs.filter(state=Sync.State.FAILED)
    return connections.select_related("team").annotate(
        heard=Subquery(events.order_by("-pk").values("received_at")[:1]), dead=Coalesce(Subquery(dead), 0),
        left_at=Subquery(left.values("created_at")[:1]), left_as=Subquery(left.values("state")[:1]),
        lost=Coalesce(Subquery(lost), 0),
        refused_at=Subquery(refusals.values("last_at")[:1]), refused=Subquery(refusals.values("reason")[:1]),
        sync_kind=Subquery(syncs.values("kind")[:1]), sync_state=Subquery(syncs.values("state")[:1]),
        failed_kind=Subquery(failed.values("kind")[:1]), failed_why=Subquery(failed.values("reason")[:1]),
    )  # fmt: skip


def kind_label(kind: str) -> str:
    return crm_for(kind).about.label if kind in CRMS else kind


def line(connection: Any) -> ConnectionLine:
    """Of a connection that was read with its health."""
    state, tone, glyph, note = standing(connection)
    facts = [
        Pair("Last event", ago(connection.heard) or "none yet"),
        Pair("Given up", _given_up(connection)),
        Pair("Last delivery", _left(connection)),
    ]
    if connection.sync_kind:
        facts.append(Pair("Fetching", f"{SYNCS[connection.sync_kind]}: {sync_word(connection.sync_state)[0]}"))
    return ConnectionLine(
        name=connection.name, kind=kind_label(connection.kind), team=connection.team.name,
        url=reverse("connection", args=[connection.pk]), state=state, tone=tone, glyph=glyph, note=note,
        facts=tuple(facts),
    )  # fmt: skip


def _given_up(connection: Any) -> str:
    events = plural(connection.dead, "event") if connection.dead else ""
    deliveries = plural(connection.lost, "delivery", "deliveries") if connection.lost else ""
    return ", ".join(filter(None, [events, deliveries])) or "none"


def _left(connection: Any) -> str:
    if not connection.left_at:
        return "none yet"
    return f"{OUT[connection.left_as][0].lower()}, {ago(connection.left_at)}"


def standing(connection: Any) -> tuple[str, str, str, str]:
    """State, tone, glyph and what it means."""
    return _ended_or_resting(connection) or _unfinished(connection) or ("Listening", "pine", "done", "")


def _ended_or_resting(connection: Any) -> tuple[str, str, str, str] | None:
    if connection.revoked_at:
        return "Revoked", "red", "dropped", f"It is answered 410 since {ago(connection.revoked_at)}."
    if connection.paused_at:
        return "Paused", "amber", "clock", "What comes in is kept and waits."
    if connection.disabled_reason:
        note = f"{connection.disabled_reason} What comes in is still taken; nothing goes out."
        return "Takes no deliveries", "amber", "triangle", note
    if connection.rests_until and connection.rests_until > timezone.now():
        failed = plural(connection.failures, "delivery", "deliveries")
        note = f"{failed} failed in a row. The next is tried at {clock(connection.rests_until)}."
        return "Resting", "amber", "clock", note
    return None


def _unfinished(connection: Any) -> tuple[str, str, str, str] | None:
    """What only a person can mend: a secret or credentials that are missing, or are not those of the CRM."""
    fetches_only = crm_for(connection.kind).about.is_mail and connection.sealed_credentials
    if not connection.secrets and not fetches_only:  # a mailbox that is looked into needs no secret
        return "Not finished", "amber", "ask", "It has no signing secret yet, so every delivery is turned away."
    if connection.failed_kind:
        note = f"{SYNCS[connection.failed_kind]} failed: {connection.failed_why}. Check its credentials."
        return "Cannot be asked", "red", "triangle", note
    if _turns_away(connection):
        note = f"A delivery was turned away {ago(connection.refused_at)}: {connection.refused}. "
        return "Turned one away", "amber", "triangle", note + "Is the secret the same on both sides?"
    return None


def _turns_away(connection: Any) -> bool:
    """Lately, and since the secret that is valid now was kept."""
    if connection.refused_at is None or connection.refused_at < timezone.now() - ONE_DAY:
        return False
    kept = connection.overlap_ends_at and connection.overlap_ends_at - OVERLAP
    return not kept or connection.refused_at > kept


def reading(event: InboxEvent, rules: Sequence[FieldRule], *, may_read: bool) -> Reading:
    facts, problem = facts_of(event, rules)
    word, tone, glyph = IN[event.state]
    title = f"{event.type or 'unreadable'}, {ago(event.received_at)}"
    gone = "" if event.body else "What it said is forgotten after 30 days."
    return Reading(
        title, word, tone, glyph, problem or event.reason or gone, lines_of(facts, may_read=may_read)
    )


def reading_of_test(tried: Tried) -> Reading:
    if not tried.state:
        return Reading("The test event", "Not taken", "red", "triangle", tried.problem)
    word, tone, glyph = IN[tried.state]
    note = tried.problem
    if tried.state == InboxEvent.State.RECORDED:
        note = note or "It was taken at the door. A real one is read by the worker after that."
    return Reading(tried.type, word, tone, glyph, note, lines_of(tried.facts, may_read=True))


def lines_of(facts: Iterable[Fact], *, may_read: bool) -> tuple[Line, ...]:
    """Without `may_read` names and values are left out; no message's text is ever said."""
    return tuple(one for fact in facts for one in _lines(fact, may_read=may_read))


def _lines(fact: Fact, *, may_read: bool) -> Iterable[Line]:
    glyph, text = _said(fact)
    yield Line(text, glyph, note=_whose(fact) if may_read else "")
    for kind, name, value in fields_of([fact]):
        yield Line(f"{kind} field {name}", "change", shown(value, may_read=may_read))


def _said(fact: Fact) -> tuple[str, str]:
    match fact:
        case MessageFact():
            return "conversation", f"{_message(fact)} in conversation {fact.conversation}"
        case ConversationFact():
            told = [
                f"status {fact.status}" if fact.status else "", "assignee" if fact.assignee else "",
                plural(len(fact.labels), "label") if fact.labels is not None else "",
            ]  # fmt: skip
            return "change", f"Conversation {fact.conversation}: {', '.join(filter(None, told)) or 'no change'}"
        case RatingFact():
            return "change", f"Conversation {fact.conversation} was rated {fact.score} of 5"
    return _said_of_customer(fact)


def _message(fact: MessageFact) -> str:
    who = (
        "An internal note" if fact.private else "A colleague's answer" if fact.by_us else "A customer's message"
    )
    return f"{who} of {plural(len((fact.text or fact.html).split()), 'word')}"


def _said_of_customer(fact: Fact) -> tuple[str, str]:
    match fact:
        case ContactFact():
            return "accounts", f"Contact {fact.external_id}"
        case AccountFact():
            return "accounts", f"Account {fact.external_id}"
        case RecordFact():
            return "record", f"{fact.kind.capitalize()} {fact.external_id}, {fact.status or 'no status'}"
        case NoteFact():
            return "note", f"A note on the relationship, {fact.external_id}"
        case ContactErasedFact():
            return "dropped", f"Contact {fact.external_id} is to be forgotten"
    return "ask", "Something else"


def _whose(fact: Fact) -> str:
    contact = fact.contact if isinstance(fact, MessageFact | ConversationFact) else fact
    match contact:
        case ContactFact():
            named = [contact.name, contact.email, contact.phone, contact.title]
            return ", ".join(filter(None, [*named, contact.account.name if contact.account else ""]))
        case AccountFact():
            return ", ".join(filter(None, [contact.name, contact.domain, contact.tier]))
        case RecordFact():
            return contact.title
    return ""


def shown(value: Any, *, may_read: bool) -> str:
    """A value, or for who may read no customer's words only what kind of value it is."""
    if may_read:
        return str(value)[:80]
    match value:
        case None:
            return "empty"
        case bool():
            return "yes or no"
        case int() | float():
            return "a number"
        case str():
            return f"a text of {plural(len(value), 'letter')}"
        case list():
            return f"a list of {len(value)}"
    return "an object"


def rule_line(rule: FieldRule) -> Line:
    goes = f"to {rule.kind} {rule.target.removeprefix(OWN)}" if rule.target else "left out"
    told = ", the model may read it" if rule.target and rule.may_reach_model else ""
    return Line(f"{rule.kind} {rule.source}", "change", note=goes + told)


def agents(connection: Connection) -> tuple[AgentLine, ...]:
    here = list(User.objects.filter(is_active=True).order_by("name"))
    return tuple(
        AgentLine(
            one.pk, str(one), ", ".join(filter(None, [f"number {one.external_id}", one.email])),
            (Choice("", "Nobody here"), *(Choice(str(u.pk), u.name, chosen=u.pk == one.user_id) for u in here)),
        )
        for one in connection.agents.order_by("name", "pk")
    )  # fmt: skip


SYNCS = {"poll": "Asking for news", "compare": "Nightly comparison", "backfill": "Past conversations"}
_STATES = {
    "due": ("waiting its turn", "", "dotted"), "working": ("working", "", "half"),
    "done": ("done", "pine", "done"), "stopped": ("stopped", "amber", "stop"),
    "failed": ("failed", "red", "triangle"),
}  # fmt: skip


def sync_word(state: str) -> tuple[str, str, str]:
    return _STATES[state]


def syncs(connection: Connection) -> tuple[SyncLine, ...]:
    """What can be asked of its CRM: the newest task of each kind, or none yet."""
    newest = {one.kind: one for one in connection.syncs.order_by("pk")}
    return tuple(_sync(kind, newest.get(kind)) for kind in sync.kinds_of(connection))


_RUNNING = (Sync.State.DUE, Sync.State.WORKING)


def _sync(kind: str, task: Sync | None) -> SyncLine:
    start = Choice("fetch", "Compare now" if kind == Sync.Kind.COMPARE else "Fetch again" if task else "Start")
    if task is None:
        return SyncLine(kind, SYNCS[kind], "Not started", "", "dotted", verb=start)
    word, tone, glyph = sync_word(task.state)
    runs = task.state in _RUNNING and not (kind == Sync.Kind.COMPARE and task.attempts == 0)
    verb = Choice("stop", "Stop") if runs else start
    if task.state in (Sync.State.STOPPED, Sync.State.FAILED):
        verb = Choice("fetch", "Go on")
    return SyncLine(
        kind, SYNCS[kind], word.capitalize(), tone, glyph, _progress(task), task.reason, verb,
        is_busy=runs and kind == Sync.Kind.BACKFILL,
    )  # fmt: skip


def _progress(task: Sync) -> str:
    so_far = " so far" if task.state in _RUNNING else ""
    there = f", {plural(task.total, 'conversation')} over there" if task.total else ""
    seen = f"{plural(task.seen, 'event')}{so_far}{there}." if task.seen else ""
    report = ", ".join(f"{value} {name}" for name, value in task.report.items() if isinstance(value, int))
    due = f"Next {clock(task.due_at)}." if task.state == Sync.State.DUE else ""
    return " ".join(filter(None, [seen, f"{report}." if report else "", due]))
