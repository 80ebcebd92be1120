"""Rehearse on a team's past: a draft for each sampled reply, of what was known before it, beside what was sent.

Nothing here is a Draft, is sent or is told to anybody. The row of a sampled reply is the queue; one is written
at a time, so that customers who wait come first and a budget is overrun by one at the most.
"""

import logging
import random
from collections.abc import Iterable
from datetime import timedelta

from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

import bell
from copilot import words
from copilot.context.build import CONVERSATION, build_context
from copilot.context.earlier import as_it_stood, at_message
from copilot.context.value import Context
from copilot.drafting.budget import opens_again, spend
from copilot.drafting.checks import check
from copilot.drafting.checks.leaks import repeats_prompt
from copilot.drafting.engine import Engine, EngineError, Reply
from copilot.drafting.lease import LEASE, Renewed
from copilot.drafting.switch import people_only
from copilot.drafting.work import engine_in_use, place
from copilot.models import Draft, PastReply, Rehearsal, RehearsedReply, TopicLabel
from interactions.models import Conversation, Message
from people.audit import note_deed
from people.models import ApiKey, Team, User

log = logging.getLogger(__name__)
State, Run = RehearsedReply.State, Rehearsal.State

REHEARSE = "copilot.tasks.rehearse"
RETRY = timedelta(seconds=15)
MOST_ATTEMPTS = 3
ENDING = ("key_refused", "payment", "model_unknown")  # no other reply would fare better
MOST = 200  # of one rehearsal
LARGEST_SEED = 2**31 - 1


class Refused(Exception):
    """It cannot be rehearsed; the message says why and what to do."""


@transaction.atomic
def start(team: Team, size: int, seed: int, person: User, key: ApiKey | None = None) -> Rehearsal:
    """So many of the team's replies, drawn by the seed. Raises Refused."""
    if not 1 <= size <= MOST or not 0 <= seed <= LARGEST_SEED:
        raise Refused(f"Choose 1 to {MOST} replies and a seed of at most {LARGEST_SEED}. Nothing was started.")
    found = list(_repliable(team).order_by("message_id").values_list("message_id", "conversation_id"))
    if not found:
        raise Refused("No closed conversation of the team has a reply of yours yet. Nothing was started.")
    drawn = random.Random(seed).sample(found, min(size, len(found)))
    try:
        with transaction.atomic():
            made = Rehearsal.objects.create(
                team=team, seed=seed, size=len(drawn), of=len(found), started_by=person
            )
    except IntegrityError:
        raise Refused("A rehearsal of this team runs already. Stop it first, or wait for its end.") from None
    _queue(made, drawn)
    note_deed(person, "started rehearsal", made, key=key, size=made.size, seed=seed)
    ring_next()
    return made


def _repliable(team: Team) -> QuerySet[PastReply]:
    """Replies in closed conversations, but to nobody who wants to be answered by people only."""
    closed = {"conversation__team": team, "conversation__status": Conversation.Status.RESOLVED}
    rows = PastReply.objects.filter(team=team, **closed)
    return rows.exclude(conversation__contact__people_only=True).exclude(
        conversation__account__people_only=True
    )


def _queue(rehearsal: Rehearsal, drawn: Iterable[tuple[int, int]]) -> None:
    drawn = list(drawn)
    labels = TopicLabel.objects.filter(conversation__in={talk for _, talk in drawn})
    topics = dict(labels.values_list("conversation", "topic"))
    RehearsedReply.objects.bulk_create(
        RehearsedReply(rehearsal=rehearsal, message_id=message, conversation_id=talk, topic_id=topics.get(talk),
                       due_at=Now())
        for message, talk in drawn
    )  # fmt: skip


@transaction.atomic
def stop(rehearsal: Rehearsal, person: User, key: ApiKey | None = None) -> bool:
    """What was rehearsed is kept; False when it had ended."""
    running = Rehearsal.objects.filter(pk=rehearsal.pk, state=Run.RUNNING)
    stopped = running.update(state=Run.STOPPED, ended_at=Now())
    if stopped:
        note_deed(person, "stopped rehearsal", rehearsal, key=key)
    return bool(stopped)


@transaction.atomic
def go_on(rehearsal: Rehearsal, person: User, key: ApiKey | None = None) -> None:
    """With what was not rehearsed yet; after a stop, or when a budget was raised. Raises Refused."""
    waits = RehearsedReply.objects.filter(rehearsal=rehearsal, state=State.QUEUED)
    if not waits.exists():
        raise Refused("All of it was rehearsed. Start another one.")
    try:
        with transaction.atomic():
            again = Rehearsal.objects.filter(pk=rehearsal.pk).exclude(state=Run.DONE)
            again.update(state=Run.RUNNING, failure="", ended_at=None)
    except IntegrityError:
        raise Refused("Another rehearsal of this team runs. Stop it first, or wait for its end.") from None
    waits.update(due_at=Now())
    note_deed(person, "went on with rehearsal", rehearsal, key=key)
    ring_next()


def due_replies() -> list[int]:
    """The next one, while none is being written."""
    if RehearsedReply.objects.filter(state=State.QUEUED, lease_until__gt=Now()).exists():
        return []
    return list(_free().order_by("due_at", "pk").values_list("pk", flat=True)[:1])


