"""The second person's pages: release or return a reply, and say which replies need a second yes."""

from decimal import Decimal, InvalidOperation
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot import releasing
from copilot.console import scene as scenes
from copilot.console.conversation import answer_action, answer_with
from copilot.console.fill_card import card as draft_card
from copilot.console.rows import Status
from copilot.console.team import show_team, team_to_change
from copilot.console.visit import Visit, is_lead, is_lead_or_admin, page, reads
from copilot.decisions import Actor, Conflict, Refused
from copilot.models import Decision, ReleaseRule
from copilot.release_rules import may_release
from customers.access import led_accounts
from interactions.access import answerable_conversations
from interactions.models import ReleaseBy
from people.audit import note_deed
from people.models import Team

ROLES = tuple(ReleaseBy.values[1:])
MOST = Decimal(10) ** 9


@page("POST", allowed=reads)
def release(visit: Visit, delivery_id: UUID) -> HttpResponse:
    """Exactly the bytes that were shown: a delivery's never change."""
    decision = _find(visit, delivery_id)
    try:
        releasing.release(decision, Actor(visit.person))
    except Refused as error:
        return _refused(visit, decision, error)
    url = reverse("draft-undo", args=[decision.conversation_id, decision.draft.n if decision.draft else 0])
    said = Status("Released. Until it leaves it can be taken back.", "clock", "Undo", url, "Z", post=True)
    return answer_action(visit, decision.conversation_id, said=said)


@page("POST", allowed=reads)
def give_back(visit: Visit, delivery_id: UUID) -> HttpResponse:
    decision = _find(visit, delivery_id)
    try:
        releasing.give_back(decision, Actor(visit.person), visit.request.POST.get("reason", ""))
    except Refused as error:
        return _refused(visit, decision, error)
    said = Status(f"Returned to {decision.person.first_name}. Nothing was sent.", "undo")
    return answer_action(visit, decision.conversation_id, said=said)


def _find(visit: Visit, delivery_id: UUID) -> Decision:
    mine = Decision.objects.filter(outbox=delivery_id, conversation__in=answerable_conversations(visit.who))
    found = mine.select_related("outbox", "person", "draft", "conversation__account").first()
    if found is None or found.outbox is None:
        raise Http404
    if not may_release(visit.who, found.conversation, found.outbox, found.person_id):
        raise Http404
    return found


def _refused(visit: Visit, decision: Decision, error: Refused) -> HttpResponse:
    """The card as it is now, with the reason that was typed."""
    scene = scenes.load(visit, scenes.find(visit, decision.conversation_id))
    return answer_with(
        visit, scene, draft_card(scene, problem=str(error)), 409 if isinstance(error, Conflict) else 422
    )


@page("POST", allowed=is_lead)
@transaction.atomic
def flag(visit: Visit, account_id: int) -> HttpResponse:
    """Whether replies to this customer need a second yes, whose, and why."""
    account = led_accounts(visit.who).filter(pk=account_id).first()
    if account is None:
        raise Http404
    by, reason = visit.request.POST.get("by", ""), visit.request.POST.get("reason", "").strip()[:200]
    if by in ROLES:
        told = {"by": by, "reason": reason, "set_by": visit.person}
        ReleaseRule.objects.update_or_create(account=account, defaults=told)
    else:
        ReleaseRule.objects.filter(account=account).delete()
    note_deed(visit.person, "set second yes", account, by=by, reason=reason)
    messages.success(visit.request, f"Kept for {account}.")
    return visit.go(reverse("account", args=[account.pk]))


@page("POST", allowed=is_lead_or_admin)
def rules(visit: Visit) -> HttpResponse:
    """A team's limit and topics."""
    team = team_to_change(visit)
    try:
        above = _limit(visit.request.POST.get("above", ""))
    except ValueError as error:
        return show_team(visit, str(error), 422)
    with transaction.atomic():
        _keep_limit(visit, team, above)
        _keep_topics(visit, team)
    messages.success(visit.request, f"Kept for {team}.")
    return visit.go(reverse("settings-team"))


def _limit(told: str) -> Decimal | None:
    """None where there is none; ValueError with what is wrong, in words."""
    if not told.strip():
        return None
    try:
        above = Decimal(told.strip().replace(" ", "")).quantize(Decimal("0.01"))
    except InvalidOperation:
        raise ValueError("The limit is a number, such as 500 or 499.50. Nothing was changed.") from None
    if not 0 <= above <= MOST:
        raise ValueError("The limit is between 0 and 1,000,000,000. Nothing was changed.")
    return above


def _keep_limit(visit: Visit, team: Team, above: Decimal | None) -> None:
    if above is None:
        _drop(visit, team, "")
    else:
        _set(visit, team, "", visit.request.POST.get("above-by", ""), above)


def _keep_topics(visit: Visit, team: Team) -> None:
    post = visit.request.POST
    for rule in ReleaseRule.objects.filter(team=team).exclude(topic=""):
        told = post.get(f"topic-{rule.pk}", rule.by)
        if told == "remove":
            _drop(visit, team, rule.topic)
        elif told != rule.by:
            _set(visit, team, rule.topic, told)
    topic = post.get("new-topic", "").strip()[:80]
    if topic:
        _set(visit, team, topic, post.get("new-by", ""))


def _set(visit: Visit, team: Team, topic: str, by: str, above: Decimal | None = None) -> None:
    by = by if by in ROLES else ReleaseBy.LEAD
    told = {"by": by, "above": above, "set_by": visit.person}
    ReleaseRule.objects.update_or_create(team=team, topic=topic, defaults=told)
    note_deed(visit.person, "set second yes", team, topic=topic, above=str(above or ""), by=by)


def _drop(visit: Visit, team: Team, topic: str) -> None:
    if ReleaseRule.objects.filter(team=team, topic=topic).delete()[0]:
        note_deed(visit.person, "removed second yes", team, topic=topic)
