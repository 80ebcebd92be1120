"""Strategies over REST: read them, begin one, write its lines, have it explored, decide, and look back.

Who sees the account reads; its manager and the leads of its teams write.
"""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import PermissionDenied, ValidationError
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot import board as boards
from copilot.access import managed_strategies, visible_strategies
from copilot.api import reach
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.filters import ByAccount
from copilot.api.idempotency import once
from copilot.api.keys import Caller, caller
from copilot.api.problems import Problem
from copilot.api.resources import Resource
from copilot.api.settling import who_manages
from copilot.board import HOLDS, LONGEST_LINE, LONGEST_TITLE, MOST, MOST_LINES, STATES, Board, Lines
from copilot.context.strategy import unseen
from copilot.models import Strategy, StrategyDecision, StrategyRound
from copilot.relationship import strategies as verbs
from copilot.relationship.strategies import LONGEST, LONGEST_WISH, Told, Verdict
from people.models import User

KEY = r"^[AS][1-9]\d{0,2}$"


def _version() -> serializers.IntegerField:
    return serializers.IntegerField(min_value=1, max_value=2**31 - 1, help_text="As it was seen.")


def _lines() -> serializers.ListField:
    line = serializers.CharField(max_length=LONGEST_LINE)
    return serializers.ListField(child=line, required=False, default=list, max_length=MOST_LINES)


class EvidenceSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(help_text="A letter for its kind and the row's number.")
    quote = serializers.CharField(help_text="Word for word as it stands there.")
    title = serializers.CharField()
    url = serializers.CharField()
    at = serializers.CharField(help_text="ISO 8601, or empty.")


class AssumptionSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    text = serializers.CharField()
    state = serializers.ChoiceField(choices=STATES)
    was = serializers.CharField(help_text="Its words before they were changed.")


class ScenarioSerializer(serializers.Serializer[Any]):
    key = serializers.CharField()
    title = serializers.CharField(help_text="Empty: nobody has written it yet, and `guide` asks.")
    guide = serializers.CharField()
    steps = serializers.ListField(child=serializers.CharField())
    risks = serializers.ListField(child=serializers.CharField())
    rests_on = serializers.ListField(child=serializers.CharField(), help_text="Keys of assumptions.")
    stale = serializers.ListField(child=serializers.CharField(), help_text="In words, what moved under it.")
    evidence = EvidenceSerializer(many=True)
    unseen = serializers.IntegerField(help_text="Evidence that you may not see.")


class BoardSerializer(serializers.Serializer[Any]):
    assumptions = AssumptionSerializer(many=True)
    scenarios = ScenarioSerializer(many=True)


class RoundSerializer(serializers.ModelSerializer[StrategyRound]):
    board = serializers.SerializerMethodField()

    class Meta:
        model = StrategyRound
        fields = (
            "n", "by", "by_copilot", "engine", "model", "prompt_version", "instruction", "dropped", "made_at",
            "board",
        )  # fmt: skip

    @extend_schema_field(BoardSerializer)
    def get_board(self, row: StrategyRound) -> dict[str, Any]:
        """What the caller may not see of its evidence is a number."""
        board, who = Board.from_json(row.board), caller(self.context["request"])
        hidden = unseen(who.standing, row.strategy.account, board)
        told = board.to_json()
        for shown, one in zip(told["scenarios"], board.scenarios, strict=True):
            seen = [cited for cited in shown["evidence"] if cited["id"] not in hidden]
            shown |= {"stale": board.why_stale(one), "unseen": len(one.evidence) - len(seen), "evidence": seen}
            del shown["doubts"]
        return told


class StrategyDecisionSerializer(serializers.ModelSerializer[StrategyDecision]):
    lines = serializers.ListField(
        child=serializers.DictField(), help_text="Of each scenario its key, title, whether chosen, and why."
    )
    round = serializers.IntegerField(source="round.n")

    class Meta:
        model = StrategyDecision
        fields = ("round", "lines", "expected", "revisit_on", "by", "at", "actual", "actual_by", "actual_at")


class StrategySerializer(serializers.ModelSerializer[Strategy]):
    """`exploring` while the copilot is to make another round; `failure` says why there is none, or a pause."""

    exploring = serializers.SerializerMethodField()
    decision = StrategyDecisionSerializer(default=None, allow_null=True)

    class Meta:
        model = Strategy
        fields = (
            "id", "account", "owner", "aim", "constraints", "people", "version", "exploring", "failure",
            "decision", "created_at",
        )  # fmt: skip

    def get_exploring(self, row: Strategy) -> bool:
        return row.due_at is not None


