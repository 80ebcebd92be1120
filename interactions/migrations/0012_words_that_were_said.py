from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.operations import AddIndexConcurrently
from django.contrib.postgres.search import SearchVector
from django.db import migrations


class Migration(migrations.Migration):
    """What the search page looks in; both tables are large, so the indexes are built beside their use."""

    atomic = False

    dependencies = [
        ('interactions', '0011_secret_overlap'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='conversation',
            index=GinIndex(SearchVector('subject', config='simple'), name='conversation_words'),
        ),
        AddIndexConcurrently(
            model_name='message',
            index=GinIndex(SearchVector('text', config='simple'), name='message_words'),
        ),
    ]
