"""Lists come in pages, the newest first; a cursor marks a row, so that new rows shift nothing."""

from typing import TYPE_CHECKING, Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import ParseError
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request

if TYPE_CHECKING:  # REST framework's views load this module themselves
    from rest_framework.views import APIView


class CursorPages(CursorPagination):
    """`?limit=` up to 200; follow `next` until it is null. Links carry the filters along."""

    page_size = 50
    page_size_query_param = "limit"
    max_page_size = 200
    ordering = "-id"

    def get_ordering(self, request: Request, queryset: QuerySet[Any], view: "APIView") -> tuple[str, ...]:
        return (getattr(view, "newest_first", self.ordering),)

    def paginate_queryset(
        self, queryset: Any, request: Request, view: "APIView | None" = None
    ) -> list[Any] | None:
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValueError, ValidationError):
            raise ParseError("The cursor is not one of ours. Start again without it.") from None
