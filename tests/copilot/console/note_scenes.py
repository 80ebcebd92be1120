"""The invented pages of a relationship: notes that wait for a yes, the brief, the strategy room."""

from copilot.console.brief import Line, Part
from copilot.console.fill_attention import Needy, Reason
from copilot.console.notes import Known, Said, Waiting
from copilot.console.quieter import LESS, NOW
from customers.models import Account, Contact, Note
from tests.copilot.console.drafts import Scene, past
from tests.copilot.console.scenes import shell
from tests.copilot.console.strategy_scenes import STRATEGIES

HALDEN, SORANO = Account(pk=1, name="Halden Freight"), Account(pk=2, name="Sorano Clinics")
DANA = Contact(pk=1, name="Dana Ruiz", account=HALDEN)
PROMPT = "I need the actual date for the board paper, not “30 days”."


NEEDY = (
    Needy("Halden Freight", "/accounts/1/", (
        Reason("A promise by Mara was due Fri 20 Nov: “I'll send the invoice.”", "/", True),
        Reason("Dana has waited 3 h 12: Renewal and seats", "/inbox/1/"),
    )),
    Needy("Sorano Clinics", "/accounts/2/", (Reason("3 notes to review", "/notes/"),)),
)  # fmt: skip


def _note(pk: int, kind: str, text: str, account: Account = HALDEN, **more: object) -> Note:
    return Note(pk=pk, kind=kind, text=text, account=account, created_at=past(minutes=90), **more)


def notes() -> Scene:
    here = _note(
        1,
        "preference",
        "Dana wants dates, not numbers of days.",
        contact=DANA,
        by_copilot=True,
        confidence="said plainly",
    )
    said = (Said(PROMPT, "Dana Ruiz", past(minutes=90), "/inbox/1/#message-1"),)
    known = (
        Known(_note(2, "preference", "Dana wants calls, not mails.", quote="Just call me."), clashes=True),
    )
    decided = (_note(3, "risk", "Expects a penalty.", state="rejected", decided_at=past(minutes=4)),)
    return "notes.html", {
        "shell": shell("notes"), "section": "notes", "summary": "3 notes to review",
        "waiting": Waiting(here, said, known), "decided": decided,
        "others": (_note(4, "milestone", "Single sign-on moves.", SORANO), _note(5, "risk", "Two outages.")),
    }  # fmt: skip


def quieter() -> Scene:
    """The page behind the last link of a morning's mail."""
    return "quieter.html", {"here": "/me/mail/token/", "now": NOW["all"], "less": LESS["all"]}


def brief() -> Scene:
    goal = Line("Gothenburg live by April. Do: offer the training", "Goal by Priya Nair", "/accounts/1/")
    late = Line("I'll send the invoice, was due Fri 20 Nov", "Mara Lind, 3 days ago", "/accounts/1/", True)
    asks = Line("Renewal and seats: When does our contract end?", "Dana Ruiz, has waited 3 h 12", "/inbox/1/")
    note = Line("Dana wants dates, not numbers of days.", "Preference, 4 days ago", "/accounts/1/")
    parts = (
        Part("What matters now", (goal,)), Part("What we promised", (late,)), Part("What is open", (asks,)),
        Part("What to know", (note,)),
        Part("What was said last", (Line(f"“{PROMPT}”", "Dana Ruiz", "/inbox/1/"),)),
    )  # fmt: skip
    return "brief.html", {
        "shell": shell("accounts"), "section": "accounts", "account": HALDEN, "people": (DANA,),
        "about": HALDEN.about, "now": past(minutes=0), "parts": parts,
    }  # fmt: skip


NOTES = {"notes": notes, "quieter": quieter, "brief": brief, **STRATEGIES}
