"""A reply cannot be turned into an event, which needs no approval, and still leave as a reply."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("interactions", "0002_approved_bytes")]
    operations = [
        migrations.AddConstraint(
            model_name="outboxmessage",
            constraint=models.CheckConstraint(
                condition=models.Q(kind="reply", type="reply.approved")
                | models.Q(~models.Q(type="reply.approved"), kind="event"),
                name="reply_stays_a_reply",
            ),
        )
    ]
