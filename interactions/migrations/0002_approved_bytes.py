"""Tie every reply to an approval of exactly its bytes: the database itself refuses anything else."""

from django.db import migrations

TIE = """
ALTER TABLE interactions_outboxmessage
    ADD CONSTRAINT reply_is_what_was_approved
    FOREIGN KEY (approval_id, digest)
    REFERENCES interactions_approval (id, digest)
"""
UNTIE = "ALTER TABLE interactions_outboxmessage DROP CONSTRAINT reply_is_what_was_approved"


class Migration(migrations.Migration):
    dependencies = [("interactions", "0001_initial")]
    operations = [migrations.RunSQL(TIE, UNTIE)]
