"""The house's sense, kept: settled replies whose writers had asked for our words teach it, each of them once.

What settled since it was last kept is learnt at each asking, so that the next offer knows of it. Where somebody
opts out or is erased, what is kept goes at once and is learnt anew from the replies that are left.
"""

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from copilot.learning.sense import Sense
from copilot.models import HouseSense, NoTeacher, Signal

FORM = 1  # to be raised with whatever changes the features or how they are kept
AT_ONCE = 500  # replies; memory holds one such batch
WORTH_KEEPING = 25  # replies: a row of megabytes is not written for each
DUE = Q(state=Signal.State.SETTLED, choice__isnull=False, choice_learnt_at=None)


def sense_of_today() -> Sense:
    """With all that settled up to now; where more than a batch is not kept yet, with the newest of it."""
    sense = _taken_up(HouseSense.objects.filter(form=FORM).first())
    _teach(sense, reversed(_due().order_by("-pk")[:AT_ONCE]))
    return sense


@transaction.atomic
def keep_due(least: int | None = None) -> int:
    """Learn a batch of what is due, the oldest first, if it is worth keeping; how many there were."""
    if _due().count() < (WORTH_KEEPING if least is None else least):
        return 0
    row = _locked()
    due = list(_due().order_by("pk")[:AT_ONCE])
    sense = _taken_up(row)
    _teach(sense, due)
    _keep(row, sense, len(due))
    Signal.objects.filter(pk__in=[one.pk for one in due]).update(choice_learnt_at=Now())
    return len(due)


@transaction.atomic
def forget() -> None:
    """All of it, so that it is learnt anew from what is left."""
    list(HouseSense.objects.select_for_update())
    HouseSense.objects.all().delete()
    Signal.objects.exclude(choice_learnt_at=None).update(choice_learnt_at=None)


def _due() -> QuerySet[Signal]:
    return Signal.objects.filter(DUE).only("team", "person", "choice")


def _teach(sense: Sense, signals: Iterable[Signal]) -> None:
    """By whoever wants to teach."""
    untaught = set(NoTeacher.objects.values_list("person", flat=True))
    for one in signals:
        if one.choice and one.person_id not in untaught:
            sense.learn(str(one.team_id), one.choice)


def _locked() -> HouseSense:
    """One of another form is no use any more, so what was learnt for it is due again."""
    row = HouseSense.objects.select_for_update().first()
    if row and row.form == FORM:
        return row
    forget()
    return HouseSense(form=FORM)


def _taken_up(row: HouseSense | None) -> Sense:
    sense = Sense()
    if row and row.learnt:
        gate = sense.gate
        sense.taste.fitness.take_up(bytes(row.fitness))
        gate.gains.take_up(bytes(row.gains))
        gate.harms.take_up(bytes(row.harms))
        gate.price.take_up(row.prices["all"])
        gate.young_price.take_up(row.prices["young"])
        gate.turns.update(row.prices["turns"])
    return sense


def _keep(row: HouseSense, sense: Sense, more: int) -> None:
    gate = sense.gate
    row.fitness, row.gains, row.harms = sense.taste.fitness.kept(), gate.gains.kept(), gate.harms.kept()
    row.prices = {"all": gate.price.kept(), "young": gate.young_price.kept(), "turns": dict(gate.turns)}
    row.learnt += more
    row.save()
