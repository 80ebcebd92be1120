"""The lessons that edits taught: their evidence and moves, and how people move them."""

from typing import Any

import django_filters as filters
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.access import counted_lessons, movable_lessons, visible_lessons
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.filters import Id
from copilot.api.idempotency import once
from copilot.api.keys import Caller, caller
from copilot.api.problems import Problem
from copilot.api.resources import Resource
from copilot.learning import moves, trials
from copilot.learning.mine import LONGEST
from copilot.learning.proof import effect_of
from copilot.models import Lesson, LessonMove, Signal
from people.models import User

LARGEST_ID = 2**63 - 1


class LessonMoveSerializer(serializers.ModelSerializer[LessonMove]):
    """`by` is null where the evidence itself moved it."""

    class Meta:
        model = LessonMove
        fields = ("deed", "state", "by", "why", "at")


class LessonSerializer(serializers.ModelSerializer[Lesson]):
    """`person` null: it is for the whole team. `agree` and `against` count conversations, `uses` drafts."""

    title = serializers.CharField(read_only=True)
    agree = serializers.IntegerField(read_only=True)
    against = serializers.IntegerField(read_only=True)
    uses = serializers.IntegerField(source="used", read_only=True)
    moves = LessonMoveSerializer(many=True, read_only=True)

    class Meta:
        model = Lesson
        fields = (
            "id", "team", "person", "kind", "language", "title", "before", "after", "state", "version",
            "accepted_by", "agree", "against", "uses", "moves", "created_at",
        )  # fmt: skip


class LessonFilter(filters.FilterSet):
    team = Id(field_name="team_id")
    state = filters.ChoiceFilter(choices=Lesson.State.choices)


class LessonMoveBody(serializers.Serializer[Any]):
    kind = serializers.ChoiceField(
        choices=["accept", "reword", "retire", "bring_back", "offer", "undo", "only_me"]
    )
    version = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, help_text="As it was seen; not for undo and only_me."
    )
    signal = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST_ID, help_text="For undo and only_me: your own reply's."
    )
    before = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    after = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True)
    why = serializers.CharField(max_length=300, required=False, allow_blank=True, default="")


def _lessons(who: Caller) -> QuerySet[Any]:
    return Lesson.objects.none() if who.connection else counted_lessons(visible_lessons(who.standing))


class Lessons(Resource):
    """What edits taught the copilot about wording: before, after, for whom, and what it rests on."""

    reach = _lessons
    serializer_class = LessonSerializer
    filterset_class = LessonFilter
    needs = ("moves",)


class LessonMoves(Door):
    people_only = True

    @extend_schema(
        operation_id="lessons_move", request=LessonMoveBody, responses={200: LessonSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["lessons"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Accept, reword, retire, bring back or offer; or, of your own reply, undo or keep to yourself."""
        who = caller(request)
        lesson = get_object_or_404(_lessons(who), pk=pk)
        body = LessonMoveBody(data=request.data)
        body.is_valid(raise_exception=True)
        sent: dict[str, Any] = body.validated_data
        if who.person is None:
            raise PermissionDenied("Only a person's key may do this; a connection's key never can.")
        try:
            moved = _move(lesson, sent, who.person, who)
        except moves.Refused as why:
            raise Problem(409, "refused", str(why)) from None
        return Response(LessonSerializer(_lessons(who).prefetch_related("moves").get(pk=moved.pk)).data)


class ShadowSerializer(serializers.Serializer[Any]):
    """Drafts beside themselves without the lesson, which leans towards what was shown: word distance saved."""

    n = serializers.IntegerField()
    is_enough = serializers.BooleanField()
    mean = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class ComparisonSerializer(serializers.Serializer[Any]):
    """Replies to drafts that chance left without it (`held`) beside those with it (`given`), in word distance.

    `mean` is what the lesson saves, with its interval of 95 %; all are 0 where `is_enough` is false.
    """

    held = serializers.IntegerField()
    given = serializers.IntegerField()
    is_enough = serializers.BooleanField()
    without = serializers.FloatField()
    with_it = serializers.FloatField()
    mean = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()
    shows_nothing = serializers.BooleanField(help_text="It proposes its own retirement.")


class LessonEffectSerializer(serializers.Serializer[Any]):
    shadow = ShadowSerializer()
    measured = ComparisonSerializer()
    of_kind = ComparisonSerializer(help_text="All lessons of its kind in its team.")


class LessonEffect(Door):
    @extend_schema(
        operation_id="lessons_effect", responses={200: LessonEffectSerializer}, tags=["lessons"]
    )  # fmt: skip
    def get(self, request: Request, pk: int) -> Response:
        """What it brings: estimated on drafts beside themselves, and measured by leaving it out by chance."""
        lesson = get_object_or_404(_lessons(caller(request)), pk=pk)
        measured, of_kind = trials.of_lesson(lesson)
        told = {"shadow": effect_of(lesson), "measured": measured, "of_kind": of_kind}
        return Response(LessonEffectSerializer(told).data)


def _move(lesson: Lesson, sent: dict[str, Any], person: User, who: Caller) -> Lesson:
    kind = sent["kind"]
    if kind in ("undo", "only_me"):
        verb = moves.undo if kind == "undo" else moves.only_me
        return verb(lesson.pk, _own_signal(sent, person), person, who.key)
    if not movable_lessons(who.standing).filter(pk=lesson.pk).exists():
        raise PermissionDenied("The team's leads move its lessons.")
    if "version" not in sent:
        raise ValidationError({"version": ["Say which version you saw."]})
    if kind == "reword":
        told = (sent.get("before", lesson.before), sent.get("after", lesson.after))
        return moves.reword(lesson.pk, sent["version"], person, *told, who.key)
    if kind == "offer":
        return moves.offer_now(lesson.pk, sent["version"], person, who.key)
    verbs = {"accept": moves.accept, "retire": moves.retire, "bring_back": moves.bring_back}
    return verbs[kind](lesson.pk, sent["version"], person, sent["why"], who.key)


def _own_signal(sent: dict[str, Any], person: User) -> Signal:
    signal = Signal.objects.filter(pk=sent.get("signal", 0), person=person).first()
    if signal is None:
        raise ValidationError({"signal": ["Name the signal of a reply of your own."]})
    return signal
