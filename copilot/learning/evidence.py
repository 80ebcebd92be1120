"""What speaks for and against a lesson, read from rows for `judging` to judge."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Q

from copilot import lessons, slots, words
from copilot.judging import (
    ACTIVE,
    AGREE,
    LATEST_USES,
    LOOKED_BACK,
    RETIRED,
    WINDOW,
    Bar,
    Voice,
    agree_of,
    is_sure,
    length_of,
    near_of,
)
from copilot.learning import mine
from copilot.learning.mine import Customer
from copilot.learning.signals import REWRITTEN
from copilot.lessons import Rule
from copilot.models import Lesson, LessonRule, NoTeacher, Offer, Signal
from people.models import Membership

TAUGHT_BY = ("team", "person", "draft__answers", "conversation__contact", "conversation__account")
SHOWN = ("conversation__contact", "conversation__account")
READ = (
    "drafted", "sent", "lessons", "conversation__contact__name", "conversation__account__tier",
)  # fmt: skip
MOST_STEMS = 12


def colleagues_of(teams: Iterable[int]) -> dict[int, list[str]]:
    """The names of each team's people."""
    found: dict[int, list[str]] = {team: [] for team in teams}
    for team, name in Membership.objects.filter(team__in=found).values_list("team", "user__name"):
        found[team].append(name)
    return found


def customer_of(signal: Signal, colleagues: Sequence[str]) -> Customer:
    """The names of this customer, and of the colleagues who may stand in a reply."""
    talk = signal.conversation
    contact, account = talk.contact, talk.account
    told = [contact.name if contact else "", account.name if account else "", *colleagues]
    names = slots.names_in(*told)
    message = signal.draft.answers if signal.draft else None
    asked = frozenset(words.content(message.text)) if message else frozenset[str]()
    return Customer(first_name_of(signal), names, talk.language or "en", asked)


def first_name_of(signal: Signal) -> str:
    contact = signal.conversation.contact
    return contact.first_name if contact else ""


def rule_of(lesson: Lesson) -> Rule:
    return Rule(lesson.pk, lesson.kind, lesson.before, lesson.after, near=tuple(lesson.near))


@dataclass
class Past:
    """The team's latest replies beside a lesson, the newest first; read once, and only where needed."""

    lesson: Lesson

    @cached_property
    def replies(self) -> list[Signal]:
        rows = Signal.objects.filter(team=self.lesson.team_id, state=Signal.State.SETTLED)
        rows = rows.filter(Q(decision__isnull=False) | Q(body_distance__lte=REWRITTEN))
        rows = rows.filter(conversation__language__in=("", self.lesson.language))
        rows = rows.exclude(person__in=NoTeacher.objects.values("person"))
        if self.lesson.person_id:
            rows = rows.filter(person=self.lesson.person_id)
        return list(rows.select_related(*SHOWN).only(*READ).order_by("-at", "-pk")[:LOOKED_BACK])

    def added(self, signal: Signal) -> Collection[str]:
        """The sentences that lessons had put into its draft."""
        return {self._added[one["id"]] for one in signal.lessons if one["id"] in self._added}

    @cached_property
    def _added(self) -> dict[int, str]:
        ids = {one["id"] for signal in self.replies for one in signal.lessons}
        rows = Lesson.objects.filter(pk__in=ids, kind__in=lessons.ADDED) if ids else Lesson.objects.none()
        return dict(rows.values_list("pk", "after"))


def describe(lesson: Lesson, past: Past | None = None) -> None:
    """Keep with a locked lesson where it belongs, by what its evidence shares, and how well it is proven."""
    agree = lesson.evidence.filter(undone_at=None, agrees=True)
    lesson.proof = agree.values("conversation").distinct().count()
    if lesson.kind in lessons.OF_A_TOPIC and lesson.proof >= AGREE:
        lesson.near = _near(lesson, past or Past(lesson))
    if lesson.kind == "length" and lesson.accepted_by_id is None and lesson.proof:
        lesson.after = _length(lesson) or lesson.after
    lesson.found_by = stems_of(lesson.kind, lesson.before, lesson.near)
    lesson.save(update_fields=["near", "found_by", "proof", "after"])


