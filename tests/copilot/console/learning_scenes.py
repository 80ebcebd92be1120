"""The invented pages of the lessons."""

from dataclasses import replace

from copilot.console.learning_rows import LessonRow, MoveRow, Proof
from copilot.console.rows import Place
from tests.copilot.console.copilot_scenes import Team
from tests.copilot.console.drafts import Scene, past
from tests.copilot.console.scenes import shell

WORDING = LessonRow(
    id=2, url="/learning/lessons/2/", title="Say “I am sorry about”, not “you are right about”",
    kind="Wording", before="you are right about", after="I am sorry about", scope="Support North",
    state="active", word="In use", tone="pencil", glyph="target", agree=3, uses=19,
    moved="Activated from edits", may_move=True, takes_before=True, takes_after=True,
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


def learning() -> Scene:
    states = tuple(Place("learning", one, "?", current=one == "All") for one in ("All", "In use", "Retired"))
    return "learning.html", {
        "shell": shell("learning"), "section": "learning", "team": Team("Support North"), "states": states,
        "lessons": LESSONS, "leads": True, "needs_yes": False,
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
    }  # fmt: skip


LEARNING = {"learning": learning, "lesson": lesson}
