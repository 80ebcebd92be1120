"""Which room answers which address."""

from allauth.account import urls as account
from django.urls import URLPattern, URLResolver, include, path

from config import health

# People do not change their own address: a CRM's agents are known by it, so it stays with the admins.
SIGNING_IN = [one for one in account.urlpatterns if "email" not in one.name]

handler404 = "copilot.console.lost.not_found"

urlpatterns: list[URLPattern | URLResolver] = [
    path("health/live", health.live, name="health-live"),
    path("health/ready", health.ready, name="health-ready"),
    path("metrics", health.metrics, name="metrics"),
    path("webhooks/", include("interactions.urls")),
    path("me/", include(SIGNING_IN)),
    path("api/v1/", include("copilot.api.urls")),
    path("", include("copilot.console.urls")),
]