class AimBody(serializers.Serializer[Any]):
    aim = serializers.CharField(max_length=LONGEST)
    constraints = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True, default="")
    people = serializers.CharField(max_length=LONGEST, required=False, allow_blank=True, default="")


class RewordAimBody(AimBody):
    version = _version()


class ExploreBody(serializers.Serializer[Any]):
    version = _version()
    instruction = serializers.CharField(
        max_length=LONGEST_WISH, required=False, allow_blank=True, default="", help_text="What it should heed."
    )


class LineBody(serializers.Serializer[Any]):
    """A scenario with its lines, or an assumption; without a key it is one more."""

    version = _version()
    kind = serializers.ChoiceField(choices=["scenario", "assumption"])
    key = serializers.RegexField(KEY, required=False, help_text="Such as S1 or A2.")
    text = serializers.CharField(max_length=LONGEST_LINE, required=False, help_text="A scenario's title.")
    steps = _lines()
    risks = _lines()
    rests_on = serializers.ListField(
        child=serializers.RegexField(KEY), required=False, default=list, max_length=MOST
    )
    state = serializers.ChoiceField(
        choices=STATES, required=False, default=HOLDS,
        help_text="Of an assumption: changed (to `text`) and refuted mark what rests on it as out of date.",
    )  # fmt: skip


class VerdictBody(serializers.Serializer[Any]):
    key = serializers.RegexField(KEY)
    why = serializers.CharField(max_length=LONGEST_LINE)


class StrategyDecisionBody(serializers.Serializer[Any]):
    version = _version()
    chosen = serializers.RegexField(KEY)
    reasons = VerdictBody(many=True, help_text="Of every scenario with a title, why it was chosen or not.")
    expected = serializers.CharField(max_length=LONGEST)
    revisit_on = serializers.DateField(help_text="When to look back, from tomorrow on.")


class OutcomeBody(serializers.Serializer[Any]):
    actual = serializers.CharField(max_length=LONGEST, help_text="What really came of it.")


def _strategies(who: Caller) -> QuerySet[Strategy]:
    rows = Strategy.objects.none() if who.connection else visible_strategies(who.standing)
    return rows.select_related("account", "decision__round")


class Strategies(Resource):
    """Ways to an aim with an account, weighed and decided on; for colleagues alone."""

    reach = _strategies
    serializer_class = StrategySerializer
    filterset_class = ByAccount
    http_method_names = ("get", "head", "patch")

    @extend_schema(operation_id="strategies_reword", request=RewordAimBody, responses=StrategySerializer)
    def reword(self, request: Request, pk: int) -> Response:
        """Say the aim, the constraints and what is known about the people in other words."""
        row, _, sent = _open(request, pk, RewordAimBody)
        version = sent.pop("version")
        return _answer(request, row, verbs.reword(row, version, Told(**sent)))


