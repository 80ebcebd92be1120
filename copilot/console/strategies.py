"""The strategy room of an account: say the aim, explore ways to it with the copilot, decide, and look back.

Who sees the account reads it; who manages it writes. No word of it is ever part of a draft to the customer.
"""

from collections.abc import Callable
from datetime import date

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils.dateparse import parse_date

from copilot.access import managed_strategies, visible_strategies
from copilot.board import CHANGED, HOLDS, LONGEST_LINE, LONGEST_TITLE, MOST, REFUTED, Board, Lines, written
from copilot.console.fill_strategy import has_model, strategy_lines, strategy_page
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reads
from copilot.models import Strategy
from copilot.relationship import strategies as verbs
from copilot.relationship.strategies import LONGEST, Told, Verdict
from customers.access import managed_accounts, visible_accounts

QUICKER = (
    "The board has moved on since you opened it, or all is decided by now. Nothing was changed, and what you "
    "typed is kept here: copy it over."
)
NO_AIM = "Say in a sentence what you aim at. Nothing was begun."


@page("GET", "HEAD", "POST", allowed=reads)
def strategies(visit: Visit, account_id: int) -> HttpResponse:
    """Those of an account, the newest first, and where one is begun."""
    account = visible_accounts(visit.who).filter(pk=account_id).first()
    manages = managed_accounts(visit.who).filter(pk=account_id).exists()
    if account is None or (visit.request.method == "POST" and not manages):
        raise Http404
    if visit.request.method == "POST":
        told = _told(visit)
        if told.aim:
            row = verbs.begin(account, visit.person, told)
            if has_model(account):
                verbs.ask(row, row.version)
            return visit.go(reverse("strategy", args=[row.pk]))
        messages.error(visit.request, NO_AIM)
    rows = visible_strategies(visit.who).filter(account=account)
    context = {
        "shell": shell(visit, "accounts"), "section": "accounts", "account": account, "may_write": manages,
        "rows": tuple(strategy_lines(rows)), "longest": LONGEST,
    }  # fmt: skip
    return visit.show("strategies.html", context)


@page("GET", "HEAD", "POST", allowed=reads)
def strategy(visit: Visit, strategy_id: int) -> HttpResponse:
    """The board of the latest round, or of `round`; a POST says the aim and the rest in other words."""
    if visit.request.method == "POST":
        row, told = _managed(visit, strategy_id), _told(visit)
        if not told.aim:
            messages.error(visit.request, "It needs an aim. Nothing was changed.")
            return _back(visit, row)
        return _done(visit, row, verbs.reword(row, _version(visit), told), "Kept.")
    row = _row(visible_strategies(visit.who).filter(pk=strategy_id).select_related("account", "owner").first())
    wanted = visit.request.GET.get("round", "")
    shown = row.rounds.filter(n=int(wanted)).first() if wanted.isdecimal() and len(wanted) < 5 else None
    manages = managed_strategies(visit.who).filter(pk=row.pk).exists()
    made = strategy_page(visit.who, row, shown, manages=manages)
    context = {"shell": shell(visit, "accounts"), "section": "accounts", "strategy": made, "manages": manages}
    return visit.show("strategy.html", context | {"longest": LONGEST, "fresh": visit.wants_part})


@page("POST", allowed=reads)
def scenario(visit: Visit, strategy_id: int) -> HttpResponse:
    """The lines of `key`, or of one more."""
    row, sent = _managed(visit, strategy_id), visit.request.POST
    lines = Lines(
        sent.get("title", "").strip()[:LONGEST_TITLE], _lines(visit, "steps"), _lines(visit, "risks"),
        tuple(sent.getlist("rests_on")),
    )  # fmt: skip

    def put(board: Board) -> Board:
        is_there = board.scenario(sent.get("key", "")) is not None
        return board.write(sent.get("key", ""), lines) if is_there or len(board.scenarios) < MOST else board

    return _revise(visit, row, put, "Kept. It was looked at just now.")


@page("POST", allowed=reads)
def assumption(visit: Visit, strategy_id: int) -> HttpResponse:
    """`do` is add, change, refute or hold; what rests on a moved one is out of date from then on."""
    row, sent = _managed(visit, strategy_id), visit.request.POST
    text, key = sent.get("text", "").strip()[:LONGEST_LINE], sent.get("key", "")
    state = {"change": CHANGED, "refute": REFUTED, "hold": HOLDS}.get(sent.get("do", ""))

    def judge(board: Board) -> Board:
        if state is None:
            return board.assume(text) if text and len(board.assumptions) < MOST else board
        held = board.assumption(key)
        same = held is None or (state == CHANGED and text in ("", held.text))
        return board if same else board.judge(key, state, text)

    return _revise(visit, row, judge, "Kept. Scenarios that rest on it say so.")


