from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):
    """Found by their Message-ID are mails alone; the table is large, so the index is built beside its use."""

    atomic = False

    dependencies = [
        ('interactions', '0008_unproven_senders'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='message',
            index=models.Index(condition=models.Q(('external_id__startswith', '<')), fields=['external_id'], name='message_by_message_id'),
        ),
    ]