def _free() -> QuerySet[RehearsedReply]:
    # A subquery and no join: the state is then checked again on the row itself when it is claimed.
    running = Rehearsal.objects.filter(state=Run.RUNNING)
    nobodys = Q(lease_until=None) | Q(lease_until__lt=Now())
    return RehearsedReply.objects.filter(nobodys, state=State.QUEUED, due_at__lte=Now(), rehearsal__in=running)


def ring_next() -> None:
    for reply_id in due_replies():
        bell.ring(REHEARSE, reply_id)


def rehearse(reply_id: int) -> None:
    """Once, however often it is rung for; a worker that dies lets its lease run out."""
    if not _free().filter(pk=reply_id).update(lease_until=Now() + LEASE, attempts=F("attempts") + 1):
        return
    related = (f"message__conversation__{name}" for name in CONVERSATION if name != "case__until")
    row = RehearsedReply.objects.select_related("rehearsal__team", *related).get(pk=reply_id)
    try:
        if not _is_paused(row):
            with Renewed(lambda: _mine(row).update(lease_until=Now() + LEASE)):
                _write(row, engine_in_use())
    except EngineError as error:
        end = _end if error.code in ENDING else _fail
        end(row, error)
    except Exception as error:
        # The type alone: an exception's message may quote what a customer wrote.
        log.error("rehearsed reply %s broke down: %s at %s", row.pk, type(error).__name__, place(error))
        _fail(row, EngineError("crashed", permanent=False))
    end_finished()
    ring_next()


def _is_paused(row: RehearsedReply) -> bool:
    """Where the team's budget is used up, all that waits does so until it opens again."""
    until = opens_again(row.rehearsal.team)
    if until is None:
        return False
    with transaction.atomic():
        _mine(row).update(lease_until=None, attempts=F("attempts") - 1)
        RehearsedReply.objects.filter(rehearsal=row.rehearsal, state=State.QUEUED).update(due_at=until)
    return True


def _write(row: RehearsedReply, engine: Engine) -> None:
    if row.attempts > MOST_ATTEMPTS:  # its workers died
        raise EngineError("crashed", permanent=True)
    conversation = row.message.conversation
    asked = answered_by(row.message)
    if asked is None or people_only(conversation):
        raise EngineError("people_only" if asked else "nothing_asked", permanent=True)
    draft = Draft(conversation=as_it_stood(conversation, asked))
    context = build_context(draft, at_message(asked))
    reply = engine.write(context, lambda text: None)
    if repeats_prompt(reply.text):
        raise EngineError("instructions", permanent=True, usage=reply.usage)
    _keep(row, context, reply, engine.name)


def answered_by(reply: Message) -> Message | None:
    """The newest message of the customer before a reply; what a colleague noted after it is not seen."""
    before = Q(sent_at__lt=reply.sent_at) | Q(sent_at=reply.sent_at, pk__lt=reply.pk)
    asked = Message.objects.filter(
        before, conversation=reply.conversation_id, by=Message.By.CUSTOMER, automatic=""
    )
    return asked.order_by("-sent_at", "-pk").first()


def _keep(row: RehearsedReply, context: Context, reply: Reply, engine: str) -> None:
    """With what it cost, together; a row that was erased meanwhile takes nothing in."""
    abstained = reply.abstained or not reply.text.strip()
    found = [one.to_json() for one in check(reply, context)]
    with transaction.atomic():
        _mine(row).update(
            state=State.DONE, text=reply.text, abstained=abstained, missing=list(reply.missing), checks=found,
            unsupported=sum(one["tick"] for one in found), failure="", lease_until=None, done_at=Now(),
            distance=None if abstained else words.distance(reply.text, row.message.text),
            engine=engine, model=reply.model, prompt_version=reply.prompt_version,
            cost_micros=F("cost_micros") + reply.usage.cost_micros,
        )  # fmt: skip
        spend(row.rehearsal.team, reply.usage, drafts=0)


def _fail(row: RehearsedReply, error: EngineError) -> None:
    again = not error.permanent and row.attempts < MOST_ATTEMPTS
    with transaction.atomic():
        _mine(row).update(
            state=State.QUEUED if again else State.FAILED, failure=error.code, lease_until=None,
            due_at=Now() + RETRY, cost_micros=F("cost_micros") + error.usage.cost_micros,
            done_at=None if again else Now(),
        )  # fmt: skip
        spend(row.rehearsal.team, error.usage, drafts=0)


def _end(row: RehearsedReply, error: EngineError) -> None:
    """The provider writes for nobody here: all that waits does so until a person goes on, once it is mended."""
    with transaction.atomic():
        _mine(row).update(lease_until=None, attempts=F("attempts") - 1)
        running = Rehearsal.objects.filter(pk=row.rehearsal_id, state=Run.RUNNING)
        running.update(state=Run.STOPPED, failure=error.code, ended_at=Now())
    log.warning("rehearsal %s was stopped: %s", row.rehearsal_id, error.code)


def _mine(row: RehearsedReply) -> QuerySet[RehearsedReply]:
    """While it is still this worker's."""
    return RehearsedReply.objects.filter(pk=row.pk, state=State.QUEUED, attempts=row.attempts)


def end_finished() -> int:
    """Rehearsals of which nothing waits any more, erased rows included."""
    waits = RehearsedReply.objects.filter(rehearsal=OuterRef("pk"), state=State.QUEUED)
    running = Rehearsal.objects.filter(~Exists(waits), state=Run.RUNNING)
    return running.update(state=Run.DONE, ended_at=Now())
