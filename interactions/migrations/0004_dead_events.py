from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # concurrently, for the table is the largest of all

    dependencies = [("interactions", "0003_replies_and_events_apart")]

    operations = [
        AddIndexConcurrently(
            "inboxevent",
            models.Index(fields=["connection", "id"], condition=models.Q(("state", "dead")), name="event_dead"),
        ),
    ]
