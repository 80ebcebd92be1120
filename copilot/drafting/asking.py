"""After the engine: what the draft leaves open becomes questions to the agent, with who may know."""

from collections.abc import Collection, Iterable

from django.db.models import F

from copilot.context.value import Context, Item
from copilot.drafting.engine import Reply
from copilot.gaps import gaps
from copilot.models import Article, Draft, Question
from copilot.slots import mask, names_in
from copilot.words import content, sentences
from customers.models import Note, Promise
from people.models import User

MOST = 3
ALIKE = 2  # content words that two texts share when they are about the same


def ask(draft: Draft, reply: Reply, context: Context) -> None:
    """In the transaction that makes the draft ready. The gaps are read off the text itself: of what an engine
    says it asks, only what stands there is believed."""
    draft.questions.filter(answered_at=None).delete()
    ask_gaps(draft, reply, context)
    if not reply.text.strip():
        asked = _asked(context, context.question)
        who = context.customer_first_name or "the customer"
        _keep(draft, context, "", f"What should {who} hear about “{asked}”?" if asked else _PLAIN, asked)


def ask_gaps(draft: Draft, reply: Reply, context: Context, known: Collection[str] = ()) -> None:
    """One question a gap; none for those that are `known`."""
    told = dict(reply.asks)
    for gap in [one for one in open_gaps(reply.text, context) if one not in known][:MOST]:
        around = _sentence(reply.text, f"[{gap}]")
        text = told.get(gap) or f"What is {gap} in “{around}”?"
        _keep(draft, context, gap, text, around)


_PLAIN = "What should the customer hear?"


def open_gaps(text: str, context: Context) -> tuple[str, ...]:
    """The usual reply has gaps of its own; brackets in any other source are its wording."""
    told = (item.text for item in context.items if item.kind != "past_reply")
    return gaps(text, [*told, *(turn.text for turn in context.turns)])


def _keep(draft: Draft, context: Context, gap: str, text: str, about: str) -> None:
    knows, why = _who_knows(draft, context, gap, about)
    Question.objects.create(
        conversation=draft.conversation, draft=draft, gap=gap, text=text[:300], knows=knows,
        knows_why=why[:200],
        asked=_asked(context, about),
    )  # fmt: skip


def _sentence(text: str, part: str) -> str:
    return next((text[start:end] for start, end in sentences(text) if part in text[start:end]), part)


def _asked(context: Context, about: str) -> str:
    """The customer's sentence that the gap stands in the answer to: one that asks, nearest in words."""
    said = [context.question[start:end] for start, end in sentences(context.question)]
    asking = [one for one in said if one.endswith("?")] or said
    near = max(asking, key=lambda one: len(content(one) & content(about)), default="")
    masked = mask(near, names_in(context.customer, context.account))
    return "".join("…" if part else one for one, part in _parts(masked))[:300]


def _parts(masked: str) -> Iterable[tuple[str, bool]]:
    """The text cut at its {slots}; True for a slot."""
    for number, piece in enumerate(masked.replace("}", "{").split("{")):
        yield piece, number % 2 == 1


def _who_knows(draft: Draft, context: Context, gap: str, about: str) -> tuple[User | None, str]:
    """Who answered such a thing last, who owns what is known about it, or who looks after the account."""
    last = Question.objects.filter(
        gap=gap, answered_at__isnull=False, answered_by__is_active=True,
        conversation__team=draft.conversation.team_id,
    ).exclude(conversation=draft.conversation_id)  # fmt: skip
    near = (row for row in last.select_related("answered_by").order_by(F("answered_at").desc())[:20])
    for row in near:
        if len(content(row.asked) & content(f"{about} {context.question}")) >= ALIKE:
            return row.answered_by, "answered such a question last"
    for item in context.items:
        if item.kind in _OWNED and len(content(f"{item.title} {item.text}") & content(about)) >= ALIKE:
            owner = _OWNED[item.kind](int(item.id[1:]))
            if owner:
                return owner, f"looks after “{item.title}”" if item.kind == "article" else "knows of it"
    account = draft.conversation.account
    manager = account.manager if account else None
    return (manager, f"looks after {account}") if manager else (None, "")


def _article(pk: int) -> User | None:
    return Article.objects.select_related("owner").get(pk=pk).owner


def _note(pk: int) -> User | None:
    note = Note.objects.select_related("owner", "author").get(pk=pk)
    return note.owner or note.author


def _promise(pk: int) -> User | None:
    return Promise.objects.select_related("owner").get(pk=pk).owner


_OWNED = {"article": _article, "note": _note, "promise": _promise}


def answer_for(gap: str, items: Iterable[Item]) -> Item | None:
    """The newest answer that a colleague gave to this gap."""
    return next((item for item in items if item.kind == "answer" and item.fills == gap), None)
