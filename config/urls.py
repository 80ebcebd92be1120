"""Which room answers which address."""

from django.urls import URLPattern, URLResolver, include, path

urlpatterns: list[URLPattern | URLResolver] = [
    path("webhooks/", include("interactions.urls")),
    path("me/", include("allauth.account.urls")),
    path("api/v1/", include("copilot.api.urls")),
    path("", include("copilot.console.urls")),
]
