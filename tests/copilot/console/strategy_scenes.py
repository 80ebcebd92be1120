"""The invented pages of the strategy room: in the middle of the second round, and after its decision."""

from dataclasses import replace

from django.utils import timezone

from copilot.console.cards import Source
from copilot.console.fill_strategy import (
    BLANK,
    BUSY,
    NO_MODEL,
    StrategyLine,
    StrategyPage,
    Supposed,
    Way,
    Working,
)
from copilot.console.rows import Place
from copilot.context.strategy import GUIDES
from copilot.models import StrategyDecision
from customers.models import Account
from people.models import User
from tests.copilot.console.drafts import Scene, past
from tests.copilot.console.scenes import shell

HALDEN, PRIYA = Account(pk=1, name="Halden Freight"), User(pk=1, name="Priya Nair")
ASSUMED = (
    Supposed("A1", "Dana decides alone up to 50,000 a year", "Refuted", True, uses="S1, S3"),
    Supposed(
        "A2", "Gothenburg goes live in April", "Changed", True, "Gothenburg goes live in March", uses="S2"
    ),
    Supposed("A3", "The two outages are forgiven", "Holds"),
)
SAID = Source(1, "Dana Ruiz, email", "We would rather renew before the summer.", "3 days ago", "/inbox/1/")
TOLD = Source(2, "Contract F-031", "Term ends 14 March 2027, notice by 12 February", "today", "/accounts/1/")
WAYS = (
    Way(
        "S1", "Renew early, with the training as a gift", "",
        ("Call Dana before the board meets.", "Send the quote with three dates to choose from."),
        ("The board has a say after all.",), ("A1",),
        ("It rests on A1, which was refuted: “Dana decides alone up to 50,000 a year”",), (SAID, TOLD), 1,
    ),
    Way("S2", "Go live first, talk about money after", "", ("Give Gothenburg a name to call.",),
        ("The notice runs out meanwhile.",), ("A2",),
        ("It rests on A2, which was changed from “Gothenburg goes live in March” to “Gothenburg goes live in"
         " April”",), (TOLD,)),
    Way("S3", "A smaller contract now", "", ("Offer ten seats for a year.",), ("It stays the smaller one.",)),
)  # fmt: skip
PAGE = StrategyPage(
    id=1, account="Halden Freight", account_id=1, owner="Priya Nair",
    aim="Renew at today's price before the summer",
    constraints="No discount: the board forbids it.\nThe training may be given.",
    people="Dana is in favour. Per counts every krona and was not asked last time.", version=4,
    made="Round 2, by the copilot, 4 min ago", assumptions=ASSUMED, ways=WAYS, may_write=True, has_model=True,
    notes=("1 piece of evidence was left out: the words stood nowhere in what the account holds.",),
    rounds=(
        Place("strategy", "Round 2, by the copilot, 4 min ago: “Think of Per”", "?round=2", current=True),
        Place("strategy", "Round 1, a worksheet, 2 h ago", "?round=1"),
    ),
)  # fmt: skip


def _scene(page: StrategyPage) -> Scene:
    context = {"shell": shell("accounts"), "section": "accounts", "strategy": page, "manages": True}
    return "strategy.html", context | {"longest": 4000}


def worksheet() -> Scene:
    ways = tuple(Way(f"S{n}", "", guide, sources=(SAID, TOLD)[:n]) for n, (guide, _) in enumerate(GUIDES, 1))
    page = replace(PAGE, ways=ways, assumptions=(), has_model=False, rounds=PAGE.rounds[1:],
                   notes=(f"{NO_MODEL} {BLANK}",), made="Round 1, a worksheet, 2 h ago")  # fmt: skip
    return _scene(page)


def working() -> Scene:
    return _scene(replace(PAGE, working=Working(BUSY, is_busy=True)))


def decided() -> Scene:
    lines = [
        {"key": "S1", "title": WAYS[0].title, "chosen": False, "why": "The board has a say; too early."},
        {
            "key": "S2",
            "title": WAYS[1].title,
            "chosen": True,
            "why": "Trust first: a site that works says more.",
        },
        {"key": "S3", "title": WAYS[2].title, "chosen": False, "why": "It can wait until notice is given."},
    ]
    made = StrategyDecision(
        lines=lines, by=PRIYA, at=past(minutes=60 * 24 * 90), revisit_on=timezone.localdate(),
        expected="Gothenburg live by 30 April, and Dana asks for the quote herself.",
    )  # fmt: skip
    return _scene(replace(PAGE, decision=made, may_write=False, is_due=True))


def strategies() -> Scene:
    rows = (
        StrategyLine(1, PAGE.aim, "Open, 2 rounds, Priya Nair"),
        StrategyLine(2, "Win back trust after the outages", "Decided 30 days ago, Priya Nair", is_due=True),
    )
    return "strategies.html", {
        "shell": shell("accounts"), "section": "accounts", "account": HALDEN, "rows": rows, "may_write": True,
        "longest": 4000,
    }  # fmt: skip


STRATEGIES = {
    "strategies": strategies, "strategy": lambda: _scene(PAGE), "strategy-worksheet": worksheet,
    "strategy-working": working, "strategy-decided": decided,
}  # fmt: skip
