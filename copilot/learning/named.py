"""A preference that a model named behind an edit: it counts where this edit and earlier ones bear it out."""

from collections.abc import Iterable, Sequence

from copilot.judging import SURE, WINDOW, lower_bound
from copilot.learning import evidence, ledger
from copilot.learning.evidence import TAUGHT_BY, Past, colleagues_of
from copilot.learning.mine import Customer, Delta, may_be_kept
from copilot.learning.moves import Refused, worded
from copilot.learning.signals import is_edit
from copilot.learning.teach import shadow_of
from copilot.lessons import Rule
from copilot.models import Lesson, NoTeacher, Signal

GRAVE = (Signal.Kind.POLICY, Signal.Kind.FACT, Signal.Kind.PRIVACY)


def customer_of(signal: Signal) -> Customer:
    return evidence.customer_of(signal, colleagues_of([signal.team_id])[signal.team_id])


def count(signal: Signal, told: Delta, customer: Customer) -> bool:
    """Keep it as a lesson that this reply and those that made the same change agree with; False where it may
    not be kept, or where they do not bear it out. In a transaction."""
    try:
        delta = Delta(told.kind, *worded(told.kind, told.before, told.after))
    except Refused:
        return False
    if not may_be_kept(delta, customer):
        return False
    agree = _agreeing(signal, delta)
    if agree:
        ledger.count_named([signal, *agree], delta)
    return bool(agree)


def _agreeing(signal: Signal, delta: Delta) -> list[Signal]:
    """The team's earlier replies that it would have brought nearer to what was sent, as it does this one."""
    if signal.person_id is None or NoTeacher.objects.filter(person=signal.person_id).exists():
        return []
    rule = Rule(0, delta.kind, delta.before, delta.after)
    if _gain(rule, signal) <= 0:
        return []
    lesson = Lesson(team_id=signal.team_id, kind=delta.kind, language=signal.conversation.language or "en")
    others = [one for one in Past(lesson).replies if one.conversation_id != signal.conversation_id]
    gains = [(one.pk, _gain(rule, one)) for one in others]
    nearer = [pk for pk, gain in gains if gain > 0]
    farther = sum(gain < 0 for _, gain in gains)
    if not nearer or lower_bound(len(nearer) + 1, len(nearer) + 1 + farther) < SURE:
        return []
    edits = Signal.objects.filter(pk__in=nearer[: WINDOW - 1]).exclude(person=None)
    return [one for one in edits.select_related(*TAUGHT_BY, "decision").order_by("pk") if is_edit(one)]


def _gain(rule: Rule, signal: Signal) -> float:
    shadow = shadow_of(rule, signal)
    return shadow.nearer if shadow else 0.0


def kinds_of(by_rules: Iterable[str], by_model: Sequence[str]) -> list[str]:
    """A model says which of the light kinds it is; what the rules found grave stays so."""
    told = {one for one in by_rules if one in GRAVE} | set(by_model)
    return [kind.value for kind in Signal.Kind if kind in told] if by_model else list(by_rules)
