"""What a drafting worker does with one draft: claim, read, write, check, and say how it went."""

import logging
import secrets
import time
import traceback
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from copilot.context.build import CONVERSATION, build_context, newest_customer_message
from copilot.context.value import Context
from copilot.drafting import case
from copilot.drafting.asking import ask
from copilot.drafting.budget import check_budget, spend
from copilot.drafting.checks import check
from copilot.drafting.checks.leaks import repeats_prompt
from copilot.drafting.engine import Engine, EngineError, Reply, Stopped, Usage
from copilot.drafting.lease import LEASE, Renewed
from copilot.drafting.moves import claim, grow, move, tell
from copilot.drafting.offline import Offline
from copilot.drafting.serving import serving
from copilot.drafting.switch import may_write, people_only
from copilot.drafting.topic import NOBODY, propose_topic, reasons_to_abstain
from copilot.lessons import Rule, bears
from copilot.models import Draft, Lesson, LessonTrial, LessonUse
from interactions import outbox
from prepared import first, prepared

if TYPE_CHECKING:
    from copilot.drafting.claude import Claude

log = logging.getLogger(__name__)
State = Draft.State

TEXT_EVERY_SECONDS = 0.1
MOST_ATTEMPTS = 3
RETRY_SECONDS = (2, 15)


def model_in_use() -> "Claude | None":
    """Claude (or a server that speaks its API) when a key or an address is set."""
    if settings.ANTHROPIC_API_KEY or settings.ANTHROPIC_BASE_URL:
        from copilot.drafting.claude import Claude

        return Claude()
    return None


def engine_in_use() -> Engine:
    return model_in_use() or Offline()


def work(draft_id: int) -> None:
    draft = _claim(draft_id)
    if draft is None:
        return
    with Renewed(lambda: _renew(draft)):
        try:
            _write(draft, engine_in_use())
        except Stopped as stopped:
            log.info("draft %s was taken away while it was written", draft_id)
            _pay(draft, stopped.usage)
        except EngineError as error:
            _fail(draft, error)
        except Exception as error:
            # The type alone: an exception's message may quote what a customer wrote.
            log.error("draft %s broke down: %s at %s", draft_id, type(error).__name__, place(error))
            _fail(draft, EngineError("crashed", permanent=False, reference=type(error).__name__))


def _pay(draft: Draft, usage: Usage) -> None:
    """For words that nobody will read; the draft may be another worker's by now, or gone."""
    if usage.input or usage.output:
        with transaction.atomic():
            Draft.objects.filter(pk=draft.pk).update(cost_micros=F("cost_micros") + usage.cost_micros)
            spend(draft.conversation.team, usage)


def place(error: BaseException) -> str:
    """The innermost file and line of an error, for a log without its message."""
    frames = traceback.extract_tb(error.__traceback__)
    return f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "nowhere"


def _claim(draft_id: int) -> Draft | None:
    if not claim(draft_id):
        return None
    [draft] = _to_write(draft=draft_id)
    tell(draft)
    return draft


@prepared
def _to_write(*, draft: int) -> QuerySet[Draft]:
    """With all that the Context wants of the conversation, so that nothing of it is read twice."""
    return Draft.objects.select_related(*(f"conversation__{name}" for name in CONVERSATION)).filter(pk=draft)


def _write(draft: Draft, engine: Engine) -> None:
    if people_only(draft.conversation):
        raise EngineError("people_only", permanent=True)
    propose_topic(draft.conversation)
    if not may_write(draft.conversation, draft.requested_by):
        raise EngineError("drafting_off", permanent=True)
    if reasons := reasons_to_abstain(draft):
        _stand_back(draft, reasons)
        return
    check_budget(draft)
    context = build_context(draft)
    if context.outgrown:
        case.want(draft.conversation)
    reply = engine.write(context, _Saying(draft))
    if repeats_prompt(reply.text):
        raise EngineError("instructions", permanent=True, usage=reply.usage)
    _finish(draft, context, reply, engine.name)


def _stand_back(draft: Draft, reasons: tuple[str, ...]) -> None:
    """Ready without a word: no model was asked, and the reasons say what a person can do."""
    with transaction.atomic():
        held = _held(draft)
        if held is None:
            raise Stopped
        move(held, State.READY, text="", abstained=True, missing=list(reasons), engine=NOBODY, model="",
             ready_at=Now(), lease_until=None)  # fmt: skip
        announce_ready(held)


class _Saying:
    """Saves the text as it grows, ten times a second at the most; raises Stopped when it may not."""

    def __init__(self, draft: Draft) -> None:
        self._draft = draft
        self._next = 0.0

    def __call__(self, text: str) -> None:
        now = time.monotonic()
        if now < self._next or not text:
            return
        self._next = now + TEXT_EVERY_SECONDS
        if not grow(self._draft, text):
            raise Stopped


def _finish(draft: Draft, context: Context, reply: Reply, engine: str) -> None:
    """Ready; or stale when the customer wrote again while it was being written."""
    with transaction.atomic():
        held = _held(draft)
        if held is None:
            raise Stopped(reply.usage)
        newest = newest_customer_message(draft.conversation_id)
        answered = draft.answers_id is None or newest is None or newest[0] == draft.answers_id
        move(
            held,
            State.READY if answered else State.STALE,
            text=reply.text,
            abstained=reply.abstained or not reply.text.strip(),
            missing=list(reply.missing),
            sources=sources_of(reply, context),
            unused=[{"what": one.what, "why": one.why} for one in context.unused],
            checks=[one.to_json() for one in check(reply, context)],
            lessons=_lessons(held, reply, context),
            goals=serving(reply, context),
            engine=engine,
            model=reply.model,
            prompt_version=reply.prompt_version,
            usage={"input": reply.usage.input, "output": reply.usage.output,
                   "cache_read": reply.usage.cache_read, "cache_write": reply.usage.cache_write},
            cost_micros=F("cost_micros") + reply.usage.cost_micros,
            ready_at=Now(),
            lease_until=None,
        )  # fmt: skip
        _keep_trial(held, context)
        spend(draft.conversation.team, reply.usage)
        ask(held, reply, context)
        announce_ready(held)


