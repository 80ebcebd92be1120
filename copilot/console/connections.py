"""CRM connections: an admin makes them, turns their secrets over, pauses them and ends them."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from django.db import transaction
from django.db.models import Max
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from copilot.console.cards import Choice, Pair
from copilot.console.rows import ConnectionLine
from copilot.console.shell import shell, tabs
from copilot.console.visit import Visit, is_admin, page
from copilot.templatetags.rapport import ago
from interactions.access import visible_connections
from interactions.crm.signing import new_secret
from interactions.models import Connection
from people.audit import note_deed
from people.models import ApiKey, Scope, Team


@page(allowed=is_admin)
def connections(visit: Visit) -> HttpResponse:
    return show_connections(visit)


def show_connections(
    visit: Visit, *, once: list[Pair] | None = None, problem: str = "", status: int = 200
) -> HttpResponse:  # fmt: skip
    """`once` holds what is shown on this page and never again."""
    rows = visible_connections(visit.who).select_related("team").annotate(heard=Max("events__received_at"))
    context = {
        "shell": shell(visit, "settings"),
        "section": "settings",
        "tabs": tabs(visit, "settings-connections"),
        "connections": [_line(visit, one) for one in rows.order_by("created_at")],
        "teams": Team.objects.all(),
        "once": once or [],
        "problem": problem,
        "typed": visit.request.POST if problem else {},
    }
    return visit.show("settings_connections.html", context, status)


def _line(visit: Visit, connection: Connection) -> ConnectionLine:
    state, tone, note = _state(connection)
    return ConnectionLine(
        id=str(connection.pk),
        name=connection.name,
        kind=connection.kind,
        team=connection.team.name,
        state=state,
        tone=tone,
        note=note,
        deliver_to=connection.deliver_to,
        verbs=_verbs(connection),
        facts=(
            Pair("Address", address_of(visit, connection)),
            Pair("Replies go to", connection.deliver_to or "email, as no address is set"),
            Pair("Last heard", ago(connection.heard) or "never"),  # type: ignore[attr-defined]
            Pair("Secrets", "two valid, the older one ends" if len(connection.secrets) > 1 else "one"),
        ),
    )


def _state(connection: Connection) -> tuple[str, str, str]:
    if connection.revoked_at:
        return "Revoked", "red", f"since {ago(connection.revoked_at)}"
    if connection.paused_at:
        return "Paused", "amber", "What comes in is kept and waits"
    if connection.disabled_reason:
        return "Not taking replies", "amber", connection.disabled_reason
    return "Listening", "pine", ""


def _verbs(connection: Connection) -> tuple[Choice, ...]:
    if connection.revoked_at:
        return ()
    rests = connection.paused_at or connection.disabled_reason
    listening = Choice("resume", "Listen again") if rests else Choice("pause", "Pause")
    return listening, Choice("rotate", "Make a new secret"), Choice("revoke", "Revoke for good")


def address_of(visit: Visit, connection: Connection) -> str:
    return visit.request.build_absolute_uri(reverse("webhook", args=[connection.pk]))


@page("POST", allowed=is_admin)
def new(visit: Visit) -> HttpResponse:
    """A generic connection. Its secret and its key are shown on this one page."""
    name, team, target, problem = _read(visit)
    if problem or team is None:
        return show_connections(visit, problem=problem, status=422)
    with transaction.atomic():
        secret = new_secret()
        key, text = ApiKey.make(name, [Scope.READ, Scope.WRITE])
        connection = Connection(name=name, team=team, deliver_to=target, api_key=key)
        connection.set_secrets([secret])
        connection.save()
        note_deed(visit.person, "made connection", connection)
    once = [
        Pair("Address", address_of(visit, connection)), Pair("Secret", secret), Pair("API key", text),
    ]  # fmt: skip
    return show_connections(visit, once=once)


def _read(visit: Visit) -> tuple[str, Team | None, str, str]:
    post = visit.request.POST
    name, target = post.get("name", "").strip()[:80], post.get("deliver_to", "").strip()
    told = post.get("team", "")
    team = Team.objects.filter(pk=told).first() if told.isdigit() else None
    if not name or team is None:
        return name, team, target, "A connection needs a name and a team. None was made."
    return name, team, target, wrong_target(target)


def wrong_target(target: str) -> str:
    """Addresses inside our own network are refused again at every delivery."""
    if not target:
        return ""
    try:
        URLValidator(schemes=["https", "http"])(target)
    except ValidationError:
        return f"“{target[:80]}” is not a web address. Nothing was kept."
    return ""


@page("POST", allowed=is_admin)
def change(visit: Visit, connection_id: Any, verb: str) -> HttpResponse:
    connection = visible_connections(visit.who).filter(pk=connection_id, revoked_at=None).first()
    if connection is None or verb not in _VERBS:
        raise Http404
    with transaction.atomic():
        note_deed(visit.person, f"{verb} connection", connection)
        answer = _VERBS[verb](visit, connection)
    if answer is not None:
        return answer
    messages.success(visit.request, f"{connection.name}: {_SAID[verb]}")
    return visit.go(reverse("settings-connections"))


def _rotate(visit: Visit, connection: Connection) -> HttpResponse:
    """Both the new and the last secret are valid until the next turn."""
    secret = new_secret()
    connection.set_secrets([secret, *connection.secrets])
    connection.save(update_fields=["sealed_secrets"])
    return show_connections(visit, once=[Pair(f"New secret of {connection.name}", secret)])


def _pause(visit: Visit, connection: Connection) -> None:
    connection.paused_at = timezone.now()
    connection.save(update_fields=["paused_at"])


def _resume(visit: Visit, connection: Connection) -> None:
    """The sweep rings for what has waited."""
    connection.paused_at = None
    connection.disabled_reason = ""
    connection.save(update_fields=["paused_at", "disabled_reason"])


def _revoke(visit: Visit, connection: Connection) -> None:
    connection.revoked_at = timezone.now()
    connection.save(update_fields=["revoked_at"])
    if connection.api_key:
        connection.api_key.revoked_at = timezone.now()
        connection.api_key.save(update_fields=["revoked_at"])


def _target(visit: Visit, connection: Connection) -> HttpResponse | None:
    target = visit.request.POST.get("deliver_to", "").strip()
    if problem := wrong_target(target):
        return show_connections(visit, problem=problem, status=422)
    connection.deliver_to = target
    connection.disabled_reason = ""
    connection.save(update_fields=["deliver_to", "disabled_reason"])
    return None


_VERBS: dict[str, Any] = {
    "rotate": _rotate, "pause": _pause, "resume": _resume, "revoke": _revoke, "target": _target,
}  # fmt: skip
_SAID = {
    "pause": "paused. What comes in is kept and waits.",
    "resume": "listening again.",
    "revoke": "revoked. It is told 410 from now on.",
    "target": "replies go to the new address.",
}
