"""Invented articles, saved replies and proposed changes for the gallery."""

from datetime import timedelta
from types import SimpleNamespace

from django.utils import timezone
from django.utils.safestring import mark_safe

from copilot.console.cards import Choice
from copilot.console.compared import Piece
from copilot.console.fill_texts import EvidenceRow, ProposalRow, TextRow, VersionRow
from copilot.console.rows import Place
from copilot.console.texts import WHICH, WORDS
from copilot.console.write_text import Typed
from copilot.knowledge.importing import Taken
from tests.copilot.console.drafts import MARA, PRIYA, Scene, past
from tests.copilot.console.scenes import shell


def _frame(current: str = "articles") -> dict[str, object]:
    names = (("articles", "Articles"), ("saved-replies", "Saved replies"), ("proposals", "Proposed changes"))
    tabs = tuple(Place(one, label, f"/{one}/", current=one == current) for one, label in names)
    return {"shell": shell("articles"), "section": "articles", "tabs": tabs, "kind": "articles",
            "words": WORDS["articles"]}  # fmt: skip


def _text() -> SimpleNamespace:
    return SimpleNamespace(
        pk=1, title="Refunds and duplicate charges", version=3, retired_at=None, language="en", owner=PRIYA,
        review_by=timezone.localdate() - timedelta(days=9), path="money/refunds.md", updated_at=past(days=12),
    )  # fmt: skip


def _proposal(number: int, *, fits: bool = True) -> ProposalRow:
    pieces = (
        Piece("A refund arrives within"),
        Piece("10", "removed"),
        Piece("14", "added"),
        Piece("working days."),
    )
    evidence = (
        EvidenceRow("Your refund arrives within 14 working days.", "Mara Lind", past(hours=5), "/inbox/1/"),
    )
    return ProposalRow(
        number, "Refunds and duplicate charges", "/articles/1/", "A correction in a reply", "Mara Lind",
        past(hours=5), "proposed", (pieces,), evidence, 2, True, fits,
        "A refund arrives within 14 working days.", "",
    )  # fmt: skip


def texts() -> Scene:
    due = timezone.localdate() - timedelta(days=9)
    rows = (
        TextRow("Door readers", "/articles/2/", "All teams", None, None, False, False, past(days=3)),
        TextRow("Refunds and duplicate charges", "/articles/1/", "Support, Success", PRIYA, due, True, False,
                past(days=40)),
        TextRow("Value added tax", "/articles/3/", "Support", MARA, due + timedelta(days=90), False, False,
                past(hours=2)),
    )  # fmt: skip
    kinds = tuple(Place(w, label, f"?which={w}", current=not w) for w, label in WHICH.items())
    return "texts.html", {**_frame(), "rows": rows, "kinds": kinds, "q": "", "which": "", "may_add": True}


def text() -> Scene:
    words = mark_safe(
        "<p>A refund arrives within 10 working days, on the card or account that was charged.</p>"
        '<h2 class="section">What we need from the customer</h2>'
        "<ul><li>The number of the invoice</li><li>The day of the second charge</li></ul>"
    )
    versions = (
        VersionRow(3, "Priya Nair", past(days=12), "Proposed by Mara Lind", "/articles/1/versions/3/", True),
        VersionRow(2, "Priya Nair", past(days=40), "", "/articles/1/versions/2/", False),
    )
    return "text.html", {
        **_frame(), "text": _text(), "words": words, "scope": "Support, Success", "is_due": True,
        "may_write": True,
        "versions": versions, "proposals": (_proposal(1),),
    }  # fmt: skip


def edit() -> Scene:
    typed = Typed("Refunds and duplicate charges", "A refund arrives within 10 working days.", version=3)
    diff = {"lines": ((Piece("within"), Piece("14", "removed"), Piece("10", "added"), Piece("working days.")),)}
    return "text_edit.html", {
        **_frame(), "text": _text(), "typed": typed, "may_write": True, "back": "/articles/1/", "diff": diff,
        "problem": "Somebody changed it while you were writing. Your text is kept here.",
        "owners": (Choice("1", "Priya Nair", chosen=True),), "languages": (Choice("en", "en", chosen=True),),
        "teams": (Choice("1", "Support", chosen=True), Choice("2", "Success")), "may_be_for_all": False,
    }  # fmt: skip


def version() -> Scene:
    old = SimpleNamespace(n=2, by=PRIYA, at=past(days=40), why="")
    diff = {"lines": _proposal(1).lines}
    return "text_version.html", {**_frame(), "text": _text(), "old": old, "diff": diff, "may_write": True}


def taken() -> Scene:
    became = Taken(
        ["money/vat.md"], ["money/refunds.md"], [], [("old.md", "It is not UTF-8 text; save it as UTF-8")]
    )
    teams = (Choice("1", "Support"), Choice("2", "Success"))
    return "text_import.html", {**_frame(), "taken": became, "teams": teams, "may_be_for_all": True}


def proposals() -> Scene:
    rows = (_proposal(1), _proposal(2, fits=False))
    return "proposals.html", {**_frame("proposals"), "proposals": rows}
