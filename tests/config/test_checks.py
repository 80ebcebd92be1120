"""Django's own checks, which a running install skips to start sooner."""

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.db import connection


@pytest.mark.django_db
def test_django_finds_nothing_to_complain_about() -> None:
    call_command("check", fail_level="WARNING")


@pytest.mark.django_db
def test_tables_that_were_left_half_way_are_named_and_not_touched() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'customers' AND name = '0006_notes_reviewed'")
    with pytest.raises(SystemCheckError, match="tables of customers were made by a version before"):
        call_command("migrate", skip_checks=False)
