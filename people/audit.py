"""Write down who did what, in the same transaction."""

from typing import Any

from django.db.models import Model

from people.models import ApiKey, AuditEntry, User


def note_deed(
    person: User | None, verb: str, target: Model, key: ApiKey | None = None, **detail: Any
) -> AuditEntry:
    label = f"{target._meta.model_name}:{target.pk}"
    return AuditEntry.objects.create(person=person, key=key, verb=verb, target=label, detail=detail)
