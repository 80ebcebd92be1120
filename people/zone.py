"""Time is UTC in the database and the person's own zone on screen."""

import zoneinfo
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime


@cache
def known_zones() -> frozenset[str]:
    """Read once: the names are a walk through many files."""
    return frozenset(zoneinfo.available_timezones())


def zone_of(person: object) -> str:
    """The person's own zone; UTC for nobody, or where the name is not known here."""
    zone = getattr(person, "time_zone", "UTC")
    return zone if zone in known_zones() else "UTC"


def moment_of(told: str) -> datetime | None:
    """The moment that ISO 8601 tells, in UTC; without an offset, in the person's own zone.

    None for what is no moment, or none that PostgreSQL can keep. It refuses an offset of 16 hours or more, so
    it gets none.
    """
    try:
        found = parse_datetime(told)
    except ValueError:
        return None
    if found is None or not 1 < found.year < 9999:
        return None
    return (found if found.tzinfo else timezone.make_aware(found)).astimezone(UTC)


class PersonZoneMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(("/webhooks/", "/api/", "/health/", "/live/")):
            timezone.activate(zone_of(request.user))
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()
