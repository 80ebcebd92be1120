"""REST v1: every resource has a list and a detail; what can be done stands below its row."""

from typing import Any

from django.urls import URLPattern, path, re_path

from copilot.api import (
    attaching,
    copying,
    deciding,
    documents,
    enquiring,
    knowing,
    lessons,
    merging,
    offers,
    proposing,
    rehearsing,
    relating,
    requesting,
    resources,
    settling,
    strategies,
    syncing,
    teaching,
    topics,
    wording,
)
from copilot.api.door import Nowhere
from copilot.api.resources import Resource


def _resource(
    name: str, view: type[Resource], pk: str = "int", *, post: str = "", patch: str = ""
) -> list[URLPattern]:
    many: dict[str, Any] = {"get": "list"} | ({"post": post} if post else {})
    one: dict[str, Any] = {"get": "retrieve"} | ({"patch": patch} if patch else {})
    return [
        path(f"{name}/", view.as_view(many), name=f"api-{name}"),
        path(f"{name}/<{pk}:pk>/", view.as_view(one), name=f"api-{name}-one"),
    ]


urlpatterns: list[URLPattern] = [
    *_resource("accounts", resources.Accounts),
    path("accounts/<int:pk>/enquiry/", enquiring.AccountEnquiry.as_view(), name="api-ask-account"),
    path("accounts/<int:pk>/calls/", settling.AccountCalls.as_view(), name="api-log-call"),
    path("accounts/<int:pk>/goals/", settling.AccountGoals.as_view(), name="api-set-goal"),
    path("accounts/<int:pk>/strategies/", strategies.AccountStrategies.as_view(), name="api-begin-strategy"),
    *_resource("strategies", strategies.Strategies, patch="reword"),
    path("strategies/<int:pk>/rounds/", strategies.StrategyRounds.as_view(), name="api-rounds"),
    path("strategies/<int:pk>/lines/", strategies.StrategyLines.as_view(), name="api-write-strategy"),
    path("strategies/<int:pk>/decision/", strategies.StrategyDecisions.as_view(), name="api-decide-strategy"),
    path("strategies/<int:pk>/outcome/", strategies.StrategyOutcome.as_view(), name="api-look-back"),
    *_resource("goals", resources.Goals),
    path("goals/<int:pk>/end/", settling.GoalEnd.as_view(), name="api-end-goal"),
    *_resource("contacts", resources.Contacts),
    path("contacts/<int:pk>/copy/", copying.ContactCopy.as_view(), name="api-copy"),
    path("contacts/<int:pk>/erasure/", deciding.ContactErasure.as_view(), name="api-erase"),
    *_resource("merges", merging.Merges, post="create"),
    path("merges/<int:pk>/decision/", merging.MergeDecision.as_view(), name="api-decide-merge"),
    *_resource("erasures", resources.Erasures),
    *_resource("records", resources.Records),
    *_resource("notes", resources.Notes),
    path("notes/<int:pk>/acceptance/", relating.NoteAcceptance.as_view(), name="api-accept"),
    path("notes/<int:pk>/decision/", settling.NoteDecision.as_view(), name="api-decide-note"),
    *_resource("promises", relating.Promises, post="create"),
    path("promises/<int:pk>/decision/", settling.PromiseDecision.as_view(), name="api-decide-promise"),
    *_resource("conversations", resources.Conversations),
    path("conversations/<int:pk>/replies/", deciding.ConversationReplies.as_view(), name="api-reply"),
    path("conversations/<int:pk>/our-words/", wording.ConversationOurWords.as_view(), name="api-our-words"),
    path("conversations/<int:pk>/drafts/", deciding.ConversationDrafts.as_view(), name="api-request-draft"),
    path("conversations/<int:pk>/files/", attaching.ConversationFiles.as_view(), name="api-add-file"),
    path("conversations/<int:pk>/files/<str:sha256>/", attaching.ConversationFile.as_view(), name="api-file"),
    path("conversations/<int:pk>/enquiry/", enquiring.TalkEnquiry.as_view(), name="api-ask-conversation"),
    path(
        "conversations/<int:pk>/answers/<int:question_id>/keeping/",
        proposing.AnswerKeeping.as_view(),
        name="api-keep-answer",
    ),
    path("conversations/<int:pk>/topic/", topics.ConversationTopic.as_view(), name="api-set-topic"),
    *_resource("topics", topics.Topics),
    *_resource("costs", topics.Costs),
    *_resource("messages", resources.Messages),
    *_resource("drafts", resources.Drafts),
    path("drafts/<int:pk>/decisions/", deciding.DraftDecisions.as_view(), name="api-decide"),
    path("drafts/<int:pk>/alternatives/", deciding.DraftAlternatives.as_view(), name="api-vary"),
    path("drafts/<int:pk>/without-goals/", deciding.DraftWithoutGoals.as_view(), name="api-without-goals"),
    path("drafts/<int:pk>/held-lesson/", deciding.DraftHeldLesson.as_view(), name="api-apply-held"),
    path("drafts/<int:pk>/answers/", deciding.DraftAnswers.as_view(), name="api-answer"),
    *_resource("decisions", resources.Decisions),
    path("decisions/<int:pk>/undo/", deciding.DecisionUndo.as_view(), name="api-undo"),
    path("decisions/<int:pk>/release/", deciding.DecisionRelease.as_view(), name="api-release"),
    path("decisions/<int:pk>/return/", deciding.DecisionReturn.as_view(), name="api-return"),
    *_resource("signals", resources.Signals),
    *_resource("lessons", lessons.Lessons),
    path("lessons/<int:pk>/effect/", lessons.LessonEffect.as_view(), name="api-lesson-effect"),
    path("lessons/<int:pk>/moves/", lessons.LessonMoves.as_view(), name="api-move-lesson"),
    *_resource("offers", offers.Offers),
    path("offers/<int:pk>/decision/", offers.OfferDecision.as_view(), name="api-decide-offer"),
    *_resource("rehearsals", rehearsing.Rehearsals, post="create"),
    path("rehearsals/<int:pk>/results/", rehearsing.RehearsalResults.as_view(), name="api-rehearsal-results"),
    path("rehearsals/<int:pk>/moves/", rehearsing.RehearsalMoves.as_view(), name="api-move-rehearsal"),
    *_resource("rehearsed-replies", rehearsing.RehearsedReplies),
    *_resource("drafting-requests", requesting.DraftingRequests, post="create"),
    path(
        "drafting-requests/<int:pk>/decision/", requesting.RequestDecision.as_view(), name="api-decide-request"
    ),
    path("articles/<int:pk>/offers/", offers.TextOffers.as_view(), name="api-offer-article"),
    path(
        "saved-replies/<int:pk>/offers/",
        offers.TextOffers.as_view(kind="saved-replies"),
        name="api-offer-saved-reply",
    ),
    *_resource("articles", knowing.Articles, post="create", patch="reword"),
    path("articles/<int:pk>/versions/", knowing.ArticleVersions.as_view(), name="api-article-versions"),
    *_resource("proposals", proposing.Proposals),
    path("proposals/<int:pk>/decision/", proposing.ProposalDecision.as_view(), name="api-decide-proposal"),
    *_resource("saved-replies", knowing.SavedReplies, post="create", patch="reword"),
    *_resource("connections", resources.Connections, "uuid", patch="change"),
    path("connections/<uuid:pk>/replay/", deciding.ConnectionReplay.as_view(), name="api-replay-dead"),
    path("connections/<uuid:pk>/syncs/", syncing.ConnectionSyncs.as_view(), name="api-syncs"),
    *_resource("events", resources.Events),
    path("events/<int:pk>/replay/", deciding.EventReplay.as_view(), name="api-replay"),
    *_resource("deliveries", resources.Deliveries, "uuid"),
    path("deliveries/<uuid:pk>/replay/", deciding.DeliveryReplay.as_view(), name="api-redeliver"),
    path("deliveries/<uuid:pk>/settlement/", deciding.DeliverySettlement.as_view(), name="api-settle"),
    *_resource("people", resources.People),
    *_resource("teams", resources.Teams),
    path("teaching/", teaching.Teaching.as_view(), name="api-teaching"),
    path("schema/", documents.OpenApi.as_view(), name="api-schema"),
    path("schemas/<str:event_type>", documents.EventSchema.as_view(), name="api-event-schema"),
    path("docs/", documents.page, name="api-docs"),
    re_path(r"", Nowhere.as_view(), name="api-nowhere"),
]
