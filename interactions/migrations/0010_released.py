"""A reply that needs a second person's yes waits for it: the database itself keeps it back until then.

The composite foreign keys hold approval, release and reply together: whose release was called for is part of
what was approved, the release names the same bytes and the person who approved them, and a CHECK of its own
says that another person gave it.
"""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

TIES = [
    (
        "ALTER TABLE interactions_outboxmessage ADD CONSTRAINT reply_is_what_was_approved"
        " FOREIGN KEY (approval_id, digest, release_by)"
        " REFERENCES interactions_approval (id, digest, release_by)",
        "ALTER TABLE interactions_outboxmessage DROP CONSTRAINT reply_is_what_was_approved",
    ),
    (
        "ALTER TABLE interactions_release ADD CONSTRAINT release_is_of_what_was_approved"
        " FOREIGN KEY (approval_id, digest, role) REFERENCES interactions_approval (id, digest, release_by)",
        "ALTER TABLE interactions_release DROP CONSTRAINT release_is_of_what_was_approved",
    ),
    (
        "ALTER TABLE interactions_release ADD CONSTRAINT release_knows_the_approver"
        " FOREIGN KEY (approval_id, approver_id) REFERENCES interactions_approval (id, person_id)",
        "ALTER TABLE interactions_release DROP CONSTRAINT release_knows_the_approver",
    ),
    (
        "ALTER TABLE interactions_outboxmessage ADD CONSTRAINT reply_is_what_was_released"
        " FOREIGN KEY (release_id, approval_id, digest)"
        " REFERENCES interactions_release (id, approval_id, digest)",
        "ALTER TABLE interactions_outboxmessage DROP CONSTRAINT reply_is_what_was_released",
    ),
]
UNTIE = "ALTER TABLE interactions_outboxmessage DROP CONSTRAINT reply_is_what_was_approved"
TIE_AS_BEFORE = """
ALTER TABLE interactions_outboxmessage ADD CONSTRAINT reply_is_what_was_approved
    FOREIGN KEY (approval_id, digest) REFERENCES interactions_approval (id, digest)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('interactions', '0009_message_by_message_id'),
        ('people', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(UNTIE, TIE_AS_BEFORE),
        migrations.CreateModel(
            name='Release',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', models.BinaryField(max_length=32)),
                ('role', models.CharField(choices=[('', 'Nobody'), ('lead', 'A lead'), ('account_manager', 'The account manager')], max_length=16)),
                ('at', models.DateTimeField(auto_now_add=True)),
            ],
        ),
        migrations.RemoveConstraint(
            model_name='approval',
            name='approval_of_digest',
        ),
        migrations.AddField(
            model_name='approval',
            name='release_by',
            field=models.CharField(blank=True, choices=[('', 'Nobody'), ('lead', 'A lead'), ('account_manager', 'The account manager')], db_default='', default='', max_length=16),
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='release_by',
            field=models.CharField(blank=True, choices=[('', 'Nobody'), ('lead', 'A lead'), ('account_manager', 'The account manager')], db_default='', default='', max_length=16),
        ),
        migrations.AlterField(
            model_name='outboxmessage',
            name='person',
            field=models.ForeignKey(blank=True, help_text='Who acted, for an event; who returned it, for a reply.', null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AlterField(
            model_name='outboxmessage',
            name='state',
            field=models.CharField(choices=[('waiting', 'Waiting'), ('pending', 'Pending'), ('sending', 'Sending'), ('retry', 'Retry'), ('sent', 'Sent'), ('unknown', 'Unknown'), ('dead', 'Dead'), ('cancelled', 'Cancelled'), ('returned', 'Returned')], default='pending', max_length=10),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.UniqueConstraint(fields=('id', 'digest', 'release_by'), name='approval_of_digest'),
        ),
        migrations.AddConstraint(
            model_name='approval',
            constraint=models.UniqueConstraint(fields=('id', 'person'), name='approval_of_person'),
        ),
        migrations.AddField(
            model_name='release',
            name='approval',
            field=models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='release', to='interactions.approval'),
        ),
        migrations.AddField(
            model_name='release',
            name='approver',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='release',
            name='key',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, to='people.apikey'),
        ),
        migrations.AddField(
            model_name='release',
            name='person',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='releases', to=settings.AUTH_USER_MODEL),
        ),
        migrations.AddField(
            model_name='outboxmessage',
            name='release',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='outbox', to='interactions.release'),
        ),
        migrations.AddIndex(
            model_name='outboxmessage',
            index=models.Index(condition=models.Q(('state', 'waiting')), fields=['conversation'], name='outbox_to_release'),
        ),
        migrations.AddConstraint(
            model_name='outboxmessage',
            constraint=models.CheckConstraint(condition=models.Q(('release_by', ''), ('release__isnull', False), ('state__in', ['waiting', 'cancelled', 'returned']), _connector='OR'), name='reply_waits_for_release'),
        ),
        migrations.AddConstraint(
            model_name='release',
            constraint=models.CheckConstraint(condition=models.Q(('person', models.F('approver')), _negated=True), name='release_by_another_person'),
        ),
        migrations.AddConstraint(
            model_name='release',
            constraint=models.CheckConstraint(condition=models.Q(('role', ''), _negated=True), name='release_in_a_role'),
        ),
        migrations.AddConstraint(
            model_name='release',
            constraint=models.UniqueConstraint(fields=('id', 'approval', 'digest'), name='release_of_approval'),
        ),
        *(migrations.RunSQL(tie, untie) for tie, untie in TIES),
    ]
