"""What people wrote, as the model may read it: without the secrets in it and without invisible characters.

What the team wrote down for everyone (articles, saved and usual replies) keeps its account numbers: they
are ours, and a reply may have to name them.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import cache

from copilot.context.value import Context, Item
from copilot.secrets import without_secrets, without_unseen

OURS = ("article", "saved_reply", "past_reply")


def without_hidden(context: Context) -> Context:
    """The same Context; the agent still sees the thread as it was written."""
    once = cache(clean)  # a message stands among the turns and among the items
    return replace(
        context,
        subject=once(context.subject),
        about_account=tuple(map(once, context.about_account)),
        turns=tuple(replace(turn, text=once(turn.text), name=once(turn.name)) for turn in context.turns),
        items=tuple(without_hidden_in(item, once) for item in context.items),
        case=tuple(replace(line, text=once(line.text), quote=once(line.quote)) for line in context.case),
        instructions=tuple(map(once, context.instructions)),
        customer=once(context.customer),
        customer_first_name=once(context.customer_first_name),
        account=once(context.account),
    )


def clean(text: str) -> str:
    return without_secrets(without_unseen(text))


def without_hidden_in(item: Item, cleaned: Callable[[str], str] = clean) -> Item:
    if item.kind in OURS:
        cleaned = without_unseen
    return replace(
        item, title=cleaned(item.title), text=cleaned(item.text), words=tuple(map(cleaned, item.words))
    )
