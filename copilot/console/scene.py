"""All rows that one conversation's page needs, loaded at once; the fillers ask the database no more."""

from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from django.db.models import QuerySet
from django.db.models.fetch_modes import FETCH_RAISE
from django.http import Http404

from copilot.access import visible_articles
from copilot.console.visit import Visit
from copilot.drafting.switch import Ruling, ruling
from copilot.models import Decision, Draft, Question
from copilot.release_rules import may_release
from customers.access import visible_accounts
from customers.models import Promise
from interactions.access import answerable_conversations, visible_conversations
from interactions.models import Conversation, Escalation, Message
from people.access import Standing
from people.models import User
from prepared import first, prepared

MOST_MESSAGES = 200
_HANDED_ON = [Escalation.State.OPEN, Escalation.State.TAKEN]


@dataclass
class Scene:
    conversation: Conversation
    viewer: User
    may_answer: bool
    messages: list[Message]
    draft: Draft | None
    decisions: list[Decision]  # the newest first
    escalation: Escalation | None = None
    promises: list[Promise] = field(default_factory=list)
    seen_sources: frozenset[str] = frozenset()
    questions: list[Question] = field(default_factory=list)
    may_release: bool = False  # the last reply, as its second person
    may_teach: bool = False

    @cached_property
    def ruling(self) -> Ruling:
        """Asked for only where no draft is there to speak for itself."""
        return ruling(self.conversation, self.viewer)

    @cached_property
    def team(self) -> list[User]:
        """Everybody whose inbox it stands in."""
        members = User.objects.filter(is_active=True, memberships__team=self.conversation.team_id)
        return list(members.order_by("name").distinct()) if self.may_answer else []

    @property
    def is_open(self) -> bool:
        return self.draft is not None and self.draft.state in Draft.OPEN

    @property
    def last_reply(self) -> Decision | None:
        """The newest decision that put something into the outbox and was not taken back."""
        return next((d for d in self.decisions if d.outbox and d.undone_at is None), None)

    @property
    def newest_from_customer(self) -> Message | None:
        said = (m for m in reversed(self.messages) if m.by == Message.By.CUSTOMER and not m.automatic)
        return next(said, None)

    def decision_on_draft(self, *kinds: str) -> Decision | None:
        """The newest decision of these kinds on the draft."""
        mine = (d for d in self.decisions if self.draft and d.draft_id == self.draft.pk)
        return next((d for d in mine if d.kind in kinds and d.undone_at is None), None)


def find(visit: Visit, conversation_id: int) -> Conversation:
    """The conversation, if this person may see it: for the others it does not exist."""
    return _or_404(_visible(visit.who, conversation=conversation_id))


def find_to_answer(visit: Visit, conversation_id: int) -> Conversation:
    return _or_404(_answerable(visit.who, conversation=conversation_id))


def _or_404(found: list[Conversation]) -> Conversation:
    if not found:
        raise Http404
    return found[0]


_RELATED = (
    "team",
    "contact__shown_as",
    "account__manager",
    "connection",
    "assignee",
    "case",
    "topic_label__topic__record",
)


@prepared
def _visible(who: Standing, *, conversation: int) -> QuerySet[Conversation]:
    return visible_conversations(who).select_related(*_RELATED).filter(pk=conversation)


@prepared
def _answerable(who: Standing, *, conversation: int) -> QuerySet[Conversation]:
    return answerable_conversations(who).select_related(*_RELATED).filter(pk=conversation)


def load(visit: Visit, conversation: Conversation, draft_n: int | None = None) -> Scene:
    """The conversation with its newest draft, or with draft `draft_n`."""
    draft = _draft(conversation, draft_n)
    scene = Scene(
        conversation=conversation,
        viewer=visit.person,
        may_answer=_may_answer(visit, conversation),
        messages=_messages(conversation),
        draft=draft,
        decisions=_decisions(conversation),
        escalation=_escalation(conversation) if draft and draft.state == Draft.State.ESCALATED else None,
        promises=_promises(visit, conversation),
    )
    scene.questions = _questions(conversation=conversation.pk) if scene.is_open else []
    scene.seen_sources = _seen_sources(visit, scene)
    scene.may_release = _may_release(visit, scene)
    scene.may_teach = conversation.team_id in visit.who.teams
    return scene


def _may_answer(visit: Visit, conversation: Conversation) -> bool:
    """Whoever sees it may answer it, but for an admin who was granted to read."""
    if not visit.who.reads_all:
        return True
    return answerable_conversations(visit.who).filter(pk=conversation.pk).exists()


def _may_release(visit: Visit, scene: Scene) -> bool:
    reply = scene.last_reply
    if reply is None or reply.outbox is None:
        return False
    return may_release(visit.who, scene.conversation, reply.outbox, reply.person_id)


