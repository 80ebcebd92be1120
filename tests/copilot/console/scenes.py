"""The invented inbox and conversation of the gallery."""

# ruff: noqa: E501 (texts read better whole)

from dataclasses import replace
from typing import Any

from copilot.console import cards, compared, rows
from copilot.console.cards import Choice, Person
from tests.copilot.console.drafts import CARDS, DANA, MARA, PRIYA, SAM, TOMAS, past, why


def place(name: str, label: str, icon: str = "", key: str = "", **more: Any) -> rows.Place:
    return rows.Place(name, label, f"/{name}/", icon, key, **more)


VIEWS = tuple(
    rows.Place("inbox", label, f"/inbox/?view={view}", count=count, current=view == "mine")
    for view, label, count in (
        ("mine", "Mine", 12),
        ("team", "Team", 31),
        ("unassigned", "Unassigned", 4),
        ("ready", "Draft ready", 9),
        ("escalated", "Escalated", 2),
        ("snoozed", "Snoozed", 7),
    )
)


def shell(current: str = "inbox") -> rows.Shell:
    return rows.Shell(
        person=MARA,
        role="agent",
        places=(
            place("inbox", "Inbox", "inbox", "i", current=current == "inbox", parts=VIEWS),
            place("accounts", "Accounts", "accounts", "a", current=current == "accounts"),
            place("notes", "Notes", "note", "n", current=current == "notes"),
            place("search", "Search", "text-search", current=current == "search", single="/"),
            place("articles", "Articles", "articles", "t", current=current == "articles"),
            place("learning", "Learning", "learning", "l", current=current == "learning"),
            place("copilot", "Copilot", "pencil", "c", current=current == "copilot"),
        ),
    )


def row(id: int, name: str, account: str, subject: str, state: str, since: Any, **more: Any) -> rows.Row:
    return rows.Row(
        id=id,
        person=Person(name),
        account=account,
        subject=subject,
        state=state,
        waiting_since=since,
        url=f"/inbox/{id}/",
        **more,
    )


def inbox(selected: bool = True) -> dict[str, Any]:
    lines = (
        row(
            1,
            "Dana Ruiz",
            "Halden Freight",
            "Renewal date, two extra seats and invoice 2291",
            "ready",
            past(minutes=6),
            note="1 to check",
            unread=True,
            selected=selected,
        ),
        row(
            2,
            "Omar Haddad",
            "Bexley Foods",
            "VAT number missing on the credit note",
            "stale",
            past(minutes=9),
            unread=True,
        ),
        row(
            3,
            "Kim Ito",
            "Sorano Clinics",
            "Nobody can sign in since this morning",
            "streaming",
            past(minutes=14),
            unread=True,
        ),
        row(
            4,
            "Lea Brandt",
            "Kessel Werkzeuge",
            "Penalty clause for the March outage",
            "escalated",
            past(minutes=31),
            word="With Jonas",
        ),
        row(5, "Peter Nowak", "Grunwald Print", "Export stops after 10,000 rows", "failed", past(minutes=48)),
        row(6, "Aisha Bello", "Lagoon Studio", "Can we move our start to May?", "ready", past(minutes=72)),
        row(
            7,
            "Marc Dubois",
            "Atelier Nord",
            "Charged twice in October",
            "abstained",
            past(minutes=220),
            over_target=True,
        ),
        row(
            8,
            "Ruth Adeyemi",
            "Parish Trust",
            "Paperwork for the charity rate",
            "ready",
            past(minutes=245),
            over_target=True,
        ),
        row(
            9,
            "Nils Holm",
            "Fjord Rail",
            "API limits on our plan",
            "snoozed",
            past(days=3),
            word="Until tomorrow 9:00",
        ),
        row(10, "Britta Wolff", "Alpen Kurier", "New data processing agreement", "ready", past(days=4)),
    )
    sorts = (
        rows.Place("inbox", "Longest wait", "?sort=wait", current=True),
        rows.Place("inbox", "Newest", "?sort=new"),
    )
    return {
        "list": rows.RowList(title="Mine", count=12, rows=lines, url="/inbox/", views=VIEWS, sorts=sorts),
        "shell": shell(),
    }


