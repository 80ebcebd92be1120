"""Where each offered thing came from, to which teams it went on, and what each step brought."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db.models import Count, Q
from django.http import HttpResponse
from django.urls import reverse

from copilot.access import visible_articles, visible_lessons, visible_offers, visible_saved_replies
from copilot.console.copilot_team import has_teams
from copilot.console.learning_rows import SpreadRow
from copilot.console.shell import shell
from copilot.console.visit import Visit, page
from copilot.models import LessonUse, Offer, Signal
from people.access import Standing

MOST = 200  # offers
LATEST = 2000  # replies that are looked at for what texts brought
SETTLED = Q(draft__signals__state=Signal.State.SETTLED)

type Thing = tuple[str, int]  # a lesson, an article or a saved reply, by its id


@page(allowed=has_teams)
def spread(visit: Visit) -> HttpResponse:
    rows = visible_offers(visit.who).select_related("team", "from_team", "by", "made").order_by("-pk")[:MOST]
    return visit.show(
        "spread.html",
        {"shell": shell(visit, "learning"), "section": "learning", "rows": _trees(visit, list(rows))},
    )


def _trees(visit: Visit, offers: list[Offer]) -> tuple[SpreadRow, ...]:
    """One for each thing that no offer brought; newest first."""
    steps: dict[Thing, list[Offer]] = defaultdict(list)
    for one in reversed(offers):
        if source := source_of(one):
            steps[source].append(one)
    made = {thing for one in offers if (thing := made_of(one))}
    told = _Told(visit.who, {*steps, *made})

    def grown(thing: Thing, seen: frozenset[Thing]) -> tuple[SpreadRow, ...]:
        return tuple(
            replace(told.step(one), steps=grown(next_, seen | {thing}) if next_ and next_ not in seen else ())
            for one in steps[thing]
            for next_ in [made_of(one)]
        )

    roots = [one for one in steps if one not in made]
    return tuple(
        replace(told.root(one, steps[one][0]), steps=grown(one, frozenset({one}))) for one in reversed(roots)
    )


def source_of(offer: Offer) -> Thing | None:
    return _first(("lesson", offer.lesson_id), ("article", offer.article_id), ("saved", offer.saved_reply_id))


def made_of(offer: Offer) -> Thing | None:
    return _first(("lesson", offer.made_id), ("article", offer.made_article_id), ("saved", offer.made_reply_id))


def _first(*told: tuple[str, int | None]) -> Thing | None:
    return next(((kind, pk) for kind, pk in told if pk), None)


class _Told:
    """What is said of things, read for all of them at once."""

    def __init__(self, who: Standing, things: Iterable[Thing]) -> None:
        ids: dict[str, set[int]] = defaultdict(set)
        for kind, pk in things:
            ids[kind].add(pk)
        self._seen = _seen("lesson", visible_lessons(who).filter(pk__in=ids["lesson"]))
        self._seen |= _seen("article", visible_articles(who).filter(pk__in=ids["article"]))
        self._seen |= _seen("saved", visible_saved_replies(who).filter(pk__in=ids["saved"]))
        self._brought = _by_lessons(ids["lesson"]) | _by_texts(ids["article"], ids["saved"])

    def root(self, thing: Thing, offer: Offer) -> SpreadRow:
        return SpreadRow(
            offer.title, offer.from_team.name, self._url(thing), "where it began", None, self._said(thing)
        )

    def step(self, offer: Offer) -> SpreadRow:
        thing = made_of(offer)
        word = f"{offer.get_state_display().lower()}{f' by {offer.by.name}' if offer.by else ''}"
        words = offer.made.title if offer.state == Offer.State.ADAPTED and offer.made else offer.title
        return SpreadRow(
            words, offer.team.name, self._url(thing), word, offer.decided_at or offer.created_at,
            self._said(thing) if thing else offer.why,
        )  # fmt: skip

    def _url(self, thing: Thing | None) -> str:
        if thing not in self._seen or thing is None:
            return ""
        kind, pk = thing
        names = {"article": "articles", "saved": "saved-replies"}
        return reverse("text", args=[names[kind], pk]) if kind in names else reverse("lesson", args=[pk])

    def _said(self, thing: Thing) -> str:
        untouched, of = self._brought.get(thing, (0, 0))
        if not of:
            return "No reply was sent with it yet."
        few = ", not enough yet to say more" if of < 20 else ""
        return f"{of} repl{'ies' if of > 1 else 'y'} sent with it, {untouched} as drafted{few}."


def _seen(kind: str, rows: Any) -> set[Thing]:
    return {(kind, pk) for pk in rows.values_list("pk", flat=True)}


def _by_lessons(ids: set[int]) -> dict[Thing, tuple[int, int]]:
    rows = LessonUse.objects.filter(SETTLED, lesson__in=ids).values("lesson")
    counted = rows.annotate(of=Count("pk"), whole=Count("pk", filter=Q(draft__signals__distance=0)))
    return {("lesson", one["lesson"]): (one["whole"], one["of"]) for one in counted}


def _by_texts(articles: set[int], saved: set[int]) -> dict[Thing, tuple[int, int]]:
    names: dict[str, Thing] = {f"a{pk}": ("article", pk) for pk in articles}
    names |= {f"s{pk}": ("saved", pk) for pk in saved}
    if not names:
        return {}
    rows = Signal.objects.filter(state=Signal.State.SETTLED, message=None).exclude(sources=[])
    told = rows.order_by("-pk").values_list("sources", "distance")[:LATEST]
    of: Counter[Thing] = Counter()
    whole: Counter[Thing] = Counter()
    for sources, far in told:
        for thing in {names[one] for one in sources if one in names}:
            of[thing] += 1
            whole[thing] += far == 0
    return {thing: (whole[thing], count) for thing, count in of.items()}