def _messages(conversation: Conversation) -> list[Message]:
    return _latest_messages(conversation=conversation.pk)[::-1]


@prepared
def _latest_messages(*, conversation: int) -> QuerySet[Message]:
    rows = Message.objects.filter(conversation=conversation).order_by("-sent_at", "-pk")
    return rows.select_related("person", "contact__shown_as").fetch_mode(FETCH_RAISE)[:MOST_MESSAGES]


@prepared
def _questions(*, conversation: int) -> QuerySet[Question]:
    return Question.objects.filter(conversation=conversation).select_related("knows")


def _draft(conversation: Conversation, n: int | None) -> Draft | None:
    draft = first(_drafts(n is None, conversation=conversation.pk, n=n or 0))
    if draft is None and n is not None:
        raise Http404
    return draft


@prepared
def _drafts(is_newest: bool, *, conversation: int, n: int) -> QuerySet[Draft]:
    rows = Draft.objects.filter(conversation=conversation)
    rows = rows.order_by("-n")[:1] if is_newest else rows.filter(n=n)
    related = ("edited_by", "answers", "trial__lesson__team", "trial__lesson__person")
    return rows.select_related(*related).prefetch_related("questions", "alternatives")


def _decisions(conversation: Conversation) -> list[Decision]:
    return _latest_decisions(conversation=conversation.pk)


@prepared
def _latest_decisions(*, conversation: int) -> QuerySet[Decision]:
    rows = Decision.objects.filter(conversation=conversation).order_by("-pk")
    related = rows.select_related("person", "outbox__connection", "signal", "escalation")
    return related.fetch_mode(FETCH_RAISE)[:8]


def _escalation(conversation: Conversation) -> Escalation | None:
    handed_on = conversation.escalations.filter(state__in=_HANDED_ON)
    return handed_on.select_related("by", "to_person", "to_team", "brief").order_by("-pk").first()


def _promises(visit: Visit, conversation: Conversation) -> list[Promise]:
    if conversation.account_id is None:
        return []
    return _open_promises(visit.who, account=conversation.account_id)


@prepared
def _open_promises(who: Standing, *, account: int) -> QuerySet[Promise]:
    seen = Promise.objects.filter(account__in=visible_accounts(who))
    open_ones = seen.filter(account=account, state=Promise.State.OPEN)
    return open_ones.select_related("owner").order_by("due_at")[:10]


def _seen_sources(visit: Visit, scene: Scene) -> frozenset[str]:
    """Ids of the draft's sources that this person may see; the rest is only counted."""
    if scene.draft is None or not scene.draft.sources:
        return frozenset()
    ids = {str(source["id"]) for source in scene.draft.sources}
    return frozenset(
        {one for one in ids if one[0] in "suq"}  # what the team saved, its usual reply, answers here
        | _seen_of_account(visit, scene)
        | _seen_messages(visit, scene, {one for one in ids if one[0] == "m"})
        | _seen_articles(visit, {one for one in ids if one[0] == "a"})
    )


def _seen_of_account(visit: Visit, scene: Scene) -> set[str]:
    """Records, notes, promises and goals are seen by whom their account is; without one, by the team.

    Of merged contacts they may be another account's: where they stand says whose.
    """
    told = scene.draft.sources if scene.draft else []
    of = {str(one["id"]): _account_of(one, scene) for one in told if str(one["id"])[0] in "rnpg"}
    accounts = {account for account in of.values() if account is not None}
    seen = set(visible_accounts(visit.who).filter(pk__in=accounts).values_list("pk", flat=True))
    return {one for one, account in of.items() if account is None or account in seen}


def _account_of(source: dict[str, Any], scene: Scene) -> int | None:
    number = str(source.get("url", "")).removeprefix("/accounts/").removesuffix("/")
    return int(number) if number.isdecimal() else scene.conversation.account_id


def _seen_messages(visit: Visit, scene: Scene, ids: set[str]) -> set[str]:
    here = ids & {f"m{message.pk}" for message in scene.messages}
    elsewhere = [int(one[1:]) for one in ids - here]
    if not elsewhere:
        return here
    seen = Message.objects.filter(pk__in=elsewhere, conversation__in=visible_conversations(visit.who))
    return here | {f"m{pk}" for pk in seen.values_list("pk", flat=True)}


def _seen_articles(visit: Visit, ids: set[str]) -> set[str]:
    if not ids:
        return ids
    seen = visible_articles(visit.who).filter(pk__in=[int(one[1:]) for one in ids])
    return {f"a{pk}" for pk in seen.values_list("pk", flat=True)}
