"""What can be written of what the house holds true: articles, saved replies, and their versions."""

from collections.abc import Callable
from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.access import writable_articles, writable_saved_replies
from copilot.api import reach, resources
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.idempotency import once
from copilot.api.keys import Caller, caller
from copilot.api.problems import Problem
from copilot.api.shapes import ArticleSerializer
from copilot.knowledge import texts
from copilot.models import SavedReply, TextVersion
from people.access import Standing
from people.models import Team, User

HIGHEST = 2**63 - 1


class SavedReplySerializer(serializers.ModelSerializer[SavedReply]):
    class Meta:
        model = SavedReply
        fields = (
            "id",
            "title",
            "text",
            "team",
            "language",
            "owner",
            "review_by",
            "version",
            "updated_at",
            "retired_at",
        )


class VersionSerializer(serializers.ModelSerializer[TextVersion]):
    class Meta:
        model = TextVersion
        fields = ("n", "title", "text", "why", "by", "at")


class ArticleBody(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=texts.LONGEST_TITLE)
    body = serializers.CharField(max_length=texts.LONGEST_TEXT, help_text="Markdown.")
    teams = serializers.ListField(
        child=serializers.IntegerField(min_value=1, max_value=HIGHEST), required=False, max_length=100,
        help_text="Your own teams; empty, for all, is an admin's to say.",
    )  # fmt: skip
    review_by = serializers.DateField(required=False, allow_null=True)
    language = serializers.RegexField(r"^[a-z]{2}$", required=False, help_text="Such as en or de.")


class SavedReplyBody(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=texts.LONGEST_TITLE)
    text = serializers.CharField(
        max_length=texts.LONGEST_TEXT, help_text="`{name}` stands for the customer's first name."
    )
    team = serializers.IntegerField(min_value=1, max_value=HIGHEST, help_text="One that you lead.")
    review_by = serializers.DateField(required=False, allow_null=True)
    language = serializers.RegexField(r"^[a-z]{2}$", required=False, help_text="Such as en or de.")


class RewordBody(serializers.Serializer[Any]):
    title = serializers.CharField(max_length=texts.LONGEST_TITLE, required=False)
    body = serializers.CharField(max_length=texts.LONGEST_TEXT, required=False)
    version = serializers.IntegerField(
        min_value=1, max_value=2**31 - 1, help_text="The version that was looked at."
    )
    why = serializers.CharField(max_length=300, required=False, allow_blank=True)


class Articles(resources.Articles):
    http_method_names = ("get", "head", "post", "patch")

    @extend_schema(
        operation_id="articles_write", request=ArticleBody, responses={201: ArticleSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["articles"],
    )  # fmt: skip
    @once
    def create(self, request: Request) -> Response:
        """Write an article for teams that you lead; for all teams, as an admin."""
        who = caller(request)
        person = _person(who)
        sent = _read(ArticleBody, request)
        made = texts.new_article(
            person, sent.pop("title"), sent.pop("body"), _teams(who, sent), who.key, **sent
        )
        return Response(self.get_serializer(made).data, status=201)

    @extend_schema(
        operation_id="articles_reword", request=RewordBody, responses=ArticleSerializer, tags=["articles"]
    )  # fmt: skip
    def reword(self, request: Request, pk: int) -> Response:
        """Another title or text; the wording before stays as a version. An old `version` is 409."""
        return _reword(self, request, writable_articles)


class SavedReplies(resources.Resource):
    """Wordings that a team likes to use."""

    reach = reach.saved_replies
    serializer_class = SavedReplySerializer
    http_method_names = ("get", "head", "post", "patch")

    @extend_schema(
        operation_id="saved_replies_write", request=SavedReplyBody, responses={201: SavedReplySerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["saved-replies"],
    )  # fmt: skip
    @once
    def create(self, request: Request) -> Response:
        """Write a saved reply for a team that you lead; as an admin, for any."""
        who = caller(request)
        person = _person(who)
        sent = _read(SavedReplyBody, request)
        team = _teams(who, {"teams": [sent.pop("team")]})[0]
        made = texts.new_saved_reply(person, team, sent.pop("title"), sent.pop("text"), who.key, **sent)
        return Response(self.get_serializer(made).data, status=201)

    @extend_schema(request=RewordBody, responses=SavedReplySerializer)
    def reword(self, request: Request, pk: int) -> Response:
        """Another title or text; the wording before stays as a version. An old `version` is 409."""
        return _reword(self, request, writable_saved_replies)


class ArticleVersions(Door):
    @extend_schema(operation_id="articles_versions", responses=VersionSerializer(many=True), tags=["articles"])
    def get(self, request: Request, pk: int) -> Response:
        """Every wording that stood, the newest first; at most the last hundred."""
        article = reach.articles(caller(request)).filter(pk=pk).first()
        if article is None:
            raise Problem(404, "", "There is nothing at this address that you may see.")
        return Response(VersionSerializer(article.versions.order_by("-n")[:100], many=True).data)


def _reword(
    view: resources.Resource, request: Request, writable: Callable[[Standing], QuerySet[Any]]
) -> Response:
    who = caller(request)
    text = view.get_object()
    person = _person(who)
    if not writable(who.standing).filter(pk=text.pk).exists():
        raise PermissionDenied("You may read this, and others look after it.")
    sent = _read(RewordBody, request)
    title, body = sent.get("title", text.title), sent.get("body", texts.wording(text))
    if not texts.rewrite(text, person, sent["version"], title, body, sent.get("why", ""), who.key):
        present = type(text).objects.values_list("version", flat=True).get(pk=text.pk)
        raise Problem(409, "refused", "Somebody changed it. Nothing was done; read it again.", version=present)
    return Response(view.get_serializer(text).data)


def _read(body: type[serializers.Serializer[Any]], request: Request) -> dict[str, Any]:
    sent = body(data=request.data)
    sent.is_valid(raise_exception=True)
    return dict(sent.validated_data)


def _person(who: Caller) -> User:
    if who.person is None:
        raise PermissionDenied("Only a person's key may do this; a connection's key never can.")
    return who.person


def _teams(who: Caller, sent: dict[str, Any]) -> list[Team]:
    wanted = set(sent.pop("teams", ()))
    if not (who.standing.is_lead or who.standing.is_admin):
        raise PermissionDenied("Articles and saved replies are written by leads and admins.")
    own = Team.objects.all() if who.standing.is_admin else Team.objects.filter(pk__in=who.standing.lead_teams)
    found = list(own.filter(pk__in=wanted))
    if len(found) < len(wanted) or (not found and not who.standing.is_admin):
        raise ValidationError({"teams": ["Name teams that you lead."]})
    return found
