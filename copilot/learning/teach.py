"""A lesson that a person writes: what it would have changed on past drafts, and its place in the ledger."""

from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now

from copilot import lessons, words
from copilot.learning import ledger, moves
from copilot.learning.evidence import TAUGHT_BY, describe
from copilot.learning.mine import Customer, Delta, may_be_kept
from copilot.learning.said import read
from copilot.lessons import Rule
from copilot.models import Lesson, Signal
from interactions.models import Conversation
from people.audit import note_deed
from people.models import ApiKey, Team, User

LOOKED_AT = 100
HOW = (
    "Take one of these forms: Say “invoice”, not “bill”. Leave out “As discussed.” Close with “Best wishes”. "
    "Greet with “Good day {name}”. Begin with “Thank you.” Add “Our door is open.” "
    "Put “refund” first. Put the question last. Keep it to 3 sentences. Nothing was changed."
)


@dataclass(frozen=True, slots=True)
class Shadow:
    """A past draft with the lesson applied; `nearer` than it was to what was sent, in word distance."""

    conversation_id: int
    before: str
    after: str
    nearer: float


def understood(sentence: str) -> Delta:
    """The change it asks for, without a customer's details, or Refused."""
    delta = read(sentence)
    if delta is None:
        raise moves.Refused(HOW)
    before, after = moves.worded(delta.kind, delta.before, delta.after)
    if not may_be_kept(Delta(delta.kind, before, after), Customer()):
        raise moves.Refused("A lesson holds no name, number, date, address or link. Nothing was changed.")
    return Delta(delta.kind, before, after)


def shadows(delta: Delta, team: Team, language: str) -> list[Shadow]:
    """The team's latest drafts that it would have changed, offline, the newest first."""
    rows = Signal.objects.filter(team=team, state=Signal.State.SETTLED, decision__isnull=False)
    rows = rows.filter(conversation__language__in=("", language)).select_related(*TAUGHT_BY)
    found = []
    for signal in rows.order_by("-at", "-pk")[:LOOKED_AT]:
        shadow = shadow_of(Rule(0, delta.kind, delta.before, delta.after), signal)
        if shadow:
            found.append(shadow)
    return found


def shadow_of(rule: Rule, signal: Signal) -> Shadow | None:
    contact = signal.conversation.contact
    text = lessons.shaped(signal.drafted, [rule], contact.first_name if contact else "").text
    if text == signal.drafted:
        return None
    nearer = words.distance(signal.drafted, signal.sent) - words.distance(text, signal.sent)
    return Shadow(signal.conversation_id, signal.drafted, text, nearer)


@transaction.atomic
def teach(
    sentence: str, team: Team, person: User, conversation: Conversation | None = None,
    key: ApiKey | None = None, *, only_me: bool = False, may_decide: bool = False,
) -> Lesson:  # fmt: skip
    """In use at once for oneself, or for the team where a lead says so; else proposed, with this one voice."""
    delta = understood(sentence)
    language = (conversation.language if conversation else "") or "en"
    own = ledger.key_of(delta.kind, language, delta.before, delta.after)
    told = {"kind": delta.kind, "language": language, "before": delta.before, "after": delta.after}
    whose = person if only_me else None
    lesson, made = Lesson.objects.get_or_create(team=team, person=whose, key=own, defaults=told)
    lesson = Lesson.objects.select_for_update().get(pk=lesson.pk)
    lesson.after = delta.after  # of two lengths the one that a person said
    describe(lesson)
    if made:
        ledger.note_move(lesson, "taught", person)
    if conversation:
        ledger.add(lesson, conversation, person, None, agrees=True)
        lesson.refresh_from_db()
    if lesson.state != Lesson.State.ACTIVE and (only_me or may_decide):
        ledger.move(lesson, Lesson.State.ACTIVE, "accepted", by=person, accepted_by=person, judged_from=Now())
    note_deed(person, "taught lesson", lesson, key=key)
    return lesson
