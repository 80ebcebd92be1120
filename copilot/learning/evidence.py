"""What speaks for and against a lesson, read from rows for `judging` to judge."""

from collections.abc import Sequence

from copilot import lessons, slots, words
from copilot.judging import (
    ACTIVE,
    AGREE,
    LATEST_USES,
    LOOKED_BACK,
    RETIRED,
    SENTENCES,
    WINDOW,
    Bar,
    Voice,
    is_sure,
    near_of,
)
from copilot.learning.mine import Customer
from copilot.lessons import Rule
from copilot.models import Lesson, LessonRule, Offer, Signal
from people.models import User

TAUGHT_BY = ("team", "person", "draft", "conversation__contact", "conversation__account")
MOST_STEMS = 12


def customer_of(signal: Signal) -> Customer:
    """The names of this customer, and of the colleagues who may stand in a reply."""
    talk = signal.conversation
    contact, account = talk.contact, talk.account
    colleagues = User.objects.filter(memberships__team=signal.team_id).values_list("name", flat=True)
    told = [contact.name if contact else "", account.name if account else "", *colleagues]
    first = contact.first_name if contact else ""
    return Customer(first_name=first, names=slots.names_in(*told), language=talk.language or "en")


def rule_of(lesson: Lesson) -> Rule:
    return Rule(lesson.pk, lesson.kind, lesson.before, lesson.after, near=tuple(lesson.near))


def describe(lesson: Lesson) -> None:
    """Keep with a locked lesson where it belongs, by what its evidence shares, and how well it is proven."""
    near = _near(lesson) if lesson.kind in ("opening", "insert") else []
    stems = near or sorted(words.content(lesson.before))
    agree = lesson.evidence.filter(undone_at=None, agrees=True)
    lesson.near, lesson.found_by = near, [] if lesson.kind in lessons.SINGLE else stems[:MOST_STEMS]
    lesson.proof = agree.values("conversation").distinct().count()
    lesson.save(update_fields=["near", "found_by", "proof"])


def changes_nothing(lesson: Lesson, signal: Signal) -> bool:
    """One more that agrees with a lesson in use where it is in use already."""
    in_use = lesson.state == ACTIVE and (not lesson.tiers or tier_of(signal) in lesson.tiers)
    return in_use and set(lesson.near) <= _stems(signal)


def _near(lesson: Lesson) -> list[str]:
    taught = Signal.objects.filter(evidence__lesson=lesson, evidence__agrees=True, evidence__undone_at=None)
    agree = list(taught.select_related(*TAUGHT_BY).order_by("-pk")[:WINDOW])
    if not agree:
        return list(lesson.near)
    others = [one for one in recent(lesson) if one.pk not in {each.pk for each in agree}]
    return near_of([_stems(one) for one in agree], [_stems(one) for one in others])


def _stems(signal: Signal) -> set[str]:
    talk = signal.conversation
    contact = talk.contact.name if talk.contact else ""
    return words.content(slots.mask(words.body(signal.drafted), slots.names_in(contact)))


def recent(lesson: Lesson) -> list[Signal]:
    """The team's latest settled replies to drafts in the lesson's language, the newest first."""
    rows = Signal.objects.filter(team=lesson.team_id, state=Signal.State.SETTLED, decision__isnull=False)
    rows = rows.filter(conversation__language__in=("", lesson.language))
    if lesson.person_id:
        rows = rows.filter(person=lesson.person_id)
    return list(
        rows.select_related("conversation__contact", "conversation__account").order_by("-at", "-pk")[
            :LOOKED_BACK
        ]
    )


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


def bar_of(lesson: Lesson, voices: Sequence[Voice]) -> Bar:
    open_offer = Offer.objects.filter(team=lesson.team_id, key=lesson.key, state=Offer.State.OPEN)
    agree = 1 if lesson.person_id is None and open_offer.exists() else AGREE
    talks = {one.talk for one in voices if one.agrees}
    if lesson.state == ACTIVE or len(talks) < agree:
        return Bar(agree, waits=_waits(lesson), decided=lesson.accepted_by_id is not None)
    rule = rule_of(lesson)
    tiers = {one.tier for one in voices if one.agrees}  # what other tiers want, they say themselves
    heeded = [_heeded(rule, one) for one in reversed(recent(lesson)) if tier_of(one) in tiers]
    stays = (
        lesson.state == RETIRED and lesson.moves.order_by("-pk").values_list("by", flat=True)[:1][0] is not None
    )
    return Bar(
        agree, sure=is_sure(heeded, whole_sentence=lesson.kind in SENTENCES), waits=_waits(lesson), stays=stays
    )


def tier_of(signal: Signal) -> str:
    account = signal.conversation.account
    return account.tier if account else ""


def _heeded(rule: Rule, signal: Signal) -> bool | None:
    contact = signal.conversation.contact
    return lessons.heeded(rule, signal.drafted, signal.sent, contact.first_name if contact else "")


def _waits(lesson: Lesson) -> bool:
    return LessonRule.objects.filter(team=lesson.team_id, needs_yes=True).exists()
