"""Propose what belongs together though no offer led to it: a lesson that three teams learnt each for itself,
and a lesson of one team with an article of another on the same topic.

All is derived from rows: where a team's evidence goes, so does the proposal. An article and a lesson are about
the same where their replies have one topic by name and the article has every word that calls for the lesson.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q

from copilot import words
from copilot.judging import AGREE
from copilot.learning.offering_texts import masked, users_of
from copilot.lessons import SINGLE
from copilot.models import Article, Lesson, Offer, Signal, Topic
from people.models import Team

ALIKE = 3  # teams
LATEST = 5000  # settled replies, for those that drew on articles
MOST = 100  # pairs of an article and a topic
MOST_BESIDE = 20  # lessons beside one of them
TAKEN = (Offer.State.ACCEPTED, Offer.State.ADAPTED, Offer.State.CONFIRMED)


@transaction.atomic
def refresh() -> None:
    """Make the open proposals what the evidence has them be today."""
    wanted = _wanted()
    standing = Offer.objects.select_for_update(of=("self",)).filter(state=Offer.State.OPEN)
    for offer in standing.exclude(evidence=[]):
        if (offer.team_id, offer.key) not in wanted:
            _withdraw(offer)
    for place, one in wanted.items():
        same = standing.filter(team=place[0], key=place[1]).exclude(evidence=one.evidence)
        same.update(evidence=one.evidence, agree=one.agree, version=F("version") + 1)
    Offer.objects.bulk_create(wanted.values(), ignore_conflicts=True)


def stands(offer: Offer) -> bool:
    """Whether the evidence still has what was proposed."""
    return not offer.together or (offer.team_id, offer.key) in _wanted()


def _wanted() -> dict[tuple[int, str], Offer]:
    return {(one.team_id, one.key): one for one in (*_alike(), *_belonging())}


def _withdraw(offer: Offer) -> None:
    """What a team had offered by itself stays."""
    if offer.together:
        offer.delete()
    else:
        Offer.objects.filter(pk=offer.pk).update(evidence=[], version=F("version") + 1)


def _learnt() -> Any:
    """Team lessons that rest on edits of the team's own."""
    own = Lesson.objects.filter(state=Lesson.State.ACTIVE, person=None, tiers=[], proof__gte=AGREE)
    return own.exclude(origins__state__in=TAKEN)


def _alike() -> Iterable[Offer]:
    keys = _learnt().values("key").annotate(n=Count("team", distinct=True)).filter(n__gte=ALIKE).values("key")
    found: dict[str, list[Lesson]] = defaultdict(list)
    for lesson in _learnt().filter(key__in=keys).select_related("team").order_by("pk"):
        found[lesson.key].append(lesson)
    for key, same in found.items():
        first = same[0]
        has = Q(lessons__key=key, lessons__person=None, lessons__state=Lesson.State.ACTIVE)
        proofs = [_proof(one.team, one.proof) for one in same]
        for team in Team.objects.exclude(has):
            yield _of_lesson(first, team, key, proofs)


def _of_lesson(lesson: Lesson, team: Team, key: str, proofs: list[dict[str, Any]]) -> Offer:
    return Offer(
        lesson=lesson, from_team=lesson.team, team=team, kind=lesson.kind, language=lesson.language, key=key,
        before=lesson.before, after=lesson.after, evidence=proofs, together=True,
        agree=sum(one["agree"] for one in proofs if not one["of"]),
    )  # fmt: skip


def _proof(team: Team, agree: int, of: int = 0) -> dict[str, Any]:
    return {"team": team.pk, "name": team.name, "agree": agree, "of": of}


@dataclass(frozen=True, slots=True)
class _Used:
    """An article on which a team's replies on one topic drew: how many, and how many went out as drafted."""

    article: Article
    team: Team
    topic: str
    kept: int
    of: int


def _belonging() -> Iterable[Offer]:
    for used in _well_used():
        called = sorted(words.content(f"{used.article.title} {used.article.body}"))
        beside = _learnt().filter(found_by__contained_by=called, language=used.article.language)
        beside = beside.exclude(found_by=[]).exclude(kind__in=SINGLE).exclude(team__in=users_of(used.article))
        about = Q(evidence__undone_at=None, evidence__agrees=True)
        about &= Q(evidence__conversation__topic__iexact=used.topic)
        beside = beside.annotate(talks=Count("evidence__conversation", filter=about, distinct=True))
        for lesson in beside.filter(talks__gte=AGREE).select_related("team").order_by("pk")[:MOST_BESIDE]:
            yield from _both(lesson, used)


def _well_used() -> Iterable[_Used]:
    """What two replies drew on and left as drafted, in a team whose own the article is."""
    rows = Signal.objects.filter(state=Signal.State.SETTLED, message=None).exclude(conversation__topic="")
    told = rows.order_by("-pk").values_list("team", "conversation__topic", "sources", "distance")[:LATEST]
    counts: dict[tuple[int, int, str], list[bool]] = defaultdict(list)
    for team, topic, sources, far in told:
        for one in {one for one in sources if one.startswith("a")}:
            counts[int(one[1:]), team, topic].append(far == 0)
    good = {place: kept for place, kept in counts.items() if sum(kept) >= AGREE}
    of_teams = Article.objects.filter(retired_at=None, teams__isnull=False)
    articles = of_teams.distinct().in_bulk({article for article, _, _ in good})
    teams = Team.objects.in_bulk({team for _, team, _ in good})
    best = sorted(good.items(), key=lambda one: (-sum(one[1]), one[0]))[:MOST]
    for (article, team, topic), kept in best:
        if article in articles:
            yield _Used(articles[article], teams[team], topic, sum(kept), len(kept))


def _both(lesson: Lesson, used: _Used) -> Iterable[Offer]:
    """To every team with this topic, the two included: each takes over what it lacks."""
    key = sha256(f"{lesson.key} a{used.article.pk}".encode()).hexdigest()
    proofs = [_proof(lesson.team, lesson.proof), _proof(used.team, used.kept, used.of)]
    topics = Topic.objects.filter(name__iexact=used.topic, retired_at=None).values("team")
    for team in Team.objects.filter(Q(pk__in=topics) | Q(pk__in=(lesson.team_id, used.team.pk))):
        offer = _of_lesson(lesson, team, key, proofs)
        offer.from_team = used.team if team.pk == lesson.team_id else lesson.team
        offer.article, offer.kept, offer.of = used.article, used.kept, used.of
        offer.heading, offer.body = masked(used.article.title)[:200], masked(used.article.body)
        yield offer
