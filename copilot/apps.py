from django.apps import AppConfig
from django.db.models.signals import post_migrate


class CopilotConfig(AppConfig):
    name = "copilot"

    def ready(self) -> None:
        from copilot import receivers  # noqa: F401 - connects `happened`
        from copilot.context import vectors

        post_migrate.connect(vectors.prepare, sender=self, dispatch_uid="vectors")
