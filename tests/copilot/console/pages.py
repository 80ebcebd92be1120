"""The invented pages of the gallery, by name."""

from collections.abc import Callable
from dataclasses import replace

from copilot.console import cards, rows
from copilot.console.cards import Choice, Line, Paragraph, Person, Run
from copilot.console.connection_rows import ConnectionLine
from tests.copilot.console import (
    connection_scenes,
    copilot_scenes,
    enquiry_scenes,
    learning_scenes,
    merge_scenes,
    note_scenes,
    texts_scenes,
)
from tests.copilot.console.drafts import CARDS, DANA, MARA, PRIYA, SAM, TO_DANA, Scene, card, clash, past, why
from tests.copilot.console.scenes import QUESTION, diff, empty, handover, inbox, shell, thread


def account() -> rows.AccountPage:
    entry = rows.Entry
    return rows.AccountPage(
        id=1,
        name="Halden Freight",
        manager=PRIYA,
        about=("road haulage, Halmstad", "customer since March 2024"),
        may_log=True,
        may_set=True,
        facts=(
            rows.Fact("Renews", "14 March 2027", "in 110 days, notice by 12 Feb"),
            rows.Fact("Seats", "14 of 14 in use", "12 until 20 November"),
            rows.Fact("First answer", "41 min median", "was 2 h 10 in summer"),
            rows.Fact("In question", "Invoice 2291", "charged 2 seats too long", True),
            rows.Fact("Last spoke", "Friday, call", "Priya with Dana, 24 min"),
        ),
        goals=(
            rows.GoalLine(
                "Gothenburg live by April 2027", "3 of 5 steps. Next: import 40 vehicles, Henrik, 4 Dec", 3, 5
            ),
            rows.GoalLine(
                "A tour assigned in under 2 minutes", "Now 3 min 20, was 5 min. Measured each Monday.", 2, 3
            ),
        ),
        promises=(
            rows.PromiseLine("Corrected invoice 2291", "Mara to Dana", "Friday", True),
            rows.PromiseLine(
                "Seat forecast for 2027", "Priya to Dana", "Monday 30 Nov", id=1, day="2026-11-30"
            ),
            rows.PromiseLine(
                "I'll send you the new price list.", "Priya", id=2, words="Attached is the new price list."
            ),
        ),
        kinds=tuple(
            rows.Place("account", label, f"?kind={label}", current=label == "All")
            for label in ("All", "Conversations", "Notes", "Records", "Promises")
        ),
        spans=(
            rows.Span(
                "This week",
                (
                    entry(
                        "conversation",
                        "Mara answered Dana",
                        "email, 2 messages",
                        "Today 10:47",
                        "Renewal date, two extra seats and invoice 2291.",
                        "/inbox/1/",
                    ),
                    entry(
                        "record",
                        "Invoice 2291 issued",
                        "CRM",
                        "Mon 23 Nov",
                        "14 seats × 38.00 EUR, 532.00 EUR net",
                    ),
                ),
            ),
            rows.Span(
                "Last week",
                (
                    entry(
                        "call",
                        "Call with Dana Ruiz",
                        "24 min",
                        "Fri 20 Nov",
                        "“Added two dispatcher seats during the call, active at once.” Note by Priya",
                    ),
                    entry(
                        "note",
                        "Note accepted",
                        "Priya",
                        "Wed 18 Nov",
                        "Dana reports to Jo Castellan, finance director, since November.",
                    ),
                ),
            ),
        ),
        notes=(
            rows.NoteLine(
                "Preference",
                "Dana wants dates, not numbers of days.",
                "Dana, 19 Nov",
                ("I need the actual date for the board paper, not ‘30 days’.",),
                True,
            ),
            rows.NoteLine("Fact", "Halden sets its 2027 budget on 26 November.", "Dana, 24 Nov"),
        ),
        people=(
            DANA,
            Person("Jo Castellan", note="Finance director, signs the renewal"),
            Person("Henrik Sand", note="IT, Gothenburg, runs the roll-out"),
        ),
        records=(
            rows.RecordLine("Invoice 2291", "Invoice", "open", "20 Nov"),
            rows.RecordLine("Contract HF-031", "Contract", "active", "14 Mar"),
        ),
        second_by="a lead",
        second_why="contract in dispute",
        second_roles=(replace(rows.SECOND[0], chosen=True), rows.SECOND[1]),
    )


def accounts() -> Scene:
    lines = (
        rows.AccountRow(
            id=1,
            name="Halden Freight",
            about="road haulage, Halmstad",
            manager=PRIYA,
            waiting=1,
            promises=2,
            last_spoke=past(hours=2),
        ),
        rows.AccountRow(
            id=2, name="Parish Trust", about="charity, 3 sites", last_spoke=past(days=40), people_only=True
        ),
    )
    return "accounts.html", {
        "accounts": lines,
        "summary": "2 accounts of your teams.",
        "needy": note_scenes.NEEDY,
        "shell": shell("accounts"),
    }


