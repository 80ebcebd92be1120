"""What came in and what went out, with reasons: metadata only, never what a customer wrote."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.contrib import messages
from django.db.models import Count, Model, Q, QuerySet, Sum
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from copilot import replaying
from copilot.console.cards import Line, plural
from copilot.console.rows import Banner, EventLine, Place
from copilot.console.shell import shell, tabs
from copilot.console.visit import Visit, is_lead_or_admin, page
from copilot.decisions import Actor, Refused
from interactions import inbox
from interactions.access import (
    replayable_deliveries,
    visible_connections,
    visible_deliveries,
    visible_events,
)
from interactions.models import Connection, InboxEvent, OutboxMessage, Refusal

State = OutboxMessage.State
PAGE = 50
IN = {
    "recorded": ("Waiting", "", "dotted"), "retry": ("Tries again", "amber", "clock"),
    "applied": ("Applied", "pine", "done"), "ignored": ("Ignored", "", "dropped"),
    "dead": ("Given up", "red", "triangle"),
}  # fmt: skip
OUT = {
    "waiting": ("Waits for a release", "amber", "lock"), "returned": ("Returned", "", "undo"),
    "pending": ("In its undo time", "", "clock"), "sending": ("Leaving", "", "half"),
    "retry": ("Tries again", "amber", "clock"), "sent": ("Sent", "pine", "done"),
    "unknown": ("Nobody knows", "amber", "ask"), "dead": ("Given up", "red", "triangle"),
    "cancelled": ("Taken back", "", "dropped"),
}  # fmt: skip


@page(allowed=is_lead_or_admin)
def events(visit: Visit) -> HttpResponse:
    rows = visible_events(visit.who).select_related("connection").annotate(has_body=~Q(body=b""))
    found, next_url = _page(visit, rows, "events", "-pk")
    context = _frame(visit, "events", IN) | {
        "lines": [_event(one) for one in found],
        "next_url": next_url,
        "refused": tuple(_refused(_chosen(visit))),
        "given_up": tuple(_given_up(_chosen(visit))),
        "empty_next": "Every delivery of a connected CRM stands here with what became of it.",
    }
    return visit.show("events.html", context)


def _event(event: InboxEvent) -> EventLine:
    state, tone, glyph = IN[event.state]
    dead, reason = event.state == InboxEvent.State.DEAD, event.reason
    has_body: bool = event.has_body  # type: ignore[attr-defined]
    if dead and not has_body:
        reason += " Its body is gone after 30 days, so it cannot be tried again."
    return EventLine(
        id=str(event.pk), type=event.type or "unreadable", state=state, when=event.received_at, tone=tone,
        glyph=glyph, reason=reason, where=event.connection.name, attempts=event.attempts,
        replay=reverse("event-replay", args=[event.pk]) if dead and has_body else "",
    )  # fmt: skip


def _refused(connections: QuerySet[Connection]) -> Iterable[Line]:
    """What was turned away at the door in the last day, by reason."""
    since = timezone.now() - timedelta(days=1)
    refusals = Refusal.objects.filter(connection__in=connections, hour__gte=since)
    counted = refusals.values("connection__name", "reason").annotate(times=Sum("count")).order_by("-times")
    for one in counted[:10]:
        yield Line(one["reason"], "triangle", plural(one["times"], "time"), one["connection__name"])


@page("POST", allowed=is_lead_or_admin)
def replay(visit: Visit, event_id: int) -> HttpResponse:
    event = visible_events(visit.who).filter(pk=event_id).first()
    if event is None:
        raise Http404
    if inbox.replay(event.pk, visit.person):
        messages.success(visit.request, "The event is tried again.")
    return visit.go(reverse("events"))


@page("POST", allowed=is_lead_or_admin)
def replay_dead(visit: Visit, connection_id: UUID) -> HttpResponse:
    connection = visible_connections(visit.who).filter(pk=connection_id).first()
    if connection is None:
        raise Http404
    if replayed := inbox.replay_dead(connection, visit.person):
        messages.success(visit.request, f"{connection.name}: {plural(replayed, 'event')} tried again.")
    return visit.go(reverse("events"))


def _given_up(connections: QuerySet[Connection]) -> Iterable[Banner]:
    """Connections with dead events, to try all of one again once its fault is mended."""
    dead = InboxEvent.objects.filter(state=InboxEvent.State.DEAD).exclude(body=b"")
    dead = dead.filter(connection__in=connections)
    for one in dead.values("connection", "connection__name").annotate(n=Count("pk")).order_by("-n"):
        text = f"{one['connection__name']}: {plural(one['n'], 'event')} given up."
        url = reverse("events-replay", args=[one["connection"]])
        yield Banner(text, action="Try all again", url=url, post=True)


@page(allowed=is_lead_or_admin)
def deliveries(visit: Visit) -> HttpResponse:
    rows = visible_deliveries(visit.who).select_related("connection").prefetch_related("log")
    found, next_url = _page(visit, rows, "deliveries", "-created_at", "-pk")
    dead = [one.pk for one in found if one.state == State.DEAD]
    mine = set(replayable_deliveries(visit.who).filter(pk__in=dead).values_list("pk", flat=True))
    context = _frame(visit, "deliveries", OUT) | {
        "lines": [_delivery(one, is_mine=one.pk in mine) for one in found],
        "next_url": next_url,
        "given_up": tuple(_undelivered(_chosen(visit))),
        "empty": "Nothing has gone out yet",
        "empty_next": "Every reply that a person approved stands here, with every try to deliver it.",
    }
    return visit.show("deliveries.html", context)


def _delivery(row: OutboxMessage, *, is_mine: bool) -> EventLine:
    state, tone, glyph = OUT[row.state]
    tries = tuple(
        Line(
            f"{timezone.localtime(one.at):%H:%M:%S}, {one.result}",
            "clock" if one.result == "retry" else "dotted", str(one.status or ""), f"{one.duration_ms} ms",
        )
        for one in row.log.all()
    )  # fmt: skip
    return EventLine(
        id=str(row.pk), type=row.type, state=state, when=row.created_at, tone=tone, glyph=glyph,
        reason=row.reason, where=row.connection.name if row.connection else "Email", attempts=row.attempts,
        lines=tries, replay=reverse("delivery-replay", args=[row.pk]) if is_mine else "",
    )  # fmt: skip


@page("POST", allowed=is_lead_or_admin)
def redeliver(visit: Visit, delivery_id: UUID) -> HttpResponse:
    rows = replayable_deliveries(visit.who).select_related("connection", "conversation")
    row = rows.filter(pk=delivery_id).first()
    if row is None:
        raise Http404
    try:
        if replaying.replay(row, Actor(visit.person)):
            messages.success(visit.request, "The delivery is sent again.")
    except Refused as refused:
        messages.error(visit.request, str(refused))
    return visit.go(reverse("deliveries"))


@page("POST", allowed=is_lead_or_admin)
def redeliver_dead(visit: Visit, connection_id: UUID) -> HttpResponse:
    connection = visible_connections(visit.who).filter(pk=connection_id).first()
    if connection is None:
        raise Http404
    sent, kept = replaying.replay_dead(connection, Actor(visit.person))
    held = f" {plural(kept, 'reply', 'replies')} kept back: not the answer any more." if kept else ""
    messages.success(
        visit.request, f"{connection.name}: {plural(sent, 'delivery', 'deliveries')} sent again.{held}"
    )
    return visit.go(reverse("deliveries"))


def _undelivered(connections: QuerySet[Connection]) -> Iterable[Banner]:
    """Connections with dead deliveries, to send all of one again once its receiver is mended."""
    dead = OutboxMessage.objects.filter(state=State.DEAD, connection__in=connections)
    for one in dead.values("connection", "connection__name").annotate(n=Count("pk")).order_by("-n"):
        text = f"{one['connection__name']}: {plural(one['n'], 'delivery', 'deliveries')} given up."
        url = reverse("deliveries-replay", args=[one["connection"]])
        yield Banner(text, action="Send all again", url=url, post=True)


def _frame(visit: Visit, name: str, states: dict[str, tuple[str, str, str]]) -> dict[str, object]:
    here, chosen, one = reverse(name), visit.request.GET.get("state", ""), _connection(visit)
    kinds = {"": "All", **{value: words[0] for value, words in states.items()}}
    return {
        "shell": shell(visit, "settings"),
        "section": "settings",
        "tabs": tabs(visit, name),
        "kinds": tuple(
            Place(value or "all", label, f"{here}?state={value}&connection={one}", current=value == chosen)
            for value, label in kinds.items()
        ),
    }


def _page[M: Model](visit: Visit, rows: QuerySet[M], name: str, *order: str) -> tuple[list[M], str]:
    """The newest first; `after` is the last row of the page before."""
    get = visit.request.GET
    state, connection, after = get.get("state", ""), _connection(visit), get.get("after", "")
    if state:
        rows = rows.filter(state=state)
    if connection:
        rows = rows.filter(connection=connection)
    if after:
        rows = _older(rows, after)
    found = list(rows.order_by(*order)[: PAGE + 1])
    if len(found) <= PAGE:
        return found, ""
    return found[:PAGE], f"{reverse(name)}?state={state}&connection={connection}&after={found[PAGE - 1].pk}"


def _connection(visit: Visit) -> str:
    """The one that was asked for, where any was."""
    told = visit.request.GET.get("connection", "")
    return told if _is_uuid(told) else ""


def _chosen(visit: Visit) -> QuerySet[Connection]:
    seen, one = visible_connections(visit.who), _connection(visit)
    return seen.filter(pk=one) if one else seen


def _older[M: Model](rows: QuerySet[M], after: str) -> QuerySet[M]:
    if after.isdecimal():
        return rows.filter(pk__lt=int(after))
    last = OutboxMessage.objects.filter(pk=after).first() if _is_uuid(after) else None
    return rows.filter(created_at__lt=last.created_at) if last else rows


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
