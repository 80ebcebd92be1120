"""Changes to articles that people and their corrections propose, and answers kept for the next time."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot import keeping
from copilot.access import decidable_proposals, visible_proposals
from copilot.api import reach
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.filters import Id
from copilot.api.idempotency import once
from copilot.api.keys import Caller, caller
from copilot.api.problems import Problem
from copilot.api.resources import Resource
from copilot.decisions import Actor
from copilot.knowledge import proposals, texts
from copilot.models import ArticleProposal, Question
from interactions.models import Conversation
from people.models import User


class ProposalSerializer(serializers.ModelSerializer[ArticleProposal]):
    """In the body of `article`, `before` becomes `after`; without an article a new one is proposed."""

    class Meta:
        model = ArticleProposal
        fields = (
            "id", "article", "team", "origin", "title", "before", "after", "why", "by", "state", "decided_by",
            "decided_at", "reason", "created_at",
        )  # fmt: skip


class ProposalFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=ArticleProposal.State.choices)
    article = Id(field_name="article_id")


class ProposalDecisionBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(choices=["accept", "decline"])
    title = serializers.CharField(max_length=texts.LONGEST_TITLE, required=False, help_text="To accept edited.")
    body = serializers.CharField(max_length=texts.LONGEST_TEXT, required=False, help_text="The whole article.")
    reason = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


class KeepingBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        choices=["note", "article"], help_text="A note about the account, or an article of the team."
    )


class KeptSerializer(serializers.Serializer[Any]):
    question = serializers.IntegerField()
    note = serializers.IntegerField(allow_null=True)
    proposal = serializers.IntegerField(allow_null=True, help_text="Accepted at once where a lead keeps it.")


def _proposals(who: Caller) -> QuerySet[ArticleProposal]:
    return ArticleProposal.objects.none() if who.connection else visible_proposals(who.standing).distinct()


class Proposals(Resource):
    """Changes to articles, and new articles, that wait for somebody's yes or were decided."""

    reach = _proposals
    serializer_class = ProposalSerializer
    filterset_class = ProposalFilter


class ProposalDecision(Door):
    people_only = True

    @extend_schema(
        operation_id="proposals_decide", request=ProposalDecisionBody, responses={200: ProposalSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["proposals"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Accept a change, as proposed or with the whole text `body`, or decline it."""
        who = caller(request)
        found = get_object_or_404(_proposals(who).select_related("article", "by", "team"), pk=pk)
        person, sent = _person(who), _read(ProposalDecisionBody, request)
        if not decidable_proposals(who.standing).filter(pk=pk).exists():
            raise PermissionDenied("Whoever looks after the article decides; on a new one, a lead of the team.")
        try:
            if sent["kind"] == "accept":
                title, body = sent.get("title", ""), texts.clean(sent.get("body", ""))
                proposals.accept(found, person, title=title, body=body, key=who.key)
            else:
                proposals.decline(found, person, sent["reason"], who.key)
        except proposals.Refused as why:
            raise Problem(409, "refused", str(why)) from None
        return Response(ProposalSerializer(ArticleProposal.objects.get(pk=pk)).data)


class AnswerKeeping(Door):
    people_only = True

    @extend_schema(
        operation_id="answers_keep", request=KeepingBody, responses={200: KeptSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["conversations"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int, question_id: int) -> Response:
        """Keep an answer that was given to the copilot, so that the next such case asks nothing."""
        who = caller(request)
        talk: Conversation = get_object_or_404(reach.conversations(who), pk=pk)
        question = get_object_or_404(talk.questions.all(), pk=question_id)
        reach.must_answer(who, talk.pk)
        actor, sent = Actor(_person(who), who.key), _read(KeepingBody, request)
        try:
            if sent["kind"] == "note":
                keeping.keep_as_note(question, actor)
            else:
                keeping.keep_as_article(question, actor, who.standing)
        except proposals.Refused as why:
            raise Problem(409, "refused", str(why)) from None
        kept = Question.objects.get(pk=question.pk)
        return Response({"question": kept.pk, "note": kept.note_id, "proposal": kept.proposal_id})


def _person(who: Caller) -> User:
    if who.person is None:
        raise PermissionDenied("Only a person's key may do this; a connection's key never can.")
    return who.person


def _read(body: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    sent = body(data=request.data)
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)
