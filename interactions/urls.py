"""The doors that CRM systems knock on."""

from django.urls import path

from interactions.webhooks import receive

urlpatterns = [path("<uuid:connection_id>", receive, name="webhook")]
