"""`manage.py say "text"`: be a customer. Sends a signed message.received to the sample connection."""

import json
import secrets
from argparse import ArgumentParser
from typing import Any

import httpx
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from customers.models import Identity
from interactions.crm.signing import sign

# A customer of the sample company, with a subscription to ask about.
REGULAR = "hannah.clegg@pontefieldpools.example"


class Command(BaseCommand):
    help = "Send a signed customer message to the running install, as the CRM would."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("text")
        parser.add_argument("--conversation", default="", help="The CRM's id of it; empty: a new one")
        parser.add_argument("--email", default=REGULAR, help="Whose mail it is; one we know, or a new one")
        parser.add_argument("--name", default="", help="The name of somebody new")

    def handle(self, *args: Any, **options: Any) -> None:
        connection = self._connection()
        key = f"evt-{secrets.token_hex(8)}"
        contact = self._contact(connection["id"], options["email"].lower(), options["name"])
        body = json.dumps(self._event(contact, options), ensure_ascii=False).encode()
        headers = {
            **sign([connection["secret"]], key, timezone.now(), body),
            "content-type": "application/json",
        }
        try:
            answer = httpx.post(connection["url"], content=body, headers=headers, timeout=10, trust_env=False)
        except httpx.HTTPError as error:
            raise CommandError(
                f"{connection['url']} does not answer ({type(error).__name__}). Is `make run` running?"
            ) from None
        if answer.status_code != 202:
            raise CommandError(f"It was not taken: {answer.status_code} {answer.text[:300]}")
        self.stdout.write(f"Taken. It is in the inbox at {settings.PUBLIC_URL}/inbox/?view=unassigned")

    def _connection(self) -> dict[str, str]:
        file = settings.VAR_DIR / "access.json"
        try:
            return dict(json.loads(file.read_text())["connection"])
        except FileNotFoundError:
            raise CommandError(f"There is no {file}: only the sample install has one.") from None

    def _contact(self, connection: str, email: str, name: str) -> dict[str, str]:
        """Under the id that the sample CRM knows the sender by, where it does."""
        known = Identity.objects.filter(source=connection, contact__email=email).select_related("contact")
        identity = known.first()
        if identity and identity.contact:
            return {"id": identity.external_id, "name": identity.contact.name, "email": email}
        return {"id": f"said-{email}", "name": name or email.split("@")[0].title(), "email": email}

    def _event(self, contact: dict[str, str], told: dict[str, Any]) -> dict[str, Any]:
        now = timezone.now().isoformat()
        subject = " ".join(told["text"].split())[:70]
        return {
            "type": "message.received",
            "timestamp": now,
            "data": {
                "conversation": {
                    "id": told["conversation"] or f"said-{secrets.token_hex(4)}",
                    "subject": subject, "channel": "email",
                },
                "contact": contact,
                "message": {"id": f"m-{secrets.token_hex(8)}", "text": told["text"], "sent_at": now},
            },
        }  # fmt: skip
