"""The API in writing: the OpenAPI document, a page to read, and the schemas of the generic CRM's events."""

from functools import cache
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.api.door import Door
from copilot.api.keys import KeyAuthentication
from copilot.api.problems import KINDS, MEDIA_TYPE
from interactions.crm.events import EVENTS, schema

METHODS = ("get", "post")
PROBLEM = {
    "type": "object",
    "description": "A problem detail (RFC 9457).",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "description": "about:blank, or the address of its explanation."},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "What happened and what to do next, in a sentence."},
    },
    "additionalProperties": True,
}


class BearerKey(OpenApiAuthenticationExtension):
    """How the OpenAPI document names a key."""

    target_class = KeyAuthentication
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer", "description": "A key: `rap_…`"}


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document: the same for everyone, so it is made once."""
    made: dict[str, Any] = SchemaGenerator().get_schema(request=None, public=True)
    made.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    problem = {"schema": {"$ref": "#/components/schemas/Problem"}}
    for operation in _operations(made):
        operation["responses"]["default"] = {"description": "A problem.", "content": {MEDIA_TYPE: problem}}
    return made


def _operations(made: dict[str, Any]) -> list[dict[str, Any]]:
    return [item[method] for item in made["paths"].values() for method in METHODS if method in item]


class OpenApi(Door):
    permission_classes = (AllowAny,)
    schema = None

    def get(self, request: Request) -> Response:
        return Response(document(), content_type="application/vnd.oai.openapi+json;version=3.1")


class EventSchema(Door):
    permission_classes = (AllowAny,)
    schema = None

    def get(self, request: Request, event_type: str) -> Response:
        """JSON Schema (2020-12) of an event that the generic CRM may send."""
        if event_type not in EVENTS:
            raise Http404
        return Response(schema(event_type), content_type="application/schema+json")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    made = document()
    groups: dict[str, list[dict[str, Any]]] = {}
    for path, item in made["paths"].items():
        for method in METHODS:
            if method in item:
                told = _told(made, path, method, item[method])
                groups.setdefault(item[method]["tags"][0], []).append(told)
    problems = {kind: _marked(about) for kind, about in KINDS.items()}
    told = {"groups": sorted(groups.items()), "problems": problems, "events": sorted(EVENTS)}
    return render(request, "api/docs.html", told)


def _told(made: dict[str, Any], path: str, method: str, operation: dict[str, Any]) -> dict[str, Any]:
    """One operation in the words the page needs."""
    good = next(code for code in operation["responses"] if code.startswith("2"))
    return {
        "id": operation["operationId"],
        "method": method.upper(),
        "path": path,
        "about": _marked(operation.get("description", "")),
        "parameters": [
            {"name": one["name"], "where": one["in"], "about": _marked(one.get("description", "")),
             "kind": _kind(made, one["schema"]), "required": one.get("required", False)}
            for one in operation.get("parameters", ())
        ],
        "body": _fields(made, _content(operation.get("requestBody"))),
        "status": good,
        "answer": _fields(made, _content(operation["responses"][good])),
    }  # fmt: skip


def _marked(words: str) -> SafeString:
    """`Names` between backticks are set as code."""
    parts = words.split("`")
    return format_html_join(
        "", "{}", ((format_html("<code>{}</code>", part) if at % 2 else part,) for at, part in enumerate(parts))
    )


def _content(holder: dict[str, Any] | None) -> dict[str, Any]:
    found = (holder or {}).get("content", {}).get("application/json", {})
    return dict(found.get("schema", {}))


def _fields(made: dict[str, Any], shape: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of an object; of a page, those of its rows."""
    shape = _resolved(made, shape)
    rows = shape.get("properties", {}).get("results")
    if rows:
        shape = _resolved(made, rows["items"])
    required = shape.get("required", ())
    return [
        {
            "name": name,
            "kind": _kind(made, one),
            "about": _marked(one.get("description", "")),
            "required": name in required,
        }
        for name, one in shape.get("properties", {}).items()
    ]


def _resolved(made: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in shape:
        return shape
    return dict(made["components"]["schemas"][shape["$ref"].rpartition("/")[2]])


def _kind(made: dict[str, Any], shape: dict[str, Any]) -> str:
    """A type in a few words: `integer`, `one of open, kept`, `list of string`."""
    for many in ("allOf", "oneOf", "anyOf"):
        if many in shape:
            return " or ".join(dict.fromkeys(_kind(made, one) for one in shape[many]))
    shape = _resolved(made, shape)
    if "enum" in shape:
        return "one of " + ", ".join(str(one) for one in shape["enum"] if one not in (None, ""))
    if shape.get("type") == "array":
        return f"list of {_kind(made, shape.get('items', {}))}"
    kinds = shape.get("type", "any")
    words = kinds if isinstance(kinds, str) else " or ".join(kinds)
    return words.replace("string", shape["format"]) if "format" in shape else words