class AccountStrategies(Door):
    people_only = True

    @extend_schema(
        operation_id="accounts_begin_strategy", request=AimBody, responses={201: StrategySerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["strategies"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Begin one: its first round is a worksheet with evidence from the account."""
        who = caller(request)
        account = get_object_or_404(reach.accounts(who), pk=pk)
        person, body = who_manages(who, pk), AimBody(data=request.data)
        body.is_valid(raise_exception=True)
        row = verbs.begin(account, person, Told(**body.validated_data), who.key)
        return Response(StrategySerializer(row).data, status=201)


class StrategyRounds(Door):
    people_only = True

    @extend_schema(
        operation_id="strategies_rounds", responses=RoundSerializer(many=True), tags=["strategies"]
    )  # fmt: skip
    def get(self, request: Request, pk: int) -> Response:
        """Every round as it stood, the newest first; at most the last twenty."""
        row = get_object_or_404(_strategies(caller(request)), pk=pk)
        rounds = row.rounds.select_related("strategy__account").order_by("-n")[:20]
        return Response(RoundSerializer(rounds, many=True, context={"request": request}).data)

    @extend_schema(
        operation_id="strategies_explore", request=ExploreBody, responses={202: StrategySerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["strategies"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Have the copilot make the next round; without a model it looks for evidence again."""
        row, _, sent = _open(request, pk, ExploreBody)
        return _answer(request, row, verbs.ask(row, sent["version"], sent["instruction"]), 202)


class StrategyLines(Door):
    people_only = True

    @extend_schema(
        operation_id="strategies_write", request=LineBody, responses={200: RoundSerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["strategies"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Write a scenario, or add or judge an assumption; it stops the copilot where that is at a round."""
        row, person, sent = _open(request, pk, LineBody)
        _must_fit(Board.from_json(verbs.latest(row).board), sent)
        done = verbs.revise(row, sent["version"], person, lambda board: _written(board, sent))
        _must_be_done(row, done=done)
        return Response(RoundSerializer(verbs.latest(row), context={"request": request}).data)


class StrategyDecisions(Door):
    people_only = True

    @extend_schema(
        operation_id="strategies_decide", request=StrategyDecisionBody, responses={201: StrategySerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["strategies"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Choose one and say why of each; from `revisit_on` on its owner is reminded."""
        row, person, sent = _open(request, pk, StrategyDecisionBody)
        why = {one["key"]: one["why"] for one in sent["reasons"]}
        ways = boards.written(Board.from_json(verbs.latest(row).board))
        verdicts = [
            Verdict(one.key, one.title, one.key == sent["chosen"], why.get(one.key, "")) for one in ways
        ]
        problem = verbs.unfit(verdicts, sent["expected"], sent["revisit_on"])
        if problem:
            raise Problem(422, "refused", f"{problem} Nothing was decided.")
        place = (sent["version"], person, verdicts, sent["expected"], sent["revisit_on"])
        return _answer(request, row, verbs.decide(row, *place, caller(request).key), 201)


class StrategyOutcome(Door):
    people_only = True

    @extend_schema(
        operation_id="strategies_look_back", request=OutcomeBody, responses={200: StrategySerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["strategies"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Say what really came of it, beside what was expected."""
        row, person, sent = _open(request, pk, OutcomeBody)
        decision = getattr(row, "decision", None)
        if decision is None:
            raise Problem(409, "refused", "Nothing was decided yet, so there is nothing to look back on.")
        verbs.look_back(decision, person, sent["actual"], caller(request).key)
        return _answer(request, row, True)


def _open(request: Request, pk: int, body: type[Any]) -> tuple[Strategy, User, dict[str, Any]]:
    """The strategy, who writes on it, and what was sent; 404, 403 or 400 where any of them will not do."""
    who = caller(request)
    row = get_object_or_404(_strategies(who), pk=pk)
    if who.person is None or not managed_strategies(who.standing).filter(pk=pk).exists():
        raise PermissionDenied("The account's manager and the leads of its teams write on it.")
    sent = body(data=request.data)
    sent.is_valid(raise_exception=True)
    return row, who.person, dict(sent.validated_data)


def _must_fit(board: Board, sent: dict[str, Any]) -> None:
    key, is_way = sent.get("key", ""), sent["kind"] == "scenario"
    there = {one.key: one for one in (board.scenarios if is_way else board.assumptions)}
    if key and key not in there:
        raise ValidationError({"key": ["There is none of this key."]})
    if not sent.get("text") and (is_way or not key or sent["state"] == boards.CHANGED):
        raise ValidationError({"text": ["It needs words."]})
    if is_way and len(sent["text"]) > LONGEST_TITLE:
        raise ValidationError({"text": [f"A title has at most {LONGEST_TITLE} characters."]})
    if not key and len(there) >= MOST:
        raise ValidationError({"key": [f"There are {MOST} already; write over one of them."]})


def _written(board: Board, sent: dict[str, Any]) -> Board:
    key, text = sent.get("key", ""), sent.get("text", "")
    if sent["kind"] == "scenario":
        lines = (tuple(sent[name]) for name in ("steps", "risks", "rests_on"))
        return board.write(key, Lines(text, *lines))
    return board.judge(key, sent["state"], text) if key else board.assume(text)


def _answer(request: Request, row: Strategy, done: bool, status: int = 200) -> Response:
    _must_be_done(row, done=done)
    return Response(StrategySerializer(_strategies(caller(request)).get(pk=row.pk)).data, status=status)


def _must_be_done(row: Strategy, *, done: bool) -> None:
    if not done:
        present = Strategy.objects.values_list("version", flat=True).get(pk=row.pk)
        detail = "The board has moved on, or all is decided. Nothing was done; read it again."
        raise Problem(409, "refused", detail, version=present)
