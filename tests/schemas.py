"""What was published of events is a promise: version 1 stands frozen in tests/fixtures/schemas/v1.

`python -m tests.schemas` writes down what was added since. It refuses what breaks the promise: that needs a new
version of the event, beside the old one.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from interactions.crm.events import EVENTS, schema

ROOT = Path(__file__).resolve().parent
FROZEN = ROOT / "fixtures" / "schemas" / "v1"
PAGE = ROOT.parent / "docs" / "events.md"
ACCEPT = "Nothing breaks. Accept what was added with `python -m tests.schemas`, and say so in docs/events.md."

type Schema = Mapping[str, Any]

# Limits that may only grow, and limits that may only shrink.
UPPER = ("maxLength", "maxItems", "maxProperties", "maximum", "exclusiveMaximum")
LOWER = ("minLength", "minItems", "minProperties", "minimum", "exclusiveMinimum")


def inbound() -> dict[str, Any]:
    """What a CRM may send us, by file name."""
    return {f"inbound/{type}.json": schema(type) for type in EVENTS}


def outbound() -> dict[str, Any]:
    """What we send, as the examples of the page show it: each property that they have, and its type."""
    page = PAGE.read_text().partition("## Receiving events from Rapport")[2]
    told = [json.loads(one) for one in re.findall(r"```json\n(.*?)```", page, re.DOTALL)]
    return {f"outbound/{one['type']}.json": shape(one) for one in told}


def shape(value: Any) -> dict[str, Any]:
    match value:
        case dict():
            fields = {name: shape(one) for name, one in value.items()}
            return {"type": "object", "properties": fields, "required": sorted(fields)}
        case list():
            return {"type": "array", "items": shape(value[0])} if value else {"type": "array"}
        case bool():
            return {"type": "boolean"}
        case int() | float():
            return {"type": "number"}
        case None:
            return {"type": "null"}
    return {"type": "string"}


def narrowed(old: Schema, new: Schema) -> list[str]:
    """Why something that the old schema allows, and reads, may be refused or passed over by the new one."""
    return list(_narrowed(_plain(old, old), _plain(new, new), "$"))


def lost(old: Schema, new: Schema, at: str = "$") -> list[str]:
    """What a receiver that was written by the old shape misses in the new one."""
    if old.get("type") != new.get("type"):
        return [f"{at} is {new.get('type')} and was {old.get('type')}"]
    fields = new.get("properties", {})
    missing = [f"{at}.{name} is gone" for name in old.get("properties", {}) if name not in fields]
    for name in set(old.get("properties", {})) & set(fields):
        missing += lost(old["properties"][name], fields[name], f"{at}.{name}")
    return missing + (lost(old["items"], new["items"], f"{at}[]") if "items" in old and "items" in new else [])


def _plain(part: Any, whole: Schema) -> Any:
    """Without references, so that two schemas can be laid side by side."""
    if isinstance(part, list):
        return [_plain(one, whole) for one in part]
    if not isinstance(part, Mapping):
        return part
    if "$ref" in part:
        return _plain(whole["$defs"][part["$ref"].rpartition("/")[2]], whole)
    return {name: _plain(one, whole) for name, one in part.items() if name != "$defs"}


def _narrowed(old: Schema, new: Schema, at: str) -> Iterator[str]:
    if "anyOf" in old or "anyOf" in new:
        yield from _fewer_choices(old, new, at)
        return
    if old.get("type") != new.get("type") and "type" in new:
        yield f"{at} must be {new['type']} and could be {old.get('type', 'anything')}"
        return
    yield from _tighter(old, new, at)
    for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
        yield f"{at}.{name} is required now"
    fields = new.get("properties", {})
    for name, field in old.get("properties", {}).items():
        if name in fields:
            yield from _narrowed(field, fields[name], f"{at}.{name}")
        else:
            yield f"{at}.{name} is not read any more"
    for inner in ("items", "additionalProperties"):
        if isinstance(new.get(inner), Mapping):
            before = old.get(inner)
            yield from _narrowed(before if isinstance(before, Mapping) else {}, new[inner], f"{at}[]")


def _fewer_choices(old: Schema, new: Schema, at: str) -> Iterator[str]:
    choices = new.get("anyOf", [new])
    for choice in old.get("anyOf", [old]):
        if all(list(_narrowed(choice, one, at)) for one in choices):
            yield f"{at} could be {choice.get('type', choice)} in a way that it cannot be any more"


def _tighter(old: Schema, new: Schema, at: str) -> Iterator[str]:
    for limit in UPPER:
        if limit in new and new[limit] < old.get(limit, float("inf")):
            yield f"{at} has a {limit} of {new[limit]}"
    for limit in LOWER:
        if limit in new and new[limit] > old.get(limit, float("-inf")):
            yield f"{at} has a {limit} of {new[limit]}"
    yield from _new_rules(old, new, at)


def _new_rules(old: Schema, new: Schema, at: str) -> Iterator[str]:
    for rule in ("format", "pattern", "const"):
        if rule in new and new[rule] != old.get(rule):
            yield f"{at} has the {rule} {new[rule]}"
    gone = set(map(str, old.get("enum", []))) - set(map(str, new.get("enum", old.get("enum", []))))
    if gone or ("enum" in new and "enum" not in old):
        yield f"{at} must be one of {new.get('enum')}"
    if new.get("additionalProperties") is False and old.get("additionalProperties") is not False:
        yield f"{at} allows no other properties"


def broken() -> list[str]:
    """Every promise that is not kept, with the file it stands in."""
    found = []
    for told, breaks in ((inbound(), narrowed), (outbound(), lost)):
        kind = next(iter(told)).partition("/")[0]
        for file in sorted((FROZEN / kind).glob("*.json")):
            name = f"{kind}/{file.name}"
            old = json.loads(file.read_text())
            found += (
                [f"{name}: {why}" for why in breaks(old, told[name])] if name in told else [f"{name} is gone"]
            )
    return found


def written(schema: Schema) -> str:
    return json.dumps(schema, indent=1, sort_keys=True) + "\n"


def unaccepted() -> list[str]:
    frozen = {str(file.relative_to(FROZEN)): file.read_text() for file in FROZEN.rglob("*.json")}
    return [name for name, told in {**inbound(), **outbound()}.items() if frozen.get(name) != written(told)]


if __name__ == "__main__":
    if breaks := broken():
        raise SystemExit("This breaks what was published; give the event a new version.\n" + "\n".join(breaks))
    for name, told in {**inbound(), **outbound()}.items():
        (FROZEN / name).parent.mkdir(parents=True, exist_ok=True)
        (FROZEN / name).write_text(written(told))