def search() -> Scene:
    talk = rows.FoundTalk(
        url="/inbox/1/", subject="Renewal and seats", person=DANA, account="Halden Freight", status="Open",
        at=past(hours=2), said_by="Dana Whitfield",
        pieces=(
            rows.Piece("… we need two more "), rows.Piece("seats", marked=True),
            rows.Piece(" before the renewal, if the contract allows it …"),
        ),
    )  # fmt: skip
    subject = rows.FoundTalk(
        url="/inbox/2/", subject="Seats for the depot", person=Person("Omar Haddad"), account="",
        status="Resolved", at=past(days=40),
    )  # fmt: skip
    links = (
        cards.Line("Halden Freight", "accounts", note="road haulage, Halmstad", url="/accounts/1/"),
        cards.Line("Seat order 4471", "record", note="Order, shipped, Halden Freight", url="/accounts/1/"),
    )
    return "search.html", {
        "words": "seats", "summary": "2 conversations, 2 customers and records.", "talks": (talk, subject),
        "links": links, "shell": shell("search"),
    }  # fmt: skip


def tabs(current: str) -> tuple[rows.Place, ...]:
    names = ("You", "Drafting", "People", "Connections", "What came in", "What went out")
    return tuple(rows.Place("settings-me", name, "/settings/me/", current=name == current) for name in names)


def events(template: str) -> Scene:
    lines = (
        rows.EventLine(
            "4182", "message.received", "Applied", past(minutes=6), "pine", where="Tarnway CRM", attempts=1
        ),
        rows.EventLine(
            "4181",
            "message.received",
            "Waiting",
            past(minutes=7),
            "amber",
            "clock",
            "The database was away.",
            "Tarnway CRM",
            3,
            (Line("503 after 2 s", "clock"), Line("503 after 2 s", "clock")),
        ),
        rows.EventLine(
            "4180",
            "contact.changed",
            "Given up",
            past(hours=3),
            "red",
            "triangle",
            "`contact.id` is missing.",
            "Tarnway CRM",
            1,
        ),
    )
    return template, {"lines": lines, "tabs": tabs("What came in"), "section": "settings"}


def team() -> Scene:
    lines = (
        rows.SwitchLine("mode-1", "All of Support", "always"),
        rows.SwitchLine("mode-2", "Chat", "on_request", "Set by Jonas, 3 Nov"),
        rows.SwitchLine("mode-3", "Parish Trust", "off", "Answered by people only"),
    )
    teams = (
        rows.TeamSwitches(
            1,
            "Support",
            (MARA, SAM),
            lines,
            may_change=True,
            pilot=(Choice("1", "Mara Lind", chosen=True), Choice("2", "Sam Okafor")),
            second=rows.SecondYes("500", "lead", (rows.SwitchLine("topic-1", "Topic: Refunds", "lead"),)),
        ),
    )
    return "settings_team.html", {"teams": teams, "tabs": tabs("Drafting"), "section": "settings"}


def people() -> Scene:
    members = (
        rows.MemberLine(MARA, "mara.lind@northlight.eu", ("Agent, Support",), "now"),
        rows.MemberLine(PRIYA, "priya.nair@northlight.eu", ("Account manager, Success",), "2 h ago"),
    )
    return "settings_people.html", {"members": members, "tabs": tabs("People"), "section": "settings"}


def connections() -> Scene:
    facts = (
        cards.Pair("Address", "http://127.0.0.1:8000/webhooks/0199/"),
        cards.Pair("Last event", "6 min ago"),
    )
    lines = (ConnectionLine("Tarnway CRM", "Webhooks of your own", "Support", facts=facts),)
    return "settings_connections.html", {
        "connections": lines,
        "tabs": tabs("Connections"),
        "section": "settings",
    }


def me() -> Scene:
    from django import forms

    class Mine(forms.Form):
        theme = forms.ChoiceField(
            choices=[(t, t.capitalize()) for t in ("system", "light", "dark")], label="Theme"
        )
        undo_seconds = forms.IntegerField(
            min_value=5,
            max_value=30,
            initial=10,
            label="Seconds to undo",
            help_text="How long a reply waits after you approve it.",
            widget=forms.NumberInput(attrs={"class": "input"}),
        )
        single_keys = forms.BooleanField(initial=True, required=False, label="Single-letter keys")

    return "settings_me.html", {"form": Mine(), "tabs": tabs("You"), "section": "settings", "teaches": True}


