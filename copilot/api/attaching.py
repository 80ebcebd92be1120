"""Files of a conversation over REST: read one, and add one that a reply is to carry."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.generics import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from copilot.api import reach
from copilot.api.door import Door
from copilot.api.keys import caller
from copilot.api.problems import Problem
from interactions import files
from interactions.models import File


class FileBody(serializers.Serializer[Any]):
    file = serializers.FileField(max_length=200, allow_empty_file=True)


class FileSerializer(serializers.ModelSerializer[File]):
    class Meta:
        model = File
        fields = ("sha256", "name", "type", "size")


class ConversationFiles(Door):
    people_only = True
    most_bytes = files.MOST_BYTES + 64 * 1024  # and the form around it
    parser_classes = (MultiPartParser,)

    @extend_schema(
        operation_id="conversations_add_file", request={"multipart/form-data": FileBody},
        responses={201: FileSerializer}, tags=["conversations"],
    )  # fmt: skip
    def post(self, request: Request, pk: int) -> Response:
        """Add a file of up to 20 MB; a decision names it by `sha256`. The same file twice is one."""
        who = caller(request)
        conversation = get_object_or_404(reach.conversations(who), pk=pk)
        reach.must_answer(who, conversation.pk)
        body = FileBody(data=request.data)
        body.is_valid(raise_exception=True)
        assert who.person is not None
        try:
            kept = files.add(conversation, body.validated_data["file"], who.person)
        except files.Unfit as error:
            raise Problem(422, "refused", str(error)) from None
        return Response(FileSerializer(kept).data, status=201)


class ConversationFile(Door):
    @extend_schema(
        operation_id="conversations_file", responses={(200, "application/octet-stream"): OpenApiTypes.BINARY},
        tags=["conversations"],
    )  # fmt: skip
    def get(self, request: Request, pk: int, sha256: str) -> HttpResponse:
        """The bytes of a file that a message or an approved reply names."""
        conversation = get_object_or_404(reach.conversations(caller(request)), pk=pk)
        kept = get_object_or_404(conversation.files, sha256=sha256)
        return HttpResponse(bytes(kept.content), content_type="application/octet-stream")
