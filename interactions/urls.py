"""The doors that CRM systems knock on."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
