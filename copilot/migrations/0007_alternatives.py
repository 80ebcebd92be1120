"""Keep other wordings of a draft, and which one was picked."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('copilot', '0006_questions'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='decision',
            name='alternative',
            field=models.CharField(blank=True, db_default='', default='', help_text='Which wording was picked.', max_length=80),
        ),
        migrations.AddField(
            model_name='draft',
            name='picked',
            field=models.CharField(blank=True, db_default='', default='', help_text='Which alternative.', max_length=80),
        ),
        migrations.AddField(
            model_name='signal',
            name='alternative',
            field=models.CharField(blank=True, db_default='', default='', max_length=80),
        ),
        migrations.CreateModel(
            name='Alternative',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('way', models.CharField(help_text='How it differs, in a word or a few.', max_length=80)),
                ('state', models.CharField(choices=[('queued', 'Queued'), ('ready', 'Ready'), ('failed', 'Failed')], default='queued', max_length=8)),
                ('text', models.TextField(blank=True)),
                ('sources', models.JSONField(default=list)),
                ('checks', models.JSONField(default=list)),
                ('failure', models.CharField(blank=True, help_text='A code; see drafting.failures', max_length=40)),
                ('cost_micros', models.PositiveIntegerField(default=0, help_text='Millionths of a US dollar.')),
                ('attempts', models.PositiveSmallIntegerField(default=0)),
                ('lease_until', models.DateTimeField(blank=True, null=True)),
                ('created_at', models.DateTimeField(auto_now_add=True)),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('draft', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='alternatives', to='copilot.draft')),
            ],
            options={
                'ordering': ['pk'],
                'indexes': [models.Index(condition=models.Q(('state', 'queued')), fields=['id'], name='alternative_due')],
                'constraints': [models.UniqueConstraint(fields=('draft', 'way'), name='one_alternative_a_way')],
            },
        ),
    ]