def with_card(state: str) -> Scene:
    return "conversation.html", {
        **inbox(),
        "thread": thread(card=CARDS[state](), why=why() if state != "none" else None),
    }


def long() -> Scene:
    many = tuple(
        Paragraph((Run(f"Paragraph {i}. " + "The seats and the invoice are as we said on the phone. " * 4),))
        for i in range(14)
    )
    letters = tuple(
        rows.Letter(
            id=i,
            by="customer" if i % 2 else "colleague",
            person=DANA if i % 2 else SAM,
            at=past(days=40 - i),
            text=QUESTION,
            folded=i < 39,
        )
        for i in range(40)
    )
    full = card("ready", paragraphs=many, envelope=TO_DANA, sources=5, words=720)
    case = (
        Line(
            "Dana asked why invoice 2291 counts 14 seats.", "quote", note="“we had 12 seats”", url="#message-1"
        ),
        Line("Sam found two seats that were given back.", "quote", note="“two were returned on 20 November”"),
        Line(
            "The corrected invoice is still to come.", "quote", note="“we send it by Friday”", url="#message-30"
        ),
    )
    return "conversation.html", {
        **inbox(), "thread": thread(letters=letters, earlier=None, card=full, case=case)
    }  # fmt: skip


def plain(template: str) -> Scene:
    return template, {}


STEPS = (
    {"state": "did", "title": "Create your team", "text": "Support North, with Mara, Sam and Jonas."},
    {
        "state": "now",
        "title": "Connect where customers write",
        "text": "Rapport reads new messages and sends what you approve. It changes nothing else.",
        "url": "/settings/connections/",
        "action": "Connect a CRM",
    },
    {
        "state": "",
        "title": "Send yourself a test message",
        "text": "A made-up customer asks a question; you see a draft, its sources and the ten seconds to undo.",
    },
)

PAGES: dict[str, Callable[[], Scene]] = {
    "conversation": lambda: with_card("ready"),
    "inbox": lambda: ("inbox.html", inbox(selected=False)),
    "empty": lambda: ("inbox.html", empty()),
    "start": lambda: ("inbox.html", {**empty(), "start": STEPS}),
    **{f"card-{state}": (lambda state=state: with_card(state)) for state in CARDS},
    "long": long,
    "clash": lambda: ("conversation.html", {**inbox(), "thread": thread(why=clash())}),
    "diff": lambda: (
        "draft.html",
        {
            **inbox(),
            "thread": thread(card=None, diff=diff()),
            "status": rows.Status(
                "Sent to Dana Ruiz. Next: Omar Haddad, 9 min.", action="Open next", url="/inbox/2/", key="J"
            ),
        },
    ),
    "banners": lambda: (
        "conversation.html",
        {
            **inbox(),
            "thread": thread(
                banners=(
                    rows.Banner(
                        "Sam is editing this draft since 10:44.",
                        tone="",
                        person=SAM,
                        action="Take over",
                        url="/inbox/1/",
                    ),
                    rows.Banner(
                        "HubSpot has not answered for 6 minutes. Figures are from 10:32; drafts say so.", "plug"
                    ),
                )
            ),
        },
    ),
    "escalate": lambda: ("escalate.html", {"handover": handover()}),
    "note": lambda: ("note.html", {"conversation_id": 1}),
    **copilot_scenes.COPILOT,
    "account": lambda: ("account.html", {"account": account(), "shell": shell("accounts")}),
    "accounts": accounts,
    "search": search,
    "search-nothing": lambda: (
        "search.html",
        {"words": "pelican", "summary": "0 conversations, 0 customers and records.", "shell": shell("search")},
    ),
    "contact": merge_scenes.contact,
    "contact-propose": lambda: merge_scenes.contact(proposing=True),
    "merge": lambda: merge_scenes.merge("proposed"),
    "enquiry": enquiry_scenes.enquiry,
    "keys": lambda: plain("keys.html"),
    **learning_scenes.LEARNING,
    **note_scenes.NOTES,
    "settings-me": me,
    "settings-team": team,
    "settings-people": people,
    "settings-connections": connections,
    "connection": connection_scenes.connection,
    "connection-fields": connection_scenes.fields,
    "events": lambda: events("events.html"),
    "deliveries": lambda: events("deliveries.html"),
    "articles": texts_scenes.texts,
    "article": texts_scenes.text,
    "article-edit": texts_scenes.edit,
    "article-version": texts_scenes.version,
    "articles-import": texts_scenes.taken,
    "proposals": texts_scenes.proposals,
    "403": lambda: plain("403.html"),
    "404": lambda: plain("404.html"),
    "409": lambda: ("409.html", {"kept": "Hi Dana, both seats are live."}),
    "500": lambda: ("500.html", {"reference": "R-7F3K"}),
}
