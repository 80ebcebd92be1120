import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('copilot', '0003_release_rules'),
        ('interactions', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='CaseSummary',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('lines', models.JSONField(default=list, help_text='[{text, quote, message}], the quote word for word.')),
                ('engine', models.CharField(blank=True, max_length=20)),
                ('model', models.CharField(blank=True, max_length=80)),
                ('prompt_version', models.CharField(blank=True, max_length=20)),
                ('cost_micros', models.PositiveIntegerField(default=0, help_text='Millionths of a US dollar, of all so far.')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('due_at', models.DateTimeField(null=True)),
                ('made_at', models.DateTimeField(null=True)),
                ('conversation', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='case', to='interactions.conversation')),
                ('until', models.ForeignKey(help_text='The last message that it tells of.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='interactions.message')),
            ],
            options={
                'indexes': [models.Index(condition=models.Q(('due_at__isnull', False)), fields=['due_at'], name='case_due')],
            },
        ),
    ]
