"""Once an edit was learnt from, a model may name the preference behind it; a worker asks, one call for each."""

import logging
from datetime import timedelta

from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now

import bell
from copilot.drafting import naming
from copilot.drafting.engine import EngineError
from copilot.learning import named
from copilot.learning.evidence import TAUGHT_BY
from copilot.learning.mine import Delta
from copilot.models import Signal

log = logging.getLogger(__name__)

LEASE = timedelta(minutes=4)
MOST_ATTEMPTS = 3


def due_names(limit: int) -> list[int]:
    due = Signal.objects.filter(name_due_at__lte=Now()).order_by("name_due_at")
    return list(due.values_list("pk", flat=True)[:limit])


def name(signal_id: int) -> None:
    """Once, however often it is rung for; one that fails is tried again when its lease is over."""
    mine = Signal.objects.filter(pk=signal_id)
    claim = {"name_due_at": Now() + LEASE, "name_attempts": F("name_attempts") + 1}
    if not mine.filter(name_due_at__lte=Now()).update(**claim):
        return
    signal = mine.select_related(*TAUGHT_BY, "decision").get()
    again = signal.name_attempts < MOST_ATTEMPTS
    try:
        _name(signal, mine)
        again = False
    except EngineError as error:
        log.warning("signal %s: %s", signal_id, error.code)
        again = again and not error.permanent
    except Exception as error:  # whatever it is, its text may hold a customer's words
        log.warning("signal %s: %s", signal_id, type(error).__name__)
    if not again:
        mine.update(name_due_at=None)


def _name(signal: Signal, mine: QuerySet[Signal]) -> None:
    """The model is asked before the transaction."""
    customer = named.customer_of(signal)
    told = naming.name(signal, customer.names)
    if told is None:
        return
    with transaction.atomic():
        for one in told.preferences:
            named.count(signal, Delta(one.kind, one.before, one.after), customer)
        mine.update(kinds=named.kinds_of(signal.kinds, told.kinds), named_at=Now())
    bell.tell(f"conversation:{signal.conversation_id}", 0)
