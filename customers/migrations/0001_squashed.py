"""Whom the teams speak with. Whoever stands for another stands for themselves too: the database keeps chains and
circles of merged contacts out by a foreign key that names `shown_as` twice.
"""

import django.db.models.deletion
import django.db.models.functions.comparison
from django.conf import settings
from django.db import migrations, models

TIE = """
ALTER TABLE customers_contact
    ADD CONSTRAINT shown_contact_is_shown_itself
    FOREIGN KEY (shown_as_id, shown_as_id)
    REFERENCES customers_contact (id, shown_as_id)
"""
UNTIE = "ALTER TABLE customers_contact DROP CONSTRAINT shown_contact_is_shown_itself"


class Migration(migrations.Migration):

    initial = True
    replaces = [
        ('customers', '0001_initial'),
        ('customers', '0002_told_at'),
        ('customers', '0003_told_notes'),
        ('customers', '0004_erasures'),
        ('customers', '0005_merges'),
        ('customers', '0006_notes_reviewed'),
    ]

    dependencies = [
        ('people', '0001_squashed'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Account',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=200)),
                ('sort_key', models.CharField(db_index=True, editable=False, max_length=200)),
                ('domain', models.CharField(blank=True, max_length=200)),
                ('tier', models.CharField(blank=True, max_length=40)),
                ('about', models.CharField(blank=True, max_length=300)),
                ('language', models.CharField(blank=True, max_length=8)),
                ('time_zone', models.CharField(blank=True, max_length=64)),
                ('people_only', models.BooleanField(default=False)),
                ('people_only_reason', models.CharField(blank=True, max_length=200)),
                ('fields', models.JSONField(blank=True, default=dict)),
                ('customer_since', models.DateField(blank=True, null=True)),
                ('source_updated_at', models.DateTimeField(blank=True, null=True)),
                ('told_at', models.JSONField(blank=True, default=dict, help_text='When a source last told of each field.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('manager', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('teams', models.ManyToManyField(blank=True, related_name='+', to='people.team')),
            ],
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(blank=True, max_length=200)),
                ('email', models.CharField(blank=True, db_index=True, max_length=254)),
                ('phone', models.CharField(blank=True, max_length=40)),
                ('title', models.CharField(blank=True, max_length=120)),
                ('language', models.CharField(blank=True, max_length=8)),
                ('time_zone', models.CharField(blank=True, max_length=64)),
                ('people_only', models.BooleanField(default=False)),
                ('people_only_reason', models.CharField(blank=True, max_length=200)),
                ('fields', models.JSONField(blank=True, default=dict)),
                ('source_updated_at', models.DateTimeField(blank=True, null=True)),
                ('told_at', models.JSONField(blank=True, default=dict, help_text='When a source last told of each field.')),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='contacts', to='customers.account')),
                ('shown_as', models.ForeignKey(blank=True, db_constraint=False, db_index=False, help_text='The contact as whom this one is shown; empty: nobody was merged with it.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='customers.contact')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('shown_as__isnull', False)), fields=['shown_as'], name='contact_merged')],
                'constraints': [models.UniqueConstraint(fields=('id', 'shown_as'), name='contact_as_shown')],
            },
        ),
        migrations.CreateModel(
            name='ContactMerge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('merged', 'Merged'), ('declined', 'Declined'), ('taken_back', 'Taken back')], default='proposed', max_length=10)),
                ('why', models.CharField(blank=True, max_length=300)),
                ('proposed_at', models.DateTimeField(auto_now_add=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('taken_back_at', models.DateTimeField(blank=True, null=True)),
                ('taken_back_why', models.CharField(blank=True, max_length=300)),
                ('contact', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='customers.contact')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('into', models.ForeignKey(help_text='Who is shown.', on_delete=django.db.models.deletion.CASCADE, related_name='taken_in', to='customers.contact')),
                ('proposed_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('taken_back_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(('contact', models.F('into')), _negated=True), name='merge_is_of_two'), models.UniqueConstraint(condition=models.Q(('state', 'merged')), fields=('contact',), name='merged_into_one'), models.UniqueConstraint(django.db.models.functions.comparison.Least('contact', 'into'), django.db.models.functions.comparison.Greatest('contact', 'into'), condition=models.Q(('state', 'proposed')), name='merge_is_proposed_once')],
            },
        ),
        migrations.CreateModel(
            name='Erasure',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('at', models.DateTimeField(help_text='What was said up to then stays out, should it be told again.')),
                ('done_at', models.DateTimeField(auto_now_add=True)),
                ('source', models.UUIDField(blank=True, help_text='The connection that demanded it.', null=True)),
                ('counts', models.JSONField(default=dict, help_text='How many rows of each kind went.')),
                ('person', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ErasedName',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.UUIDField()),
                ('kind', models.CharField(choices=[('contact', 'contact'), ('conversation', 'conversation')], max_length=12)),
                ('digest', models.CharField(max_length=64)),
                ('erasure', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='names', to='customers.erasure')),
            ],
            options={
                'indexes': [models.Index(fields=['source', 'digest'], name='erased_name')],
            },
        ),
        migrations.CreateModel(
            name='Goal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.CharField(max_length=300)),
                ('do', models.TextField(blank=True)),
                ('dont', models.TextField(blank=True)),
                ('by', models.DateField(blank=True, null=True)),
                ('not_on_complaints', models.BooleanField(default=True)),
                ('is_active', models.BooleanField(default=True)),
                ('created_at', models.DateTimeField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='goals', to='customers.account')),
                ('set_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='Identity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.UUIDField()),
                ('kind', models.CharField(choices=[('contact', 'contact'), ('account', 'account')], max_length=8)),
                ('external_id', models.CharField(max_length=200)),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='identities', to='customers.account')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='identities', to='customers.contact')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('source', 'kind', 'external_id'), name='identity_is_unique'), models.CheckConstraint(condition=models.Q(models.Q(('account__isnull', True), ('contact__isnull', False), ('kind', 'contact')), models.Q(('account__isnull', False), ('contact__isnull', True), ('kind', 'account')), _connector='OR'), name='identity_names_one')],
            },
        ),
        migrations.CreateModel(
            name='Note',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('kind', models.CharField(choices=[('preference', 'Preference'), ('concern', 'Concern'), ('commitment', 'Commitment'), ('milestone', 'Milestone'), ('risk', 'Risk'), ('way_of_working', 'Way of working'), ('personal', 'Personal')], max_length=16)),
                ('text', models.TextField()),
                ('quote', models.TextField(blank=True)),
                ('internal', models.BooleanField(default=True, help_text='Never repeated to the customer.')),
                ('state', models.CharField(choices=[('proposed', 'Proposed'), ('accepted', 'Accepted'), ('rejected', 'Rejected'), ('superseded', 'Superseded'), ('expired', 'Expired')], default='proposed', max_length=12)),
                ('by_copilot', models.BooleanField(db_default=False, default=False, help_text='Proposed by the copilot.')),
                ('confidence', models.CharField(blank=True, max_length=40)),
                ('review_by', models.DateField(blank=True, null=True)),
                ('decided_at', models.DateTimeField(blank=True, null=True)),
                ('first_text', models.TextField(blank=True, db_default='', default='', help_text='As proposed, where a person said it better.')),
                ('key', models.CharField(blank=True, db_default='', default='', help_text='Of a proposal: the same, however worded.', max_length=64)),
                ('created_at', models.DateTimeField()),
                ('source', models.UUIDField(blank=True, help_text='The connection that told of it.', null=True)),
                ('external_id', models.CharField(blank=True, max_length=200)),
                ('source_updated_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='notes', to='customers.account')),
                ('author', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='notes', to='customers.contact')),
                ('decided_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('superseded_by', models.ForeignKey(blank=True, help_text='What took its place, or into which it was merged.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='superseded', to='customers.note')),
            ],
            options={
                'indexes': [models.Index(fields=['account', 'state'], name='note_by_account'), models.Index(condition=models.Q(('review_by__isnull', False), ('state', 'accepted')), fields=['review_by'], name='note_to_review')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('key', ''), _negated=True), fields=('account', 'key'), name='note_is_proposed_once'), models.UniqueConstraint(condition=models.Q(('external_id', ''), _negated=True), fields=('source', 'external_id'), name='note_is_told_once')],
            },
        ),
        migrations.CreateModel(
            name='Promise',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('text', models.TextField()),
                ('quote', models.TextField(blank=True)),
                ('due_at', models.DateTimeField(blank=True, null=True)),
                ('first_due_at', models.DateTimeField(blank=True, help_text='As first said, where it was moved.', null=True)),
                ('state', models.CharField(choices=[('open', 'Open'), ('kept', 'Kept'), ('cancelled', 'Cancelled')], default='open', max_length=10)),
                ('made_at', models.DateTimeField()),
                ('closed_at', models.DateTimeField(blank=True, null=True)),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='promises', to='customers.account')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='customers.contact')),
                ('owner', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='promises', to=settings.AUTH_USER_MODEL)),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('state', 'open')), fields=['account', 'due_at'], name='promise_open_by_account'), models.Index(condition=models.Q(('state', 'open')), fields=['owner', 'due_at'], name='promise_open_by_owner')],
            },
        ),
        migrations.CreateModel(
            name='Record',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source', models.UUIDField(blank=True, null=True)),
                ('external_id', models.CharField(max_length=200)),
                ('kind', models.CharField(max_length=40)),
                ('title', models.CharField(blank=True, max_length=200)),
                ('status', models.CharField(blank=True, max_length=60)),
                ('fields', models.JSONField(blank=True, default=dict)),
                ('occurred_at', models.DateTimeField(blank=True, null=True)),
                ('source_updated_at', models.DateTimeField()),
                ('account', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='records', to='customers.account')),
                ('contact', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='records', to='customers.contact')),
            ],
            options={
                'indexes': [models.Index(fields=['account', '-occurred_at'], name='record_by_account'), models.Index(fields=['contact', '-occurred_at'], name='record_by_contact')],
                'constraints': [models.UniqueConstraint(fields=('source', 'kind', 'external_id'), name='record_is_unique', nulls_distinct=False)],
            },
        ),
        migrations.RunSQL(TIE, UNTIE),
    ]
