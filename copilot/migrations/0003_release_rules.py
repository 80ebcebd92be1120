"""Say which replies need a second person's yes before they leave."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('copilot', '0002_knowledge'),
        ('customers', '0004_erasures'),
        ('people', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='ReleaseRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('topic', models.CharField(blank=True, max_length=80)),
                ('above', models.DecimalField(blank=True, decimal_places=2, help_text='In whatever currency it is written.', max_digits=12, null=True)),
                ('by', models.CharField(choices=[('lead', 'A lead'), ('account_manager', 'The account manager')], max_length=16)),
                ('reason', models.CharField(blank=True, max_length=200)),
                ('set_at', models.DateTimeField(auto_now=True)),
                ('account', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='release_rule', to='customers.account')),
                ('set_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('team', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='release_rules', to='people.team')),
            ],
            options={
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('above', None), ('account__isnull', False), ('team', None), ('topic', '')), models.Q(models.Q(('topic', ''), ('above', None), _connector='XOR'), ('account', None), ('team__isnull', False)), _connector='OR'), name='release_rule_has_one_subject'), models.UniqueConstraint(condition=models.Q(('team__isnull', False)), fields=('team', 'topic'), name='one_release_rule_a_topic')],
            },
        ),
    ]
