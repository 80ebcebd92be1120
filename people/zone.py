"""Time is UTC in the database and the person's own zone on screen."""

import zoneinfo
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone


class PersonZoneMiddleware:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(("/webhooks/", "/api/", "/health/", "/live/")):
            zone = getattr(request.user, "time_zone", "UTC")
            timezone.activate(zone if zone in zoneinfo.available_timezones() else "UTC")
        try:
            return self.get_response(request)
        finally:
            timezone.deactivate()
