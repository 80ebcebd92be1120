"""The lessons that hold for one draft: looked up by what it is about, the best proven first."""

from dataclasses import replace

from django.db.models import Q, QuerySet

from copilot.context.earlier import Moment, lessons_in_use
from copilot.lessons import SINGLE, Rule, most_specific
from copilot.models import Draft, Lesson
from copilot.words import content

MOST = 40  # in one prompt
MOST_OF_A_WAY = 40  # read by each of the three ways in which lessons are looked up
_READ = ("pk", "kind", "before", "after", "near", "person", "tiers", "proof")


def lessons_for(draft: Draft, language: str, about: str, then: Moment | None = None) -> tuple[Rule, ...]:
    """Those in use in the team, and for whoever answers: the assignee, else who asked for the draft.

    `about` is all that the draft will be written from. The lines that every letter has, what the words in it
    call for, and the best proven of the rest, since a model chooses words that stand nowhere yet.
    """
    conversation = draft.conversation
    answers = conversation.assignee_id or draft.requested_by_id
    whose = Q(person=None) | Q(person=answers) if answers else Q(person=None)
    rows = lessons_in_use(Lesson.objects.filter(whose, team=conversation.team_id), then)
    rows = rows.filter(language__in=("", language))
    tier = conversation.account.tier if conversation.account else ""
    found = _looked_up(rows.filter(Q(tiers=[]) | Q(tiers__contains=[tier])), content(about))
    chosen = most_specific(found, tier)[:MOST]
    return tuple(_told(one, draft) for one in chosen)


def _looked_up(rows: QuerySet[Lesson], stems: set[str]) -> list[Rule]:
    """In one query: without lessons a draft pays no more than that."""
    lines, others = rows.filter(kind__in=SINGLE), rows.exclude(kind__in=SINGLE)
    called = others.filter(found_by__overlap=sorted(stems)) if stems else others.none()
    ways = [
        one.order_by("-proof", "-pk").values_list(*_READ)[:MOST_OF_A_WAY] for one in (lines, called, others)
    ]
    return [
        Rule(pk, kind, before, after, near=tuple(near), own=person is not None, tiers=tuple(tiers), proof=proof)
        for pk, kind, before, after, near, person, tiers, proof in ways[0].union(*ways[1:], all=True)
    ]


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