def _lessons(draft: Draft, reply: Reply, context: Context) -> list[dict[str, Any]]:
    """Those that shaped the text, for the draft; each use is counted. One may be gone by now."""
    name = context.customer_first_name
    borne = {
        rule.id for rule in context.lessons if bears(reply.text, rule, name) or _left_out(rule, reply, context)
    }
    borne |= reply.lessons
    there = set(Lesson.objects.filter(pk__in=borne).values_list("pk", flat=True)) if borne else set()
    used = [rule for rule in context.lessons if rule.id in there]
    draft.lesson_uses.exclude(lesson__in=there).delete()
    LessonUse.objects.bulk_create(
        [LessonUse(lesson_id=rule.id, draft=draft) for rule in used], ignore_conflicts=True
    )
    return [{"id": rule.id, "title": rule.title, "scope": rule.scope} for rule in used]


def _keep_trial(draft: Draft, context: Context) -> None:
    """Of the wording that stands; a lesson may be gone by now."""
    trial = context.trial
    if trial and Lesson.objects.filter(pk=trial.lesson).exists():
        LessonTrial.objects.update_or_create(
            draft=draft, defaults={"lesson_id": trial.lesson, "held": trial.held, "applied_at": None}
        )
    else:
        LessonTrial.objects.filter(draft=draft, applied_at=None).delete()


def _left_out(rule: Rule, reply: Reply, context: Context) -> bool:
    """A sentence of what the reply was written from that it went without."""
    gone = rule.kind == Lesson.Kind.DELETE and rule.before not in reply.text
    return gone and any(rule.before in item.text for item in context.items)


def _held(draft: Draft) -> Draft | None:
    """The row while it is still this worker's; it may be another's by now, or erased with its contact."""
    return first(_mine(draft=draft.pk, fence=draft.fence))


@prepared
def _mine(*, draft: int, fence: int) -> QuerySet[Draft]:
    return Draft.objects.filter(pk=draft, fence=fence, state__in=Draft.WORKING).select_for_update()


def announce_ready(draft: Draft) -> None:
    """Tell the CRM that there is a draft to look at; the text itself stays here."""
    conversation = draft.conversation
    data = {
        "draft": {"id": draft.pk, "state": draft.state, "abstained": draft.abstained},
        "url": f"{settings.PUBLIC_URL}/inbox/{conversation.pk}/",
    }
    outbox.announce(conversation, "draft.ready", data)


def sources_of(reply: Reply, context: Context) -> list[dict[str, Any]]:
    """Cited items in the order of their first citation; an id that was not offered is no source."""
    sources: dict[str, dict[str, Any]] = {}
    for mark in reply.marks:
        item = context.item(mark.item_id)
        if item is None or not item.quotable:
            continue
        source = sources.setdefault(
            item.id,
            {
                "n": len(sources) + 1, "id": item.id, "kind": item.kind, "title": item.title,
                "author": item.author, "at": item.at.isoformat() if item.at else None,
                "quote": item.text[:400], "url": item.url, "internal": item.internal, "marks": [],
            },
        )  # fmt: skip
        source["marks"].append(mark.at)
    return list(sources.values())


def _fail(draft: Draft, error: EngineError) -> None:
    """Try again later when that can help, as the row says; else say so in plain words."""
    again = not error.permanent and draft.attempts < MOST_ATTEMPTS
    reference = error.reference or f"R-{secrets.token_hex(3).upper()}"
    wait = max(error.retry_after or 0, RETRY_SECONDS[min(draft.attempts, 2) - 1])
    with transaction.atomic():
        held = _held(draft)
        if held is None:
            _pay(draft, error.usage)
            return
        move(
            held,
            State.QUEUED if again else State.FAILED,
            text="",
            failure=error.code,
            reference=reference[:64],
            due_at=Now() + timedelta(seconds=wait),
            lease_until=None,
            cost_micros=F("cost_micros") + error.usage.cost_micros,
        )
        if error.usage.input or error.usage.output:
            spend(draft.conversation.team, error.usage)
    log.warning("draft %s: %s, %s", draft.pk, error.code, "again later" if again else "given up")


def _renew(draft: Draft) -> None:
    mine = Draft.objects.filter(pk=draft.pk, fence=draft.fence, state__in=Draft.WORKING)
    mine.update(lease_until=Now() + LEASE)


def due_drafts(limit: int) -> list[int]:
    due = Draft.objects.filter(state=State.QUEUED, due_at__lte=Now())
    return list(due.order_by("due_at").values_list("pk", flat=True)[:limit])


def release_expired() -> int:
    """Drafts whose worker died go back to the queue, or are given up after the last attempt."""
    released = 0
    for draft in Draft.objects.filter(state__in=Draft.WORKING, lease_until__lt=timezone.now())[:200]:
        again = draft.attempts < MOST_ATTEMPTS
        released += move(
            draft, State.QUEUED if again else State.FAILED, only_from=Draft.WORKING,
            failure="" if again else "crashed", text="", due_at=Now(), lease_until=None,
            reference="" if again else f"R-{secrets.token_hex(3).upper()}",
        )  # fmt: skip
    return released