@page("POST", allowed=reads)
def explore(visit: Visit, strategy_id: int) -> HttpResponse:
    """Have the copilot make the next round, heeding `instruction`; or stop it."""
    row, sent = _managed(visit, strategy_id), visit.request.POST
    if sent.get("do") == "stop":
        stopped = verbs.stop(row)
        messages.success(visit.request, "Stopped." if stopped else "It was done already.")
        return _back(visit, row)
    return _done(visit, row, verbs.ask(row, _version(visit), sent.get("instruction", "")), "")


@page("POST", allowed=reads)
def decide(visit: Visit, strategy_id: int) -> HttpResponse:
    """The chosen and the rejected with their reasons, what is expected, and when to look back."""
    row, sent = _managed(visit, strategy_id), visit.request.POST
    ways = written(Board.from_json(verbs.latest(row).board))
    chosen = sent.get("chosen", "")
    verdicts = [
        Verdict(one.key, one.title, one.key == chosen, sent.get(f"why-{one.key}", "").strip()[:LONGEST_LINE])
        for one in ways
    ]
    expected, day = sent.get("expected", "").strip()[:LONGEST], _day(sent.get("revisit_on", ""))
    problem = verbs.unfit(verdicts, expected, day)
    if problem or day is None:
        return _kept(visit, row, f"{problem} Nothing was decided, and what you typed is kept here.", 422)
    done = verbs.decide(row, _version(visit), visit.person, verdicts, expected, day)
    return _done(visit, row, done, f"Decided. You are reminded on {day:%A}, {day.day} {day:%B %Y}.")


@page("POST", allowed=reads)
def outcome(visit: Visit, strategy_id: int) -> HttpResponse:
    row, actual = _managed(visit, strategy_id), visit.request.POST.get("actual", "").strip()[:LONGEST]
    decision = getattr(row, "decision", None)
    if decision is None or not actual:
        messages.error(visit.request, "Say in a few words what came of it. Nothing was kept.")
        return _back(visit, row)
    verbs.look_back(decision, visit.person, actual)
    messages.success(visit.request, "Kept beside what was expected.")
    return _back(visit, row)


def _managed(visit: Visit, strategy_id: int) -> Strategy:
    rows = managed_strategies(visit.who).select_related("account", "owner", "decision")
    return _row(rows.filter(pk=strategy_id).first())


def _row(found: Strategy | None) -> Strategy:
    if found is None:
        raise Http404
    return found


def _told(visit: Visit) -> Told:
    names = ("aim", "constraints", "people")
    return Told(*(visit.request.POST.get(name, "").strip()[:LONGEST] for name in names))


def _lines(visit: Visit, name: str) -> tuple[str, ...]:
    return tuple(visit.request.POST.get(name, "").splitlines())


def _version(visit: Visit) -> int:
    told = visit.request.POST.get("version", "")
    return int(told) if told.isdecimal() and len(told) < 10 else 0


def _day(told: str) -> date | None:
    try:
        return parse_date(told)
    except ValueError:
        return None


def _revise(visit: Visit, row: Strategy, change: Callable[[Board], Board], said: str) -> HttpResponse:
    return _done(visit, row, verbs.revise(row, _version(visit), visit.person, change), said)


def _done(visit: Visit, row: Strategy, done: bool, said: str) -> HttpResponse:
    if not done:
        return _kept(visit, row, QUICKER, 409)
    if said:
        messages.success(visit.request, said)
    return _back(visit, row)


def _back(visit: Visit, row: Strategy) -> HttpResponse:
    return visit.go(reverse("strategy", args=[row.pk]))


def _kept(visit: Visit, row: Strategy, why: str, status: int) -> HttpResponse:
    """Not done: what was typed stands on the page, to be copied."""
    typed = [one for name, one in visit.request.POST.items() if name not in _UNTYPED and isinstance(one, str)]
    context = {
        "shell": shell(visit, "accounts"), "section": "accounts", "explanation": why, "kept": "\n".join(typed),
        "back_url": reverse("strategy", args=[row.pk]), "back_label": "Back to the strategy",
        "heading": "Somebody was quicker" if status == 409 else "Not decided yet",
    }  # fmt: skip
    return visit.show("409.html", context, status)


_UNTYPED = ("csrfmiddlewaretoken", "version", "key", "do", "chosen", "revisit_on", "rests_on")
