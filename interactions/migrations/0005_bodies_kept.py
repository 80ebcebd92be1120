from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    atomic = False  # concurrently, for the table is the largest of all

    dependencies = [("interactions", "0004_dead_events")]

    operations = [
        migrations.AlterField("inboxevent", "body", models.BinaryField(help_text="Emptied after 30 days.")),
        AddIndexConcurrently(
            "inboxevent",
            models.Index(
                fields=["received_at"],
                condition=models.Q(("state__in", ["applied", "ignored", "dead"]), models.Q(("body", b""), _negated=True)),
                name="event_with_body",
            ),
        ),
    ]
