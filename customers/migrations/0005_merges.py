"""Merges of contacts. Whoever stands for another stands for themselves too: the database keeps chains
and circles out by a foreign key that names `shown_as` twice.
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

    dependencies = [
        ('customers', '0004_erasures'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
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
            ],
        ),
        migrations.AddField(
            model_name='contact',
            name='shown_as',
            field=models.ForeignKey(blank=True, db_constraint=False, db_index=False, help_text='The contact as whom this one is shown; empty: nobody was merged with it.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='customers.contact'),
        ),
        migrations.AddIndex(
            model_name='contact',
            index=models.Index(condition=models.Q(('shown_as__isnull', False)), fields=['shown_as'], name='contact_merged'),
        ),
        migrations.AddConstraint(
            model_name='contact',
            constraint=models.UniqueConstraint(fields=('id', 'shown_as'), name='contact_as_shown'),
        ),
        migrations.AddField(
            model_name='contactmerge',
            name='contact',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='merges', to='customers.contact'),
        ),
        migrations.AddField(
            model_name='contactmerge',
            name='decided_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='contactmerge',
            name='into',
            field=models.ForeignKey(help_text='Who is shown.', on_delete=django.db.models.deletion.CASCADE, related_name='taken_in', to='customers.contact'),
        ),
        migrations.AddField(
            model_name='contactmerge',
            name='proposed_by',
            field=models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='contactmerge',
            name='taken_back_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddConstraint(
            model_name='contactmerge',
            constraint=models.CheckConstraint(condition=models.Q(('contact', models.F('into')), _negated=True), name='merge_is_of_two'),
        ),
        migrations.AddConstraint(
            model_name='contactmerge',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'merged')), fields=('contact',), name='merged_into_one'),
        ),
        migrations.AddConstraint(
            model_name='contactmerge',
            constraint=models.UniqueConstraint(django.db.models.functions.comparison.Least('contact', 'into'), django.db.models.functions.comparison.Greatest('contact', 'into'), condition=models.Q(('state', 'proposed')), name='merge_is_proposed_once'),
        ),
        migrations.RunSQL(TIE, UNTIE),
    ]
