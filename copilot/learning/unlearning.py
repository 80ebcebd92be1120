"""Take back what a person or a source taught: evidence goes, what rested on it is judged anew and listed."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from copilot.learning import ledger, sense_kept, together
from copilot.models import (
    ArticleProposal,
    Lesson,
    LessonEvidence,
    NoTeacher,
    PastReply,
    ProposalEvidence,
    Signal,
)
from interactions.models import Connection, Conversation
from people.audit import note_deed
from people.models import ApiKey, User

GONE = "gone"


@dataclass(frozen=True, slots=True)
class Unlearnt:
    """A lesson or a proposal that had rested on it, in words: its state before and after. `now` may be GONE."""

    title: str
    team: str
    was: str
    now: str


@transaction.atomic
def opt_out(person: User, by: User | None = None, key: ApiKey | None = None) -> list[Unlearnt]:
    """No edit of theirs teaches any more, earlier ones neither, and no draft is written from their replies.
    What they keep to themselves stays, and so do the replies that they sent. The second time does nothing."""
    if not NoTeacher.objects.get_or_create(person=person)[1]:
        return []
    theirs = Q(person=person) | Q(signal__person=person)
    found = _take_back(LessonEvidence.objects.filter(theirs, lesson__person=None))
    found += _withdraw(ArticleProposal.objects.filter(evidence__signal__person=person), person)
    sense_kept.forget()
    note_deed(by, "stopped learning from", person, key, rested=len(found))
    return found


@transaction.atomic
def opt_in(person: User, by: User | None = None, key: ApiKey | None = None) -> None:
    """What they send from now on teaches again, and drafts are written from their replies as before."""
    if NoTeacher.objects.filter(person=person).delete()[0]:
        note_deed(by, "learns again from", person, key)


def teaches(person: User) -> bool:
    return not NoTeacher.objects.filter(person=person).exists()


@transaction.atomic
def distrust(source: Conversation | Connection, by: User | None = None) -> list[Unlearnt]:
    """What was sent there never taught: it is void, so that learning anew passes over it, and no draft is
    written from its replies."""
    if isinstance(source, Connection):
        talks = Conversation.objects.filter(connection=source)
    else:
        talks = Conversation.objects.filter(pk=source.pk)
    found = _take_back(LessonEvidence.objects.filter(conversation__in=talks))
    Signal.objects.filter(conversation__in=talks).update(state=Signal.State.VOID)
    PastReply.objects.filter(conversation__in=talks).delete()
    sense_kept.forget()
    note_deed(by, "distrusted source", source)
    return found


def _take_back(evidence: QuerySet[LessonEvidence]) -> list[Unlearnt]:
    rows = Lesson.objects.filter(pk__in=evidence.values("lesson")).select_related("team").order_by("pk")
    before = {one.pk: one for one in rows}
    LessonEvidence.objects.filter(pk__in=evidence.values("pk")).delete()
    ledger.recount(before)
    after = Lesson.objects.in_bulk(before)
    together.refresh()
    return [
        Unlearnt(
            one.title, one.team.name, one.get_state_display(),
            after[pk].get_state_display() if pk in after else GONE,
        )
        for pk, one in before.items()
    ]  # fmt: skip


def _withdraw(proposals: QuerySet[ArticleProposal], person: User) -> list[Unlearnt]:
    """Corrections of articles that nobody decided on yet; one that others made as well stays."""
    open_ones = proposals.filter(state=ArticleProposal.State.PROPOSED, origin=ArticleProposal.Origin.CORRECTION)
    ids = set(open_ones.values_list("pk", flat=True))
    ProposalEvidence.objects.filter(proposal__in=ids, signal__person=person).delete()
    bare = ArticleProposal.objects.filter(pk__in=ids, evidence=None).select_related("article", "team")
    gone = [
        Unlearnt(f"A change to “{one.article or one.title}”", one.team.name, "Proposed", GONE) for one in bare
    ]
    bare.delete()
    return gone
