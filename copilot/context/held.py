"""By chance a few drafts go without a lesson, so that what it brings is measured and not guessed.

Of the lessons that may be measured on a draft a hash draws one; another hash holds it back from a tenth of
those drafts. Both arms are drawn alike, by what is known before a word is written, so they differ by chance.
"""

from collections.abc import Sequence
from hashlib import sha256

from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from copilot import words
from copilot.context.value import Trial
from copilot.lessons import SINGLE, Rule, is_near
from copilot.models import Draft, Lesson, LessonEvidence, LessonTrial, LessonUse

SHARE = 0.1  # of the drafts for which one was drawn, and so of all at the most
FIRST_USES = 3  # are seen by whoever taught it


def trial_of(draft: Draft, rules: Sequence[Rule], about: str) -> Trial | None:
    """None where no lesson may be measured: in a rehearsal, or where a person said yes to each of them."""
    if draft.pk is None:
        return None
    called = [rule.id for rule in rules if not rule.own and rule.after and _is_called_for(rule, about)]
    may = list(_measurable(draft, called).values_list("pk", flat=True)) if called else []
    if not may:
        return None
    place = f"m{draft.answers_id}" if draft.answers_id else f"d{draft.pk}"  # a redraft stays what it was
    drawn = min(may, key=lambda lesson: chance("drawn", place, lesson))
    return Trial(drawn, chance("held", place, drawn) < SHARE)


def chance(what: str, place: str, lesson: int) -> float:
    """From 0 to 1, the same at every asking."""
    digest = sha256(f"{what} {place} {lesson}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64


def _is_called_for(rule: Rule, about: str) -> bool:
    """Told by what the draft will be written from alone; the draft itself would tell of the lesson."""
    if rule.kind in SINGLE:
        return True
    return is_near(rule.near, about) if not rule.before else words.content(rule.before) <= words.content(about)


def _measurable(draft: Draft, ids: Sequence[int]) -> QuerySet[Lesson]:
    """In use by edits alone and long enough, in a team that measures. What a person put in here stays in."""
    rows = Lesson.objects.filter(pk__in=ids, accepted_by=None).exclude(kind=Lesson.Kind.DELETE)
    rows = rows.exclude(team__lesson_rule__holds_back=False)
    rows = rows.exclude(
        pk__in=LessonTrial.objects.filter(draft=draft, applied_at__isnull=False).values("lesson")
    )
    answers = draft.conversation.assignee_id or draft.requested_by_id
    taught = LessonEvidence.objects.filter(person=answers, agrees=True).values("lesson")
    theirs = Q(draft__decisions__person=answers)
    rows = rows.annotate(used=_uses(Q()), used_here=_uses(theirs)).filter(used__gte=FIRST_USES)
    return rows.exclude(pk__in=taught, used_here__lt=FIRST_USES) if answers else rows


def _uses(which: Q) -> Coalesce:
    uses = LessonUse.objects.filter(which, lesson=OuterRef("pk")).order_by().values("lesson")
    return Coalesce(Subquery(uses.annotate(n=Count("draft", distinct=True)).values("n")), 0)
