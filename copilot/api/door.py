"""What every REST view has in common: how a body is read, and how much of it."""

import json
from collections.abc import Mapping, Sequence
from typing import IO, Any

from rest_framework.exceptions import NotFound, ParseError, UnsupportedMediaType
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.views import APIView

from copilot.api.problems import TooLarge

MOST_BYTES = 1024 * 1024


class JsonBody(BaseParser):
    """UTF-8 JSON; whatever is wrong with it is the sender's to mend, never an error of ours."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            return json.loads(stream.read().decode(), parse_constant=_no_constant)
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is not JSON in UTF-8 ({type(error).__name__}).") from None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


class Door(APIView):
    http_method_names: tuple[str, ...] = ("get", "head", "post")
    metadata_class = None
    parser_classes: Sequence[type[BaseParser]] = (JsonBody,)
    most_bytes = MOST_BYTES

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        charset = (request._request.content_params or {}).get("charset", "utf-8")
        if charset.lower() not in ("utf-8", "utf8"):
            raise UnsupportedMediaType(request.content_type or "", "Send JSON in UTF-8.")
        super().initial(request, *args, **kwargs)
        if int(request.META.get("CONTENT_LENGTH") or 0) > self.most_bytes:
            raise TooLarge


class Nowhere(Door):
    """An address that does not exist, answered in the same form as everything else."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound("There is nothing at this address. Addresses end with a slash; see /api/v1/docs/.")
