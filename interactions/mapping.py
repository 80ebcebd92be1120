"""Where the CRM's own fields go here, as an admin has ruled, and which of them the model may read.

A field without a rule keeps its name among the own fields. A rule for the same target weighs more than
habit: the model reads it only where every rule that leads there says so.
"""

from collections.abc import Iterable, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, replace
from typing import Any

from customers.facts import AccountFact, ContactFact, RecordFact
from interactions.crm.base import ConversationFact, Fact, MessageFact
from interactions.models import FieldRule

OWN = "fields."
# Fields of ours that a rule may fill, with their length. Names and addresses are how people are
# recognised, so they stay as the connector reads them.
TARGETS: dict[str, dict[str, int]] = {
    "contact": {"title": 120, "phone": 40, "language": 8},
    "account": {"tier": 40, "domain": 200},
    "record": {"title": 200, "status": 60},
}
_ABSENT = object()


@dataclass(frozen=True, slots=True)
class Reach:
    """What rules say of each target: `ticks` by kind and target, True where all of them agree."""

    ticks: Mapping[tuple[str, str], bool]

    def may(self, kind: str, target: str, *, otherwise: bool) -> bool:
        return self.ticks.get((kind, target), otherwise)


def reach(rules: Iterable[FieldRule]) -> Reach:
    ticks: dict[tuple[str, str], bool] = {}
    for rule in rules:
        place = (rule.kind, rule.target)
        ticks[place] = ticks.get(place, True) and rule.may_reach_model
    return Reach(ticks)


def mapped(rules: Sequence[FieldRule], facts: Sequence[Fact]) -> Sequence[Fact]:
    return [_mapped(rules, fact) for fact in facts] if rules else facts


def _mapped(rules: Sequence[FieldRule], fact: Fact) -> Fact:
    match fact:
        case ContactFact():
            return _contact(rules, fact)
        case AccountFact():
            return _moved(rules, "account", fact)
        case RecordFact():
            return _moved(rules, "record", fact)
        case MessageFact() | ConversationFact() if fact.contact:
            return replace(fact, contact=_contact(rules, fact.contact))
    return fact


def _contact(rules: Sequence[FieldRule], fact: ContactFact) -> ContactFact:
    account = _moved(rules, "account", fact.account) if fact.account else None
    return replace(_moved(rules, "contact", fact), account=account)


def _moved[F: (AccountFact, ContactFact, RecordFact)](rules: Sequence[FieldRule], kind: str, fact: F) -> F:
    """All is taken out before anything is put in, so that two fields may change places."""
    if not fact.fields:
        return fact
    fields: dict[str, Any] = deepcopy(dict(fact.fields))
    told: dict[str, Any] = {}
    ours = [rule for rule in rules if rule.kind == kind]
    for rule, value in [(rule, _take(fields, rule.source)) for rule in ours]:
        if value is _ABSENT:
            continue
        if rule.target.startswith(OWN):
            fields[rule.target.removeprefix(OWN)] = value
        elif rule.target in TARGETS[kind] and (text := _text(value)):
            told[rule.target] = text[: TARGETS[kind][rule.target]]
    return replace(fact, fields=fields, **told)


def _take(fields: dict[str, Any], source: str) -> Any:
    """The field's value, taken out; its name may have dots, and dots also step into objects."""
    if source in fields:
        return fields.pop(source)
    *steps, last = source.split(".")
    held: Any = fields
    for step in steps:
        held = held.get(step) if isinstance(held, dict) else None
    return held.pop(last, _ABSENT) if isinstance(held, dict) else _ABSENT


def _text(value: Any) -> str:
    """A plain value as text; lists and objects fit no field of ours."""
    return str(value).strip() if isinstance(value, str | int | float) else ""


def fields_of(facts: Iterable[Fact]) -> Iterable[tuple[str, str, Any]]:
    """The kind, name and value of each own field that facts carry; objects are opened one step."""
    for kind, fields in _carried(facts):
        for name, value in fields.items():
            if isinstance(value, dict) and value:
                yield from ((kind, f"{name}.{inner}", one) for inner, one in value.items())
            else:
                yield kind, name, value


def _carried(facts: Iterable[Fact]) -> Iterable[tuple[str, Mapping[str, Any]]]:
    for fact in facts:
        match fact:
            case MessageFact() | ConversationFact():
                yield from _carried([fact.contact] if fact.contact else [])
            case ContactFact():
                yield "contact", fact.fields or {}
                yield from _carried([fact.account] if fact.account else [])
            case AccountFact():
                yield "account", fact.fields or {}
            case RecordFact():
                yield "record", fact.fields