def stems_of(kind: str, before: str, near: Sequence[str] = ()) -> list[str]:
    """By which a draft calls for a lesson; none where every letter does."""
    return [] if kind in lessons.SINGLE else list(near or sorted(words.content(before)))[:MOST_STEMS]


def changes_nothing(lesson: Lesson, signal: Signal) -> bool:
    """One more that agrees with a lesson in use where it is in use already."""
    in_use = lesson.state == ACTIVE and (not lesson.tiers or tier_of(signal) in lesson.tiers)
    return in_use and (not lesson.near or set(lesson.near) <= _stems(signal))


def _agreeing(lesson: Lesson) -> list[Signal]:
    taught = Signal.objects.filter(evidence__lesson=lesson, evidence__agrees=True, evidence__undone_at=None)
    return list(taught.select_related(*SHOWN).only(*READ).order_by("-pk")[:WINDOW])


def _length(lesson: Lesson) -> str:
    told = (mine.length(one.drafted, one.sent) for one in _agreeing(lesson))
    kept = [one for one in told if one]
    return length_of(kept) if kept else ""


def _near(lesson: Lesson, past: Past) -> list[str]:
    agree = _agreeing(lesson)
    others = [one for one in past.replies if one.pk not in {each.pk for each in agree}]
    return near_of([_stems(one) for one in agree], [_stems(one) for one in others])


def _stems(signal: Signal) -> set[str]:
    """What a draft was about, its customer's name and details aside."""
    contact = signal.conversation.contact
    told = (word for word in words.body(signal.drafted).split() if not any(one.isdigit() for one in word))
    return words.content(" ".join(told)) - words.content(contact.name if contact else "")


def voices_of(lesson: Lesson) -> list[Voice]:
    """Of the latest evidence; what contradicts only where no long row of kept uses outlived it."""
    rows = lesson.evidence.filter(undone_at=None).order_by("-pk")
    latest = rows.values_list("conversation", "agrees", "conversation__account__tier", "at")[:WINDOW]
    oldest = lesson.judged_from
    uses = lesson.uses.order_by("-draft").values_list("draft__created_at", flat=True)[:LATEST_USES]
    if len(uses) == LATEST_USES:
        oldest = max(oldest, uses[LATEST_USES - 1])
    return [
        Voice(talk, agrees, tier or "")
        for talk, agrees, tier, at in latest
        if at >= (lesson.judged_from if lesson.state == RETIRED else oldest)
        or (agrees and lesson.state != RETIRED)
    ]


def bar_of(lesson: Lesson, voices: Sequence[Voice], past: Past) -> Bar:
    open_offer = Offer.objects.filter(team=lesson.team_id, key=lesson.key, state=Offer.State.OPEN)
    agree = agree_of(lesson.kind, offered=lesson.person_id is None and open_offer.exists())
    talks = {one.talk for one in voices if one.agrees}
    if lesson.state == ACTIVE or len(talks) < agree:
        return Bar(agree, waits=_waits(lesson), decided=lesson.accepted_by_id is not None)
    rule = rule_of(lesson)
    tiers = {one.tier for one in voices if one.agrees}  # what other tiers want, they say themselves
    heeded = [
        lessons.heeded(rule, one.drafted, one.sent, first_name_of(one), past.added(one))
        for one in reversed(past.replies)
        if tier_of(one) in tiers
    ]
    stays = (
        lesson.state == RETIRED and lesson.moves.order_by("-pk").values_list("by", flat=True)[:1][0] is not None
    )
    return Bar(agree, sure=is_sure(heeded, lesson.kind), waits=_waits(lesson), stays=stays)


def tier_of(signal: Signal) -> str:
    account = signal.conversation.account
    return account.tier if account else ""


def _waits(lesson: Lesson) -> bool:
    return LessonRule.objects.filter(team=lesson.team_id, needs_yes=True).exists()
