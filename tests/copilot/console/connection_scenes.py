"""The invented connection of the gallery, and where its fields go."""

from types import SimpleNamespace
from uuid import UUID

from copilot.console.cards import Choice, Line, Pair
from copilot.console.connection_rows import (
    AgentLine,
    ConnectionLine,
    Reading,
    RuleLine,
    SettingField,
    SyncLine,
)
from tests.copilot.console.drafts import Scene, past
from tests.copilot.console.scenes import place, shell

ZENDESK = SimpleNamespace(
    pk=UUID(int=7), name="Zendesk Halden", kind="zendesk", deliver_to="", revoked_at=None,
    overlap_ends_at=past(hours=-20),
)  # fmt: skip
FRAME = {
    "shell": shell("settings"),
    "section": "settings",
    "tabs": (place("settings-me", "You"), place("settings-connections", "Connections", current=True)),
    "connection": ZENDESK,
}


def connection() -> Scene:
    people = (Choice("", "Nobody here"), Choice("1", "Mara Lindqvist", chosen=True))
    reading = Reading(
        "ticket.comment_added, 4 min ago", "Given up", "red", "triangle", "the CRM answered 401",
        (Line("A customer's message of 14 words in conversation 4711", "conversation"),),
    )  # fmt: skip
    return "connection.html", FRAME | {
        "about": SimpleNamespace(label="Zendesk", makes_secret=False),
        "line": ConnectionLine(
            "Zendesk Halden", "Zendesk", "Support North", "", "Resting", "amber", "clock",
            "5 deliveries failed in a row. The next is tried at 10:52.",
            (Pair("Last event", "4 min ago"), Pair("Given up", "3 events"), Pair("Fetching", "failed")),
        ),
        "address": "https://rapport.example/webhooks/00000000-0000-0000-0000-000000000007",
        "secrets": 2,
        "settings": (
            SettingField("subdomain", "Subdomain", "tern", "The first part of your Zendesk's address."),
            SettingField("api_token", "API token", secret=True, required=False, note="set 3 days ago"),
        ),
        "is_inner": True,
        "takes_address": False,
        "teams": (Choice("1", "Support North", chosen=True),),
        "rules": (Line("contact plan", "change", note="to contact title, the model may read it"),),
        "agents": (
            AgentLine(1, "Mara L.", "number 7, mara@tern.example", people),
            AgentLine(2, "Night", "number 8", people),
        ),
        "syncs": (
            SyncLine("poll", "Asking for news", "Failed", "red", "triangle", "", "the CRM answered 401",
                     Choice("fetch", "Go on")),
            SyncLine("backfill", "Past conversations", "Working", "", "half",
                     "1,200 events so far, 4,000 conversations over there.", "", Choice("stop", "Stop"), True),
        ),
        "rest": Choice("enable", "Deliver to it again", "What has waited leaves again."),
        "last": reading,
        "tested": reading,
        "deeds": (Line("Rotated secret", "dotted", note="Mara Lindqvist, 4 h ago"),),
        "once": (),
        "problem": "The CRM answered 401: it does not accept the credentials. Nothing was changed.",
    }  # fmt: skip


def fields() -> Scene:
    targets = (Choice("", "Under its own name"), Choice("tier", "Account: tier", chosen=True))
    return "connection_fields.html", FRAME | {
        "lines": (
            RuleLine("contact", "plan", "a text of 4 letters", targets, "", True),
            RuleLine("account", "region_of_the_headquarters", "not seen lately", targets, "region"),
        ),
        "kinds": (Choice("contact", "Contact"), Choice("account", "Account")),
        "blank": targets,
        "preview": (Pair("Contact plan", "gold"), Pair("Account tier", "gold")),
        "may_read": False,
        "problem": "",
    }  # fmt: skip
