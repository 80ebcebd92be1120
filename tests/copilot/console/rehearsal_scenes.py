"""The invented pages of rehearsals."""

from dataclasses import replace
from types import SimpleNamespace

from copilot.console.cards import Choice
from copilot.console.compared import Piece
from copilot.console.learning_rows import ShadowRow
from copilot.console.rehearsal_rows import NeighbourRow, RehearsalRow, ReplyRow, RequestRow, ResultRow
from copilot.console.requests import Asking
from tests.copilot.console.copilot_scenes import Team
from tests.copilot.console.drafts import Scene, past
from tests.copilot.console.scenes import shell

RUNNING = RehearsalRow(
    id=2, url="/learning/rehearsals/2/", seed=480213, size=50, of=1312, done=37, state="running",
    word="Running", by="Petra Novak", at=past(minutes=12), until=past(minutes=-600),
)  # fmt: skip
DONE = replace(RUNNING, id=1, seed=7, done=50, state="done", word="Done", at=past(minutes=4000), until=None)
ALL = ResultRow(
    topic="", n=37, drafted=29, as_sent=4, abstained=7, failed=1, unsupported=3, money="1.12", enough=20,
    says=True, mean=31, low=24, high=38,
)  # fmt: skip
FEW = replace(ALL, topic="Refunds", n=9, drafted=6, as_sent=0, abstained=3, failed=0, money="0.21", says=False)
SALES = NeighbourRow(topic="Renewals", team="Sales", n=42, unchanged=25, edited=12, of_no_use=5, unsupported=2)
QUESTION = "When do you send the invoices for the mooring fees?"


def rehearsals() -> Scene:
    asking = Asking(
        (Choice("", "All of the team"), Choice("3", "Refunds")),
        (SALES,),
        (
            RequestRow(
                id=4, place="“Refunds”", by="Inés Duarte", at=past(minutes=90), state="open",
                word="Waits for a lead", why="They come in every Monday by the dozen", may_decide=True,
            ),
            RequestRow(
                id=3, place="all of Support North", by="Tomas Lind", at=past(minutes=9000), why="",
                state="declined", word="Declined", decided_by="Petra Novak", reason="One topic first",
            ),
        ),
    )  # fmt: skip
    return "rehearsals.html", {
        "shell": shell("learning"), "section": "learning", "team": Team("Support North"), "leads": True,
        "rehearsals": (RUNNING, DONE), "size": 50, "seed": 190824, "most": 200, "asking": asking,
    }  # fmt: skip


def rehearsal() -> Scene:
    url = "/learning/rehearsals/replies/1/"
    replies = (
        ReplyRow(topic="Renewals", at=past(minutes=50_000), word="Rehearsed", url=url, far=12),
        ReplyRow(topic="Refunds", at=past(minutes=61_000), word="Rehearsed", url=url, far=78, unsupported=1),
        ReplyRow(topic="", at=past(minutes=70_000), word="No draft"),
    )
    return "rehearsal.html", {
        "shell": shell("learning"), "section": "learning", "team": Team("Support North"), "leads": True,
        "rehearsal": RUNNING, "all": ALL, "topics": (replace(ALL, topic="Renewals", n=28), FEW),
        "replies": replies,
    }  # fmt: skip


def rehearsed() -> Scene:
    line = (Piece("They leave on the first"), Piece("working", "added"), Piece("day of each month."))
    reply = SimpleNamespace(
        rehearsal_id=2, conversation_id=1, topic="Renewals", missing=[],
        text="Hi Dana,\n\nThey leave on the first day of each month.",
        message=SimpleNamespace(text="Hi Dana,\n\nThey leave on the first working day of each month."),
        checks=[{"words": "They leave on the first day of each month.", "note": "rule without a source"}],
    )  # fmt: skip
    return "rehearsed.html", {
        "shell": shell("learning"), "section": "learning", "reply": reply, "far": 9, "why_not": "",
        "asked": SimpleNamespace(sent_at=past(minutes=50_000), text=QUESTION), "diff": ShadowRow((line,), ""),
    }  # fmt: skip


REHEARSALS = {"rehearsals": rehearsals, "rehearsal": rehearsal, "rehearsed": rehearsed}
