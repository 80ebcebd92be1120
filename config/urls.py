"""Which room answers which address."""

from django.urls import URLPattern, URLResolver, include, path

from config import health

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", health.metrics, name="metrics"),
    path("webhooks/", include("interactions.urls")),
    path("me/", include("allauth.account.urls")),
    path("api/v1/", include("copilot.api.urls")),
    path("", include("copilot.console.urls")),
]
