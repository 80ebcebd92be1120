"""Time is UTC in the database and the person's own zone on screen."""

import zoneinfo
from collections.abc import Callable
from functools import cache

from django.http import HttpRequest, HttpResponse
from django.utils import timezone


@cache
def known_zones() -> frozenset[str]:
    """Read once: the names are a walk through many files."""
    return frozenset(zoneinfo.available_timezones())


def zone_of(person: object) -> str:
    """The person's own zone; UTC for nobody, or where the name is not known here."""
    zone = getattr(person, "time_zone", "UTC")
    return zone if zone in known_zones() else "UTC"


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
