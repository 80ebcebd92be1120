"""What colleagues answered when a draft in this conversation lacked it: a source of its own kind."""

from collections.abc import Iterable

from copilot.context import earlier
from copilot.context.earlier import Moment
from copilot.context.value import MOST_ITEM, Item, cut
from copilot.models import Question
from interactions.models import Conversation

MOST_ANSWERS = 10


def answers(conversation: Conversation, then: Moment | None = None) -> Iterable[Item]:
    """The newest first. `title` begins with the gap that it fills."""
    rows = conversation.questions.filter(earlier.answered(then), answered_at__isnull=False).select_related(
        "answered_by"
    )
    for row in rows.order_by("-answered_at")[:MOST_ANSWERS]:
        yield Item(
            id=f"q{row.pk}", kind="answer", title=title(row), text=cut(row.answer, MOST_ITEM),
            author=row.answered_by.name if row.answered_by else "", at=row.answered_at,
            url=f"/inbox/{conversation.pk}/", fills=row.gap,
        )  # fmt: skip


def title(row: Question) -> str:
    by = row.answered_by.name if row.answered_by else "a colleague"
    return f"{row.gap[:1].upper()}{row.gap[1:]}, answered by {by}" if row.gap else f"Answer by {by}"
