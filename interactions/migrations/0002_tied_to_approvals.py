"""What was said, what came in and what goes out. The database itself refuses a reply that nobody approved.

The composite foreign keys hold approval, release and reply together: a reply has the bytes that were approved;
whose release was called for is part of that, the release names the same bytes and the person who approved them,
and a CHECK of its own says that another person gave it.
"""
from django.db import migrations

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


class Migration(migrations.Migration):

    replaces = [
        ('interactions', '0002_approved_bytes'),
        ('interactions', '0010_released'),
    ]

    dependencies = [
        ('interactions', '0001_squashed'),
    ]

    operations = [migrations.RunSQL(tie, untie) for tie, untie in TIES]
