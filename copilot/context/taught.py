"""The lessons that hold for one draft: looked up by what it is about, the best proven first."""

from dataclasses import replace
from typing import Any

from django.db.models import Q, QuerySet

from copilot.context.earlier import Moment, lessons_in_use
from copilot.lessons import SINGLE, Rule, most_specific
from copilot.models import Draft, Lesson
from copilot.words import content
from prepared import prepared

MOST = 40  # in one prompt
MOST_OF_A_WAY = 40  # read by each of the three ways in which lessons are looked up
_READ = ("pk", "kind", "before", "after", "near", "person", "tiers", "proof")


def lessons_for(draft: Draft, language: str, about: str, then: Moment | None = None) -> tuple[Rule, ...]:
    """Those in use in the team, and for whoever answers: the assignee, else who asked for the draft.

    `about` is all that the draft will be written from. The lines that every letter has, what the words in it
    call for, and the best proven of the rest, since a model chooses words that stand nowhere yet.
    """
    conversation = draft.conversation
    tier = conversation.account.tier if conversation.account else ""
    found = _looked_up(
        then, team=conversation.team_id, answers=conversation.assignee_id or draft.requested_by_id,
        language=language, tiers=[tier], stems=sorted(content(about)),
    )  # fmt: skip
    chosen = most_specific([_rule(*one) for one in found], tier)[:MOST]
    return tuple(_told(one, draft) for one in chosen)


@prepared
def _looked_up(
    then: Moment | None, *, team: int, answers: int | None, language: str, tiers: list[str], stems: list[str]
) -> QuerySet[Lesson, tuple[Any, ...]]:
    """In one query: without lessons a draft pays no more than that."""
    rows = lessons_in_use(Lesson.objects.filter(Q(person=None) | Q(person=answers), team=team), then)
    rows = rows.filter(Q(language="") | Q(language=language), Q(tiers=[]) | Q(tiers__contains=tiers))
    lines, others = rows.filter(kind__in=SINGLE), rows.exclude(kind__in=SINGLE)
    ways = [
        one.order_by("-proof", "-pk").values_list(*_READ)[:MOST_OF_A_WAY]
        for one in (lines, others.filter(found_by__overlap=stems), others)
    ]
    return ways[0].union(*ways[1:], all=True)


def _rule(
    pk: int, kind: str, before: str, after: str, near: list[str], person: int | None, tiers: list[str],
    proof: int,
) -> Rule:  # fmt: skip
    return Rule(
        pk, kind, before, after, near=tuple(near), own=person is not None, tiers=tuple(tiers), proof=proof
    )


def _told(rule: Rule, draft: Draft) -> Rule:
    """With the words by which the draft names it."""
    conversation = draft.conversation
    lesson = Lesson(
        kind=rule.kind, before=rule.before, after=rule.after, team=conversation.team, tiers=rule.tiers
    )
    if rule.own:
        lesson.person = conversation.assignee or draft.requested_by
    return replace(rule, title=lesson.title, scope=scope_of(lesson))


def scope_of(lesson: Lesson) -> str:
    """For whom it holds, in words."""
    if lesson.person:
        return f"only {lesson.person.first_name}"
    tiers = " and ".join(one.capitalize() or "other" for one in lesson.tiers)
    return f"{lesson.team.name}, {tiers} customers" if tiers else lesson.team.name
