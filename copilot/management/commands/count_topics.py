"""`manage.py count_topics`: throw the topics' records away and count them anew from the rows."""

from typing import Any

from django.core.management.base import BaseCommand
from django.db.models.functions import Now

from copilot.insight.records import count_topic
from copilot.models import Topic, TopicRecord


class Command(BaseCommand):
    help = "Count anew how the drafts of every topic fared; run it again after a stop."

    def handle(self, *args: Any, **options: Any) -> None:
        TopicRecord.objects.all().delete()
        Topic.objects.update(recount_at=Now())
        topics = list(Topic.objects.order_by("pk").values_list("pk", flat=True))
        for pk in topics:
            count_topic(pk)
        self.stdout.write(f"{len(topics)} topics counted.")
