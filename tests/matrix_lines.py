"""The lines of the matrix: how one is written, and those of the open routes and of signing in."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Line:
    method: str
    name: str
    statuses: str
    sent: dict[str, Any] = field(default_factory=dict)


def get(name: str, statuses: str, /, **sent: Any) -> Line:
    return Line("GET", name, statuses, sent)


def patch(name: str, statuses: str, /, **sent: Any) -> Line:
    return Line("PATCH", name, statuses, sent)


def post(name: str, statuses: str, /, **sent: Any) -> Line:
    return Line("POST", name, statuses, sent)


OPEN = [
    #                                none Ines Luk Kar Petr Ada Rut crm
    get("health-live",               "200 200 200 200 200 200 200 200"),
    get("health-ready",              "503 503 503 503 503 503 503 503"),
    get("metrics",                   "200 200 200 200 200 200 200 200"),
    post("webhook",                  "401 401 401 401 401 401 401 401"),
    get("api-schema",                "200 200 200 200 200 200 200 200"),
    get("api-event-schema",          "200 200 200 200 200 200 200 200"),
    get("api-docs",                  "200 200 200 200 200 200 200 200"),
    get("api-nowhere",               "401 404 404 404 404 404 404 404"),
]  # fmt: skip

SIGNING_IN = [
    #                                none Ines Luk Kar Petr Ada Rut crm
    get("account_login",             "200 302 302 302 302 302 302 200"),
    get("account_logout",            "302 200 200 200 200 200 200 302"),
    get("account_inactive",          "200 200 200 200 200 200 200 200"),
    get("account_signup",            "200 302 302 302 302 302 302 200"),
    get("account_reauthenticate",    "302 200 200 200 200 200 200 302"),
    get("account_change_password",   "302 200 200 200 200 200 200 302"),
    get("account_set_password",      "302 302 302 302 302 302 302 302"),
    get("account_reset_password",    "200 200 200 200 200 200 200 200"),
    get("account_confirm_login_code", "302 302 302 302 302 302 302 302"),
    get("account_reset_password_from_key", "200 200 200 200 200 200 200 200"),
    get("account_reset_password_from_key_done","200  200  200  200  200  200  200  200"),
    get("account_reset_password_done", "200 200 200 200 200 200 200 200"),
    get("quieter",                   "200 200 200 200 200 200 200 200"),
    post("quieter",                  "200 200 200 200 200 200 200 200"),
    get("first-admin",               "404 404 404 404 404 404 404 404"),
    post("first-admin",              "404 404 404 404 404 404 404 404"),
]  # fmt: skip
