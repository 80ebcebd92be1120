"""The PostgreSQL and the Valkey that a test run brings along, and the environment that points at them.

`DATABASE_URL` or `REDIS_URL` from outside wins. The run's first process starts PostgreSQL and migrates one
database in it, which xdist's workers copy; each process that runs tests has a Valkey and VAR_DIR of its own.
"""

import os
import shutil
import tempfile
from contextlib import ExitStack, redirect_stdout
from pathlib import Path

import psycopg
from cryptography.fernet import Fernet
from psycopg.sql import SQL, Identifier

from config.embedded import postgres, valkey

CONSTANTS = {
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "ALLOW_LOOPBACK_TARGETS": "1",
    "DRAFT_DEBOUNCE_SECONDS": "0",
    "PUBLIC_URL": "http://127.0.0.1:8000",
    "MAIL_FROM": "Rapport <support@rapport.test>",
    "ANTHROPIC_API_KEY": "",
    "ANTHROPIC_BASE_URL": "",
    "MAIL_HOST": "",
    "RAPPORT_PROCESS": "worker",
}


def start(stack: ExitStack, worker: str) -> None:
    """Bring up what this process lacks; `worker` is empty in the run's first process."""
    var = Path(tempfile.mkdtemp(prefix="rapport-test-"))
    stack.callback(shutil.rmtree, var, ignore_errors=True)
    (var / "static").mkdir()
    os.environ |= CONSTANTS | {"VAR_DIR": str(var)}
    os.environ.setdefault("SECRET_KEY", "only-for-tests-" + "x" * 40)
    os.environ.setdefault("ENCRYPTION_KEYS", Fernet.generate_key().decode())
    if not os.environ.get("DATABASE_URL"):
        os.environ["DATABASE_URL"] = stack.enter_context(postgres(var / "pg", durable=False)).url
    given = os.environ.get("TEST_REDIS_URL") or (not worker and os.environ.get("REDIS_URL"))
    if given:
        # One numbered database a worker, so that nobody's rings reach another's.
        os.environ["TEST_REDIS_URL"] = given
        number = int(worker.removeprefix("gw") or 0) % 15 + 1 if worker else 0
        os.environ["REDIS_URL"] = f"{given.rpartition('/')[0]}/{number}"
    else:
        os.environ["REDIS_URL"] = stack.enter_context(valkey(var / "valkey")).url


def make_template(stack: ExitStack) -> None:
    """Migrate once for all workers: that was most of the time in which they were not ready yet."""
    from django.db import connection

    server = os.environ["DATABASE_URL"]
    with open(os.devnull, "w") as nowhere, redirect_stdout(nowhere):
        os.environ["TEST_TEMPLATE"] = connection.creation.create_test_db(verbosity=0, autoclobber=True)
    connection.close()
    stack.callback(_drop, server, os.environ["TEST_TEMPLATE"])


def _drop(server: str, name: str) -> None:
    with psycopg.connect(server, autocommit=True) as plain:
        plain.execute(SQL("DROP DATABASE IF EXISTS {}").format(Identifier(name)))


def copy_template() -> None:
    """Let this worker's database be a copy, which has nothing left to migrate."""
    from django.db import connection

    connection.settings_dict["TEST"] |= {"TEMPLATE": os.environ["TEST_TEMPLATE"], "MIGRATE": False}
