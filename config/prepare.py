"""Tables, then the sample company or the invitation: one process, as starting Django takes its time."""

import os
import sys

import django
from django.core.management import call_command

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    django.setup()
    from people.tables import tables_are_whole

    for problem in tables_are_whole(databases=["default"]):
        sys.exit(problem.msg)
    call_command("migrate", interactive=False, verbosity=0)
    call_command(sys.argv[1])
