"""An invented contact who writes from two addresses, for the gallery."""

from types import SimpleNamespace

from copilot.console.merge_rows import Both, Other, Side, SideLine
from tests.copilot.console.drafts import Scene
from tests.copilot.console.scenes import shell

HOME = SimpleNamespace(pk=2, email="dana@ruiz.example", phone="+46 70 555 0101", title="")
WARNING = (
    "They belong to different accounts, Halden Freight and Parish Trust. Once merged, drafts to either know "
    "what both accounts noted about them, and what both were promised."
)


class Named(SimpleNamespace):
    def __str__(self) -> str:
        return str(self.name)


def _both() -> Both:
    left = (
        SideLine("Account", ("Parish Trust",)),
        SideLine("Email", ("dana@ruiz.example",)),
        SideLine("Phone", ("None",)),
        SideLine("Known as", ("p-88 in Tarnway CRM",)),
        SideLine("Conversations", ("Keys for the side door",)),
        SideLine("Notes", ("None",)),
        SideLine("Promises", ("None",)),
    )
    right = (
        SideLine("Account", ("Halden Freight",)),
        SideLine("Email", ("dana.ruiz@halden.example",)),
        SideLine("Phone", ("+46 70 555 0101",)),
        SideLine("Known as", ("p-31 in Tarnway CRM", "1204 in Zendesk")),
        SideLine("Conversations", ("Renewal and seats", "Invoice 2291", "and 9 more")),
        SideLine("Notes", ("Prefers a call before anything about money.",)),
        SideLine("Promises", ("Corrected invoice 2291",)),
    )
    sides = (
        Side(2, "D. Ruiz", "would be shown as Dana Ruiz", left),
        Side(1, "Dana Ruiz", "would be shown for both", right),
    )
    return Both(sides, (WARNING,))


def merge(state: str) -> Scene:
    row = Named(
        pk=1, name="", state=state, contact=Named(name="D. Ruiz"), into=Named(name="Dana Ruiz"), into_id=1
    )
    return "merge.html", {
        "shell": shell("accounts"),
        "merge": row,
        "both": _both(),
        "history": ["Proposed by Mara Lind, 10:38. “Same telephone, and she signs both with Dana”"],
        "may_decide": True,
    }


def contact(proposing: bool = False) -> Scene:
    person = Named(**vars(HOME), name="D. Ruiz")
    return "contact.html", {
        "shell": shell("accounts"),
        "contact": person,
        "both": _both() if proposing else None,
        "other": Named(pk=1, shown="Dana Ruiz") if proposing else None,
        "merges": (
            Other("Dora Ruiz", "dora@ruiz.example", "Declined by Priya Nair, 20 Nov.", "/merges/2/", "Open"),
        ),
        "suggestions": (
            Other(
                "Dana Ruiz",
                "dana.ruiz@halden.example, Halden Freight",
                "Has the same phone number.",
                "/contacts/2/",
            ),
        ),
    }
