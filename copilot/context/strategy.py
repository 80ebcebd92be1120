"""What the account says to a strategy: the rows that may stand as evidence, and the worksheet without a model.

The worksheet invents nothing: three ways are asked for, each with sentences of the account below it.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from itertools import islice

from copilot.board import FEWEST, Board, Evidence, Scenario
from copilot.context.enquiry import customer_at, nearest, readable
from copilot.context.hiding import without_hidden_in
from copilot.context.value import Item, cut
from customers.access import visible_accounts
from customers.models import Account
from interactions.access import visible_conversations
from interactions.models import Escalation, Message
from people.access import Standing

# Of each kind the newest; what comes last goes first where a model can read no more.
MOST_OF = {"escalation": 10, "promise": 20, "note": 30, "record": 20, "message": 40}
LONGEST = 1000  # characters of one
MOST_QUOTES = 4
# What a way begins with, in a question, and the kinds of rows that speak to it where no words do.
GUIDES = (
    ("If you went on as now: what happens? Begin with what is open.", ("promise", "escalation", "record")),
    ("If you changed one thing for the aim: which? Begin with what they told you.", ("note", "message")),
    ("If it went wrong: how would you notice, and what then? Begin with what worries them.",
     ("escalation", "note", "message")),
)  # fmt: skip


def evidence_of(who: Standing, account: Account) -> list[Item]:
    """Of each kind the newest that the person may read, as a model may read them: without secrets."""
    found = [*readable(who, customer_at(account)), *_escalations(who, account)]
    kinds = (islice((one for one in found if one.kind == kind), most) for kind, most in MOST_OF.items())
    shown = (without_hidden_in(one) for kind in kinds for one in kind)
    return [replace(one, text=cut(one.text, LONGEST)) for one in shown]


def _escalations(who: Standing, account: Account) -> Iterable[Item]:
    talks = visible_conversations(who).filter(account=account)
    rows = Escalation.objects.filter(conversation__in=talks).select_related("by", "conversation")
    for row in rows.order_by("-at")[: MOST_OF["escalation"]]:
        asked = f": {row.question}" if row.question else ""
        text = f"{row.get_reason_display()}{asked}"
        title = f"Escalated by {row.by.name}" if row.by else "Escalated"
        yield Item(
            f"e{row.pk}",
            "escalation",
            title,
            text,
            at=row.at,
            url=f"/inbox/{row.conversation_id}/",
            internal=True,
        )


def evidence(item: Item, quote: str) -> Evidence:
    url = f"{item.url}#message-{item.id[1:]}" if item.kind == "message" else item.url
    return Evidence(item.id, quote, item.title, url, item.at.isoformat() if item.at else "")


def worksheet(account: Account, aim: str, items: Sequence[Item]) -> Board:
    ways = (Scenario(f"S{n}", guide=guide) for n, (guide, _) in enumerate(GUIDES, 1))
    return with_evidence(Board(scenarios=tuple(ways)), account, aim, items)


def with_evidence(board: Board, account: Account, aim: str, items: Sequence[Item]) -> Board:
    """Every line as it was, and below each scenario what speaks to it now."""
    return replace(
        board,
        scenarios=tuple(
            replace(one, evidence=tuple(_spoken(one, n, account, aim, items)))
            for n, one in enumerate(board.scenarios)
        ),
    )


def _spoken(one: Scenario, n: int, account: Account, aim: str, items: Sequence[Item]) -> Iterable[Evidence]:
    """The sentences nearest to its words and the aim; an unwritten one has kinds that it begins with."""
    kinds = GUIDES[n][1] if not one.title and n < FEWEST else tuple(MOST_OF)
    fitting = [item for item in items if item.kind in kinds]
    language = customer_at(account).language
    near = nearest(f"{one.words}\n{aim}", fitting, language, MOST_QUOTES)
    said = [(passage.item, passage.quote) for passage in near]
    seen = {item.id for item, _ in said}
    first = sorted((item for item in fitting if item.id not in seen), key=lambda item: kinds.index(item.kind))
    said += [(item, item.text[:300]) for item in first if item.kind != "message"]
    return [evidence(item, quote) for item, quote in said[:MOST_QUOTES]]


def unseen(who: Standing, account: Account, board: Board) -> frozenset[str]:
    """Ids of evidence that this person may not read: they are told how many, never what."""
    ids = {one.id for way in board.scenarios for one in way.evidence}
    if not visible_accounts(who).filter(pk=account.pk).exists():
        return frozenset(ids)
    seen = visible_conversations(who)
    said = Message.objects.filter(pk__in=_numbers(ids, "m"), conversation__in=seen).values_list("pk", flat=True)
    handed = Escalation.objects.filter(pk__in=_numbers(ids, "e"), conversation__in=seen)
    read = {f"m{pk}" for pk in said} | {f"e{pk}" for pk in handed.values_list("pk", flat=True)}
    return frozenset(one for one in ids if one[0] in "me" and one not in read)


def _numbers(ids: Collection[str], letter: str) -> list[int]:
    return [int(one[1:]) for one in ids if one[0] == letter]
