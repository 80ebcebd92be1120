"""What colleagues answered when a draft in this conversation lacked it: a source of its own kind."""

from collections.abc import Iterable

from django.db.models import QuerySet

from copilot.context import earlier
from copilot.context.earlier import Moment
from copilot.context.value import MOST_ITEM, Item, cut
from copilot.models import Question
from interactions.models import Conversation
from prepared import prepared

MOST_ANSWERS = 10


def answers(conversation: Conversation, then: Moment | None = None) -> Iterable[Item]:
    """The newest first. `title` begins with the gap that it fills."""
    for row in _answered(then, conversation=conversation.pk):
        yield Item(
            id=f"q{row.pk}", kind="answer", title=title(row), text=cut(row.answer, MOST_ITEM),
            author=row.answered_by.name if row.answered_by else "", at=row.answered_at,
            url=f"/inbox/{conversation.pk}/", fills=row.gap,
        )  # fmt: skip


@prepared
def _answered(then: Moment | None, *, conversation: int) -> QuerySet[Question]:
    asked = Question.objects.filter(
        earlier.answered(then), conversation=conversation, answered_at__isnull=False
    )
    return asked.select_related("answered_by").order_by("-answered_at")[:MOST_ANSWERS]


def title(row: Question) -> str:
    by = row.answered_by.name if row.answered_by else "a colleague"
    return f"{row.gap[:1].upper()}{row.gap[1:]}, answered by {by}" if row.gap else f"Answer by {by}"
