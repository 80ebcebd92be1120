"""Where a CRM's own fields go here, with what the rules make of the last event."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, QueryDict
from django.urls import reverse

from copilot.console.cards import Choice, Pair
from copilot.console.connection_rows import RuleLine
from copilot.console.fill_connection import shown
from copilot.console.shell import shell, tabs
from copilot.console.visit import Visit, is_admin, page
from interactions import connecting
from interactions.access import visible_connections
from interactions.mapping import OWN, TARGETS, fields_of
from interactions.models import Connection, FieldRule

MOST_RULES = 200
AS_IT_IS, LEFT_OUT = "", "-"


@page("GET", "HEAD", "POST", allowed=is_admin)
def field_rules(visit: Visit, connection_id: Any) -> HttpResponse:
    connection = visible_connections(visit.who).filter(pk=connection_id, revoked_at=None).first()
    if connection is None:
        raise Http404
    if visit.request.method != "POST":
        return _show(visit, connection)
    rules = list(_told(connection, visit.request.POST))
    if problem := _wrong(rules):
        return _show(visit, connection, problem, 422)
    connecting.set_rules(connection, visit.person, rules)
    messages.success(visit.request, f"{connection.name}: the fields go where you said, from the next event on.")
    return visit.go(reverse("connection-fields", args=[connection.pk]))


def _show(visit: Visit, connection: Connection, problem: str = "", status: int = 200) -> HttpResponse:
    seen, rules = connecting.fields_seen(connection), list(connection.field_rules.all())
    may_read = visit.who.reads_all
    context = {
        "shell": shell(visit, "settings"),
        "section": "settings",
        "tabs": tabs(visit, "settings-connections"),
        "connection": connection,
        "lines": list(_lines(seen, rules, may_read=may_read)),
        "kinds": [Choice(value, label) for value, label in FieldRule.Kind.choices],
        "blank": _targets(""),
        "preview": _preview(connection, rules, may_read=may_read),
        "may_read": may_read,
        "problem": problem,
    }
    return visit.show("connection_fields.html", context, status)


def _lines(seen: dict[tuple[str, str], Any], rules: list[FieldRule], *, may_read: bool) -> Iterable[RuleLine]:
    known = {(rule.kind, rule.source): rule for rule in rules}
    for kind, source in sorted({*seen, *known}):
        rule = known.get((kind, source))
        value = shown(seen[kind, source], may_read=may_read) if (kind, source) in seen else "not seen lately"
        own = rule.target.removeprefix(OWN) if rule and rule.target.startswith(OWN) else ""
        yield RuleLine(
            kind, source, value, _targets(kind, _chosen(rule)), "" if own == source else own,
            rule.may_reach_model if rule else kind == FieldRule.Kind.RECORD,
        )  # fmt: skip


def _chosen(rule: FieldRule | None) -> str:
    if rule is None or rule.target == OWN + rule.source:
        return AS_IT_IS
    return OWN if rule.target.startswith(OWN) else rule.target or LEFT_OUT


def _targets(kind: str, chosen: str = AS_IT_IS) -> tuple[Choice, ...]:
    """Without a kind those of all kinds; a rule that names another kind's field is refused."""
    kinds = [kind] if kind else list(TARGETS)
    ours = [(name, f"{one.capitalize()}: {name}") for one in kinds for name in TARGETS[one]]
    offered = [(AS_IT_IS, "Under its own name"), *ours, (OWN, "Under another name"), (LEFT_OUT, "Left out")]
    return tuple(Choice(value, label, chosen=value == chosen) for value, label in offered)


def _told(connection: Connection, post: QueryDict) -> Iterable[FieldRule]:
    """A rule where something differs from what happens without one; each field once."""
    known: set[tuple[str, str]] = set()
    for n in range(MOST_RULES):
        kind, source = post.get(f"kind-{n}", ""), post.get(f"source-{n}", "").strip()[:190]
        if kind not in TARGETS or not source or (kind, source) in known:
            continue
        known.add((kind, source))
        target, may = post.get(f"target-{n}", AS_IT_IS), f"model-{n}" in post
        goes_to = _goes_to(target, source, post.get(f"own-{n}", "").strip())
        if goes_to != OWN + source or may != (kind == FieldRule.Kind.RECORD):
            yield FieldRule(
                connection=connection, kind=kind, source=source, target=goes_to,
                may_reach_model=may and bool(goes_to),
            )  # fmt: skip


def _goes_to(target: str, source: str, own: str) -> str:
    match target:
        case "":
            return OWN + source
        case "-":
            return ""
        case "fields.":
            return OWN + (own or source)[:190]
    return target


def _wrong(rules: list[FieldRule]) -> str:
    for rule in rules:
        if rule.target and not rule.target.startswith(OWN) and rule.target not in TARGETS[rule.kind]:
            return f"A {rule.kind} has no field “{rule.target[:40]}”. Nothing was changed."
    taken = [(rule.kind, rule.target) for rule in rules if rule.target]
    if twice := next((one for one in taken if taken.count(one) > 1), None):
        return f"Two fields lead to {twice[0]} {twice[1].removeprefix(OWN)}. Nothing was changed."
    return ""


def _preview(connection: Connection, rules: list[FieldRule], *, may_read: bool) -> list[Pair]:
    """The newest event that carries fields: each field before, once, and where it is after."""
    for event in connecting.last_events(connection):
        carried = fields_of(connecting.facts_of(event, [])[0])
        if before := {(kind, name): value for kind, name, value in carried}:
            return [_moved(rules, *one, value, may_read=may_read) for one, value in before.items()]
    return []


def _moved(rules: list[FieldRule], kind: str, name: str, value: Any, *, may_read: bool) -> Pair:
    rule = next((one for one in rules if (one.kind, one.source) == (kind, name)), None)
    target = rule.target if rule else OWN + name
    may = rule.may_reach_model if rule else kind == FieldRule.Kind.RECORD
    goes = f"{kind} {target.removeprefix(OWN)}" if target else "left out"
    told = "" if not target else ", the model may read it" if may else ", never in a prompt"
    return Pair(f"{kind} {name}: {shown(value, may_read=may_read)}", f"{goes}{told}")
