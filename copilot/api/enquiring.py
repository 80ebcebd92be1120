"""Ask about a customer, of an account or of a conversation; a POST because addresses are written into logs."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.api import reach
from copilot.api.deciding import IDEMPOTENCY_KEY
from copilot.api.door import Door
from copilot.api.idempotency import once
from copilot.api.keys import caller
from copilot.context.enquiry import Customer, customer_at, customer_of
from copilot.drafting.enquiry import LONGEST_QUESTION, Enquiry, enquire


class EnquiryBody(serializers.Serializer[Any]):
    question = serializers.CharField(max_length=LONGEST_QUESTION)


class QuoteSerializer(serializers.Serializer[Any]):
    id = serializers.CharField(source="item.id", help_text="A letter for its kind and the row's number.")
    kind = serializers.CharField(source="item.kind", help_text="message, record, note or promise")
    title = serializers.CharField(source="item.title")
    at = serializers.DateTimeField(source="item.at", allow_null=True)
    quote = serializers.CharField(help_text="Word for word as it stands there.")


class EnquirySerializer(serializers.Serializer[Any]):
    question = serializers.CharField()
    known = serializers.BooleanField(help_text="False: nothing that you may see says it.")
    text = serializers.CharField(help_text="A model's answer; empty where the quotes speak for themselves.")
    quotes = QuoteSerializer(many=True)


class AccountEnquiry(Door):
    people_only = True

    @extend_schema(
        operation_id="accounts_ask", request=EnquiryBody, responses={200: EnquirySerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["accounts"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """Ask about an account: an answer with quotes of what you may see, or that nothing here says it."""
        account = get_object_or_404(reach.accounts(caller(request)), pk=pk)
        return _answer(request, customer_at(account))


class TalkEnquiry(Door):
    people_only = True

    @extend_schema(
        operation_id="conversations_ask", request=EnquiryBody, responses={200: EnquirySerializer},
        parameters=[IDEMPOTENCY_KEY], tags=["conversations"],
    )  # fmt: skip
    @once
    def post(self, request: Request, pk: int) -> Response:
        """The same about the customer of a conversation."""
        talks = reach.conversations(caller(request)).select_related("account", "contact", "team")
        return _answer(request, customer_of(get_object_or_404(talks, pk=pk)))


def _answer(request: Request, customer: Customer) -> Response:
    body = EnquiryBody(data=request.data)
    body.is_valid(raise_exception=True)
    found: Enquiry = enquire(caller(request).standing, customer, body.validated_data["question"])
    return Response(EnquirySerializer(found).data)
