"""The lines of the matrix: how one is written, and those of the open routes, of signing in and of REST."""

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

REST = [
    #                                none Ines Luk Kar Petr Ada Rut crm
    get("api-accounts",              "401 200 200 200 200 200 200 200"),
    get("api-accounts-one",          "401 200 404 200 200 404 200 404"),
    post("api-ask-account",          "401 200 404 200 200 404 200 403", question="When?"),
    post("api-ask-conversation",     "401 200 404 200 200 404 200 403", question="When?"),
    get("api-contacts",              "401 200 200 200 200 200 200 200"),
    get("api-contacts-one",          "401 200 404 200 200 404 200 404"),
    get("api-merges",                "401 200 200 200 200 200 200 200"),
    get("api-merges-one",            "401 200 404 200 200 404 200 404"),
    post("api-merges",               "401 201 400 201 201 400 400 403", contact="{third}", into="{contacts}"),
    post("api-decide-merge",         "401 403 404 200 200 404 403 403", kind="merge"),
    get("api-erasures",              "401 200 200 200 200 200 200 200"),
    get("api-erasures-one",          "401 404 404 404 404 200 200 200"),
    get("api-copy",                  "401 403 403 403 403 403 200 403"),
    post("api-erase",                "401 403 403 403 403 201 201 403"),
    get("api-records",               "401 200 200 200 200 200 200 200"),
    get("api-records-one",           "401 200 404 200 200 404 200 404"),
    get("api-notes",                 "401 200 200 200 200 200 200 200"),
    get("api-notes-one",             "401 200 404 200 200 404 200 404"),
    post("api-accept",               "401 200 404 200 200 404 403 403"),
    post("api-begin-strategy",       "401 403 404 201 201 404 403 403", aim="Renew in March"),
    get("api-strategies",            "401 200 200 200 200 200 200 200"),
    get("api-strategies-one",        "401 200 404 200 200 404 200 404"),
    patch("api-strategies-one",      "401 403 404 200 200 404 403 404", version=1, aim="Renew in May"),
    get("api-rounds",                "401 200 404 200 200 404 200 403"),
    post("api-rounds",               "401 403 404 202 202 404 403 403", version=1),
    post("api-write-strategy",       "401 403 404 200 200 404 403 403", version=1, kind="scenario", text="W"),
    post("api-decide-strategy",      "401 403 404 422 422 404 403 403", version=1, chosen="S1", reasons=[],
         expected="All", revisit_on="2099-01-01"),
    post("api-look-back",            "401 403 404 409 409 404 403 403", actual="It went well"),
    get("api-goals",                 "401 200 200 200 200 200 200 200"),
    get("api-goals-one",             "401 200 404 200 200 404 200 404"),
    post("api-set-goal",             "401 403 404 201 201 404 403 403", text="Renewal in March"),
    post("api-end-goal",             "401 403 404 200 200 404 403 403"),
    post("api-decide-note",          "401 403 404 200 200 404 403 403", kind="reject"),
    post("api-decide-promise",       "401 200 404 200 200 404 403 403", kind="kept"),
    post("api-log-call",             "401 201 404 201 201 404 403 403", kind="call", text="We spoke."),
    post("api-promises",             "401 201 400 201 201 400 403 403", account="{account_id}", text="A call"),
    get("api-promises",              "401 200 200 200 200 200 200 200"),
    get("api-promises-one",          "401 200 404 200 200 404 200 404"),
    get("api-conversations",         "401 200 200 200 200 200 200 200"),
    get("api-conversations-one",     "401 200 404 200 200 404 200 200"),
    post("api-set-topic",            "401 200 404 200 200 404 403 403", topic="{topic_id}"),
    get("api-topics",                "401 200 200 200 200 200 200 200"),
    get("api-topics-one",            "401 200 404 200 200 200 200 404"),
    get("api-costs",                 "401 200 200 200 200 200 200 200"),
    get("api-costs-one",             "401 404 404 404 200 200 200 404"),
    get("api-messages",              "401 200 200 200 200 200 200 200"),
    get("api-messages-one",          "401 200 404 200 200 404 200 200"),
    get("api-drafts",                "401 200 200 200 200 200 200 200"),
    get("api-drafts-one",            "401 200 404 200 200 404 200 200"),
    get("api-decisions",             "401 200 200 200 200 200 200 200"),
    get("api-decisions-one",         "401 200 404 200 200 404 200 404"),
    get("api-signals",               "401 200 200 200 200 200 200 200"),
    get("api-signals-one",           "401 200 404 200 200 404 200 404"),
    get("api-lessons",               "401 200 200 200 200 200 200 200"),
    get("api-lessons-one",           "401 200 404 200 200 200 200 404"),
    get("api-lesson-effect",         "401 200 404 200 200 200 200 404"),
    post("api-move-lesson",          "401 403 404 403 200 200 200 403", kind="retire", version=1),
    get("api-offers",                "401 200 200 200 200 200 200 200"),
    get("api-offers-one",            "401 200 200 200 200 200 200 404"),
    post("api-decide-offer",         "401 403 403 403 200 200 200 403", kind="accept", version=1),
    get("api-rehearsals",            "401 200 200 200 200 200 200 200"),
    get("api-rehearsals-one",        "401 200 404 200 200 200 200 404"),
    post("api-rehearsals",           "401 403 403 403 409 409 409 403", team="{teams}", size=5, seed=1),
    get("api-rehearsal-results",     "401 200 404 200 200 200 200 404"),
    post("api-move-rehearsal",       "401 403 404 403 200 200 200 403", kind="stop"),
    get("api-rehearsed-replies",     "401 200 200 200 200 200 200 200"),
    get("api-rehearsed-replies-one", "401 200 404 200 200 404 200 404"),
    get("api-drafting-requests",     "401 200 200 200 200 200 200 200"),
    get("api-drafting-requests-one", "401 200 404 200 200 200 200 404"),
    post("api-drafting-requests",    "401 409 400 409 409 409 409 403", team="{teams}"),
    post("api-decide-request",       "401 403 404 403 200 200 200 403", kind="approve"),
    get("api-articles",              "401 200 200 200 200 200 200 200"),
    get("api-articles-one",          "401 200 404 200 200 200 200 404"),
    post("api-articles",             "401 403 403 403 400 201 201 403", title="T", body="B"),
    patch("api-articles-one",        "401 403 404 403 200 200 200 404", version=1, body="By air."),
    post("api-offer-article",        "401 403 404 403 201 201 201 403"),
    post("api-offer-saved-reply",    "401 403 404 403 201 201 201 403"),
    get("api-article-versions",      "401 200 404 200 200 200 200 404"),
    get("api-saved-replies",         "401 200 200 200 200 200 200 200"),
    get("api-saved-replies-one",     "401 200 404 200 200 200 200 404"),
    post("api-saved-replies",        "401 403 403 403 201 201 201 403", title="T", text="B", team="{teams}"),
    get("api-proposals",             "401 200 200 200 200 200 200 200"),
    get("api-proposals-one",         "401 200 404 200 200 200 200 404"),
    post("api-decide-proposal",      "401 403 404 403 409 409 409 403", kind="accept"),
    post("api-keep-answer",          "401 422 404 422 422 404 403 403", kind="note"),
    patch("api-saved-replies-one",   "401 403 404 403 200 200 200 404", version=1, text="Hi"),
    get("api-connections",           "401 200 200 200 200 200 200 200"),
    get("api-connections-one",       "401 404 404 404 200 200 200 200"),
    get("api-events",                "401 200 200 200 200 200 200 200"),
    get("api-events-one",            "401 404 404 404 200 200 200 200"),
    get("api-deliveries",            "401 200 200 200 200 200 200 200"),
    get("api-deliveries-one",        "401 200 404 200 200 200 200 200"),
    get("api-people",                "401 200 200 200 200 200 200 200"),
    get("api-people-one",            "401 200 200 200 200 200 200 404"),
    get("api-teaching",              "401 200 200 200 200 200 200 403"),
    post("api-teaching",             "401 200 200 200 200 200 200 403", teaches=False),
    get("api-teams",                 "401 200 200 200 200 200 200 200"),
    get("api-teams-one",             "401 200 404 200 200 200 200 404"),
    post("api-our-words",            "401 200 404 200 200 404 403 403", text="Hello"),
    post("api-reply",                "401 201 404 201 201 404 403 403", text="Hello"),
    post("api-add-file",             "401 415 404 415 415 404 403 403"),
    get("api-file",                  "401 200 404 200 200 404 200 200"),
    post("api-request-draft",        "401 200 404 200 200 404 403 403"),
    post("api-decide",               "401 201 404 201 201 404 403 403", kind="discard", version=1),
    post("api-without-goals",        "401 422 404 422 422 404 403 403", version=1),
    post("api-apply-held",           "401 422 404 422 422 404 403 403", version=1),
    post("api-vary",                 "401 202 404 202 202 404 403 403", version=1, ways=["shorter"]),
    post("api-answer",               "401 422 404 422 422 404 403 403", version=1, answers={}),
    post("api-undo",                 "401 200 404 200 200 404 403 403"),
    post("api-release",              "401 409 404 409 409 404 403 403"),
    post("api-return",               "401 409 404 409 409 404 403 403", reason="No"),
    post("api-settle",               "401 409 404 409 409 403 403 403", arrived=True),
    post("api-replay",               "401 404 404 404 202 202 202 403"),
    post("api-replay-dead",          "401 404 404 404 202 202 202 403"),
    get("api-syncs",                 "401 404 404 404 200 200 200 403"),
    post("api-syncs",                "401 404 404 404 422 422 422 403", kind="backfill"),
    post("api-replay-dead",          "401 404 404 404 202 202 202 403", of="deliveries"),
    post("api-redeliver",            "401 403 404 403 409 409 409 403"),
    patch("api-connections-one",     "401 404 404 404 200 200 200 403", hears_team=True),
]  # fmt: skip
