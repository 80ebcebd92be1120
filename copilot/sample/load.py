"""Load the sample company once, in one transaction, into an install that has nobody in it yet."""

import json
import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from copilot.sample import company, letters, relations
from copilot.sample.cast import new_cast
from people.models import User

type Access = dict[str, Any]


def load(access_file: Path) -> Access | None:
    """Who may sign in and how, also written to the file; None when somebody is there already.

    The file is written before the commit: a full disk must not lose the passwords.
    """
    with transaction.atomic():
        if User.objects.exists():
            return None
        cast = new_cast(timezone.now())
        users = company.add_people(cast)
        connection = company.add_connection(cast)
        company.add_release_rule(cast)
        company.add_knowledge(cast)
        relations.add_customers(cast)
        relations.add_records(cast)
        written = letters.add_conversations(cast)
        relations.add_relationship(cast)
        letters.open_inbox(written)
        relations.add_strategies(cast)
        access = {
            "url": settings.PUBLIC_URL, "users": users,
            "api_key": company.key_of_lead(cast), "connection": connection,
        }  # fmt: skip
        write_privately(access_file, access)
    return access


def refresh_addresses(access_file: Path) -> None:
    """The install may listen elsewhere today than when it was loaded."""
    if access_file.exists():
        access = json.loads(access_file.read_text())
        access["url"] = settings.PUBLIC_URL
        access["connection"]["url"] = webhook_url(access["connection"]["id"])
        write_privately(access_file, access)


def webhook_url(connection_id: str) -> str:
    return f"{settings.PUBLIC_URL}/webhooks/{connection_id}"


def write_privately(path: Path, access: Access) -> None:
    """All or nothing, and readable by nobody else at any moment."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(access, file, indent=2)
    fresh.replace(path)