def empty() -> dict[str, Any]:
    nothing = rows.RowList(
        title="Mine",
        count=0,
        rows=(),
        url="/inbox/",
        views=VIEWS,
        empty="Nothing waiting",
        empty_next="Next back from snooze: Nils Holm, tomorrow 9:00.",
        empty_url="/inbox/?view=unassigned",
        empty_label="See 4 unassigned",
    )
    return {"list": nothing, "shell": shell()}


QUESTION = (
    "Hi Mara, three things before our budget meeting on Thursday:\n\n1. When do we renew, and what notice for a change of plan?\n"
    "2. Are Priya’s two seats live? New people start on Monday.\n3. Invoice 2291 charges 14 seats for all of November."
    " We had 12 until the 20th. Can you correct it?"
)


def thread(**more: Any) -> rows.Thread:
    letters = (
        rows.Letter(
            id=11,
            by="customer",
            person=DANA,
            at=past(minutes=6),
            line="to Mara Lind, cc Priya Nair",
            text=QUESTION,
            quoted="On 20 Nov Priya Nair wrote:\n> Both seats are added.",
            quoted_label="Priya Nair, 20 Nov, 2 messages",
            files=more.pop("files", ()),
        ),
        rows.Letter(
            id=12,
            by="note",
            person=SAM,
            at=past(minutes=3),
            text="Tomás in billing credits seat changes to the day. Please don’t mention the 2027 price list yet, it goes out in January.",
        ),
    )
    given: dict[str, Any] = {
        "id": 1,
        "subject": "Renewal date, two extra seats and invoice 2291",
        "person": DANA,
        "account": "Halden Freight",
        "account_id": 1,
        "assigned": "Assigned to you",
        "labels": ("billing",),
        "viewers": (SAM,),
        "live_url": "/live/?c=1",
        "earlier": rows.Earlier(
            2,
            "two seats asked for, two seats added",
            "19 to 20 Nov",
            (DANA, PRIYA),
            (replace(letters[1], id=9),),
        ),
        "letters": letters,
        "card": CARDS["ready"](),
        "why": why(),
        **more,
    }
    return rows.Thread(**given)


def diff() -> compared.Diff:
    piece = compared.Piece
    same, added, removed = piece, lambda t: piece(t, "added"), lambda t: piece(t, "removed")
    names = ("Tone", "Wrong fact", "Missing fact", "Policy", "Length", "Other")
    return compared.Diff(
        conversation_id=1,
        n=1,
        person=MARA,
        changed=11,
        total=83,
        percent=13,
        body_percent=14,
        kinds="a fact and tone",
        reason="missing_fact",
        reasons=tuple(Choice(name.lower().replace(" ", "_"), name) for name in names),
        lines=(
            (same("Hi Dana,"),),
            (
                same(
                    "Your contract renews on 14 March 2027, and a change of plan needs 30 days’ notice, so by"
                ),
                added("Friday"),
                same("12 February."),
            ),
            (
                same("Both extra seats have been live since 20 November."),
                removed("You are right"),
                added("I am sorry"),
                same("about invoice 2291."),
            ),
        ),
        drafted=("Hi Dana,",),
        sent=("Hi Dana,",),
    )


def handover() -> cards.Handover:
    return cards.Handover(
        card=CARDS["ready"](),
        receivers=(
            Choice("user:3", "Tomás Vega, Billing", "may credit without limit, free now", TOMAS, True),
            Choice(
                "user:5",
                "Jonas Weber, team lead",
                "in a meeting until 11:30",
                Person("Jonas Weber", colleague=True),
            ),
            Choice("team:2", "Customer success", "4 people"),
        ),
        reasons=(
            Choice("above_limit", "Above my limit", chosen=True),
            Choice("needs_expert", "Needs an expert"),
            Choice("other", "Other"),
        ),
        question="Can we have the corrected invoice out by Friday? The credit is above my limit.",
    )
