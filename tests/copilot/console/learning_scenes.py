"""The invented pages of the lessons."""

from dataclasses import replace

from copilot.console.compared import Piece
from copilot.console.learning_rows import (
    EffectRow,
    LessonRow,
    MeasuredRow,
    MoveRow,
    OfferRow,
    Proof,
    ShadowRow,
    SpreadRow,
)
from copilot.console.rows import Place
from copilot.learning.month import Changes, Month, Outcomes, Saved
from tests.copilot.console.copilot_scenes import Team
from tests.copilot.console.drafts import Scene, past
from tests.copilot.console.rehearsal_scenes import REHEARSALS
from tests.copilot.console.scenes import shell

WORDING = LessonRow(
    id=2, url="/learning/lessons/2/", title="Say “I am sorry about”, not “you are right about”",
    kind="Wording", before="you are right about", after="I am sorry about", scope="Support North",
    state="active", word="In use", tone="pencil", glyph="target", agree=3, uses=19,
    moved="Activated from edits", may_move=True, before_label="Before", after_label="After", offerable=True,
)  # fmt: skip
LESSONS = (
    WORDING,
    replace(
        WORDING, id=3, title="Close with “Warm wishes”", before="Kind regards", after="Warm wishes",
        scope="only Inés", agree=1, uses=4, moved="Kept to themselves by Inés Duarte",
    ),
    replace(
        WORDING, id=4, title="Leave out “Thank you for your patience.”", before="Thank you for your patience.",
        after="", state="proposed", word="Not enough yet", tone="", glyph="dotted", agree=1, uses=0,
        moved="Learnt from edits",
    ),
    replace(
        WORDING, id=5, title="Greet with “Hello {name}”", before="Hi {name}", after="Hello {name}",
        state="retired", word="Retired", tone="", glyph="dropped", agree=2, against=2, uses=8,
        moved="Retired by Petra Novak",
    ),
)  # fmt: skip

MEASURED = MeasuredRow(31, 240, True, False, 14.2, 6.1, 8.1, 3.0, 13.2)


def learning() -> Scene:
    states = tuple(Place("learning", one, "?", current=one == "All") for one in ("All", "In use", "Retired"))
    return "learning.html", {
        "shell": shell("learning"), "section": "learning", "team": Team("Support North"), "states": states,
        "lessons": LESSONS, "leads": True,
        "open_offers": 2, "rule": {"needs_yes": False, "holds_back": True},
    }  # fmt: skip


def month() -> Scene:
    told = Month(
        learnt=9, shaped=61, against=2, held=6, put_in=1, rehearsed=50, saved=Saved(58, 131, 3),
        changes=Changes(98, 31, 4, (("wording", 17), ("tone", 9), ("a fact", 6), ("order and length", 3))),
        shown=Outcomes(58, 3.1, 4, 4.6, 21), others=Outcomes(40, 9.8, 5, 4.4, 12),
    )  # fmt: skip
    months = tuple(Place("learning-month", one, "?", current=one == "May") for one in ("May", "April", "March"))
    places = [Place("lesson", one.title, one.url) for one in LESSONS]
    return "month.html", {
        "shell": shell("learning"), "section": "learning", "team": Team("Support North"), "month": told,
        "name": "May 2026", "months": months, "in_use": places[:2], "retired": places[3:], "idle": places[2:3],
        "kinds": [("Wording", MEASURED), ("Greeting", MeasuredRow(7, 61))], "money": "0.84",
    }  # fmt: skip


def lesson() -> Scene:
    moves = [
        MoveRow("Activated", "", "edits in 2 conversations agree", past(minutes=20)),
        MoveRow("Learnt", "", "", past(minutes=90)),
    ]
    proofs = [
        Proof("Inés Duarte", True, False, past(minutes=20), "/inbox/1/"),
        Proof("Sam Okafor", False, False, past(minutes=60)),
        Proof("Inés Duarte", True, True, past(minutes=90), "/inbox/2/"),
    ]
    return "lesson.html", {
        "shell": shell("learning"), "section": "learning", "lesson": WORDING, "moves": moves, "proofs": proofs,
        "effect": EffectRow(24, True, 4.1, 2.2, 6.0), "measured": MeasuredRow(9, 80), "alike": MEASURED,
        "spread": (replace(OFFER, state="declined", word="Declined", by="Rosa Diaz", why="We never are."),),
    }  # fmt: skip


OFFER = OfferRow(
    id=1, title="Say “I am sorry about”, not “you are right about”", before="you are right about",
    after="I am sorry about", from_team="Sales", team="Support North", agree=4, kept=11, of=12, state="open",
    word="Offered", at=past(minutes=45), may_decide=True, before_label="Before", after_label="After",
)  # fmt: skip


def offers() -> Scene:
    closing = replace(
        OFFER, id=2, title="Close with “Warm wishes”", before="", after="Warm wishes",
        from_team="Support North",
        team="Returns", agree=2, kept=1, of=1, may_decide=False,
    )  # fmt: skip
    both = replace(
        OFFER, id=3, title="Say “invoice”, not “bill”, with the article “Refunds”", heading="Refunds",
        body="The bill is refunded within a week.", before="bill", after="invoice",
        evidence=("Sales: edits in 4 conversations agree on the wording.",
                  "Returns: 3 of 5 replies with the article went out as drafted."),
    )  # fmt: skip
    return "offers.html", {
        "shell": shell("learning"), "section": "learning", "offers": (OFFER, closing, both), "decided": False,
    }  # fmt: skip


def teach() -> Scene:
    line = (Piece("Hi Dana, the"), Piece("bill", "removed"), Piece("invoice", "added"), Piece("follows."))
    return "teach.html", {
        "shell": shell("learning"), "section": "learning", "team": Team("Support North"), "leads": True,
        "sentence": "Say “invoice”, not “bill”", "title": "Say “invoice”, not “bill”", "count": 14,
        "looked_at": 100, "nearer": 12, "farther": 1, "shadows": (ShadowRow((line,), "/inbox/1/"),),
    }  # fmt: skip


def spread() -> Scene:
    later = SpreadRow("Saved reply “Where is my parcel”", "Returns", "", "accepted by Rosa Diaz",
                      past(minutes=40), "3 replies sent with it, 2 as drafted.")  # fmt: skip
    no = SpreadRow(
        "Saved reply “Where is my parcel”", "Sales", "", "declined", past(minutes=5), "We ship nothing."
    )
    first = replace(later, team="Support North", url="/", said="where it began", at=None, steps=(
        replace(later, steps=(no,)), replace(no, team="Billing", said="offered", brought=""),
    ))  # fmt: skip
    return "spread.html", {"shell": shell("learning"), "section": "learning", "rows": (first, no)}


def wordings() -> Scene:
    rows = [
        {
            "text": "The refund for {order number} is on its way.",
            "sent": 14,
            "people": 5,
            "worded": "a",
            "out": True,
        },
        {"text": "Could I have your name, please?", "sent": 9, "people": 3, "worded": "b", "out": False},
    ]
    told = {"section": "learning", "team": Team("Support North"), "leads": True, "rows": rows}
    return "house_wordings.html", {"shell": shell("learning"), **told}


LEARNING = {
    "spread": spread, "learning": learning, "month": month, "lesson": lesson, "offers": offers, "teach": teach,
    "wordings": wordings,
    **REHEARSALS,
}  # fmt: skip
