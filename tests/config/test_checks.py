"""Django's own checks, which a running install skips to start sooner."""

import pytest
from django.core.management import call_command


@pytest.mark.django_db
def test_django_finds_nothing_to_complain_about() -> None:
    call_command("check", fail_level="WARNING")
