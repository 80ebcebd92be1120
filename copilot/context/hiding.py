"""What people wrote, as the model may read it: without the secrets in it and without invisible characters.

What the team wrote down for everyone (articles, saved and usual replies) keeps its account numbers: they
are ours, and a reply may have to name them.
"""

from dataclasses import replace

from copilot.context.value import Context, Item
from copilot.secrets import without_secrets, without_unseen

OURS = ("article", "saved_reply", "past_reply")


def without_hidden(context: Context) -> Context:
    """The same Context; the agent still sees the thread as it was written."""
    return replace(
        context,
        subject=clean(context.subject),
        about_account=tuple(clean(line) for line in context.about_account),
        turns=tuple(replace(turn, text=clean(turn.text), name=clean(turn.name)) for turn in context.turns),
        items=tuple(without_hidden_in(item) for item in context.items),
        case=tuple(replace(line, text=clean(line.text), quote=clean(line.quote)) for line in context.case),
        instructions=tuple(clean(one) for one in context.instructions),
        customer=clean(context.customer),
        customer_first_name=clean(context.customer_first_name),
        account=clean(context.account),
    )


def clean(text: str) -> str:
    return without_secrets(without_unseen(text))


def without_hidden_in(item: Item) -> Item:
    if item.kind in OURS:
        return replace(item, title=without_unseen(item.title), text=without_unseen(item.text))
    return replace(item, title=clean(item.title), text=clean(item.text))
