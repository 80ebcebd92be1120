"""The ledger of lessons, for all of a team to read; its leads accept, reword, retire and bring back."""

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.db.models import Q, QuerySet
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.access import counted_lessons, decidable_offers, movable_lessons, visible_lessons, visible_offers
from copilot.console.copilot_team import has_teams, may_lead, team_and_chips
from copilot.console.learning_rows import EffectRow, LessonRow, MeasuredRow, MoveRow, Proof, labels_of
from copilot.console.offers import offer_rows
from copilot.console.rows import Place
from copilot.console.shell import shell
from copilot.console.visit import Visit, page
from copilot.context.taught import scope_of
from copilot.learning import moves, trials
from copilot.learning.proof import effect_of
from copilot.learning.trials import Comparison
from copilot.models import Lesson, LessonRule, Offer
from interactions.access import visible_conversations
from people.models import Team

State = Lesson.State
MOST = 200
LOOKS = {State.PROPOSED: ("", "dotted"), State.ACTIVE: ("pencil", "target"), State.RETIRED: ("", "dropped")}
VERBS = {"accept": moves.accept, "retire": moves.retire, "back": moves.bring_back}
SAID = {
    "accept": "Accepted. The next drafts have it.",
    "retire": "Retired. The next drafts are without it.",
    "back": "Back in use from the next draft on.",
    "offer": "Offered. Their leads find it among the offers between teams.",
    "reword": "Kept in your words. The next drafts have it.",
}


@page("GET", "HEAD", "POST", allowed=has_teams)
def learning(visit: Visit) -> HttpResponse:
    """All lessons of a team. A POST says whether new ones wait for a lead."""
    team, chips = team_and_chips(visit, "learning")
    leads = team is not None and may_lead(visit, team)
    if visit.request.method == "POST":
        if team is None or not leads:
            raise Http404
        told = {name: bool(visit.request.POST.get(name)) for name in ("needs_yes", "holds_back")}
        moves.set_rule(team, visit.person, **told)
        messages.success(visit.request, f"Kept for {team}.")
        return visit.go(f"{reverse('learning')}?team={team.pk}")
    state = visit.request.GET.get("state", "")
    context = {
        "shell": shell(visit, "learning"), "section": "learning", "chips": chips, "team": team,
        "states": _states(team, state), "lessons": _rows(visit, team, state) if team else (), "leads": leads,
        "open_offers": decidable_offers(visit.who).filter(state=Offer.State.OPEN).count(),
        "rule": LessonRule.objects.filter(team=team).first() or LessonRule(), "state": state,
    }  # fmt: skip
    return visit.show("learning.html", context)


def measured_row(one: Comparison) -> MeasuredRow:
    told = (round(100 * part, 1) for part in (one.without, one.with_it, one.mean, one.low, one.high))
    return MeasuredRow(one.held, one.given, one.is_enough, one.shows_nothing, *told)


def _states(team: Team | None, current: str) -> tuple[Place, ...]:
    here = f"{reverse('learning')}?team={team.pk}" if team else reverse("learning")
    told = [("", "All"), *State.choices]
    return tuple(
        Place("learning", label, f"{here}&state={value}" if value else here, current=value == current)
        for value, label in told
    )


def _rows(visit: Visit, team: Team, state: str) -> tuple[LessonRow, ...]:
    rows = visible_lessons(visit.who).filter(team=team)
    if state in State.values:
        rows = rows.filter(state=state)
    leads, mine = may_lead(visit, team), visit.who.user_id
    return tuple(
        row(one, may_move=leads or one.person_id == mine)
        for one in counted_lessons(rows).order_by("-pk")[:MOST]
    )


def row(lesson: Any, *, may_move: bool) -> LessonRow:
    tone, glyph = LOOKS[State(lesson.state)]
    deed = str(lesson.last_deed or "learnt").capitalize()
    return LessonRow(
        id=lesson.pk, url=reverse("lesson", args=[lesson.pk]), title=lesson.title,
        kind=lesson.get_kind_display(), before=lesson.before, after=lesson.after, scope=scope_of(lesson),
        state=lesson.state, word=lesson.get_state_display(), tone=tone, glyph=glyph, agree=lesson.agree,
        against=lesson.against, uses=lesson.used, version=lesson.version, may_move=may_move,
        moved=f"{deed} by {lesson.last_by}" if lesson.last_by else f"{deed} from edits",
        **labels_of(lesson.kind),
        offerable=lesson.person_id is None and not lesson.tiers,
    )  # fmt: skip


@page("GET", "HEAD", "POST", allowed=has_teams)
def lesson(visit: Visit, lesson_id: int) -> HttpResponse:
    """One lesson with its evidence and its moves; a POST moves it."""
    if visit.request.method == "POST":
        return _move(visit, lesson_id)
    found = counted_lessons(visible_lessons(visit.who)).filter(pk=lesson_id).first()
    if found is None:
        raise Http404
    own, alike = trials.of_lesson(found)
    shown = row(found, may_move=movable_lessons(visit.who).filter(pk=lesson_id).exists())
    context = {
        "shell": shell(visit, "learning"), "section": "learning", "lesson": shown,
        "moves": [
            MoveRow(one.deed.capitalize(), one.by.name if one.by else "", one.why, one.at)
            for one in found.moves.select_related("by").order_by("-pk")
        ],
        "proofs": list(_proofs(visit, found)),
        "effect": effect_row(found), "measured": measured_row(own), "alike": measured_row(alike),
        "spread": offer_rows(visit, _offers_of(visit, found)),
    }  # fmt: skip
    return visit.show("lesson.html", context)


def effect_row(found: Lesson) -> EffectRow:
    told = effect_of(found)
    mean, low, high = (round(100 * one, 1) for one in (told.mean, told.low, told.high))
    return EffectRow(told.n, told.is_enough, mean, low, high)


def _offers_of(visit: Visit, found: Lesson) -> QuerySet[Offer]:
    """Where it came from, and which teams were offered it."""
    return visible_offers(visit.who).filter(Q(lesson=found) | Q(made=found)).order_by("pk")


def _proofs(visit: Visit, found: Lesson) -> Iterable[Proof]:
    rows = list(found.evidence.select_related("person").order_by("-pk")[:MOST])
    told = {one.conversation_id for one in rows}
    seen = set(visible_conversations(visit.who).filter(pk__in=told).values_list("pk", flat=True))
    for one in rows:
        url = reverse("conversation", args=[one.conversation_id]) if one.conversation_id in seen else ""
        by = one.person.name if one.person else "A colleague"
        yield Proof(by, one.agrees, one.undone_at is not None, one.at, url)


def _move(visit: Visit, lesson_id: int) -> HttpResponse:
    post = visit.request.POST
    deed, version = post.get("do", ""), post.get("version", "")
    movable = movable_lessons(visit.who).filter(pk=lesson_id).exists()
    if not movable or deed not in SAID or not version.isdecimal() or len(version) > 9:
        raise Http404
    try:
        if deed == "offer":
            moves.offer_now(lesson_id, int(version), visit.person)
        elif deed == "reword":
            told = (post.get("before", ""), post.get("after", ""))
            moves.reword(lesson_id, int(version), visit.person, *told)
        else:
            VERBS[deed](lesson_id, int(version), visit.person, post.get("why", "").strip())
        messages.success(visit.request, SAID[deed])
    except moves.Refused as refusal:
        messages.error(visit.request, str(refusal))
    return visit.go(reverse("lesson", args=[lesson_id]))
