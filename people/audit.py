"""Write down who did what, in the same transaction."""

from collections.abc import Iterable
from typing import Any

from django.db.models import Model

from people.models import ApiKey, AuditEntry, User


def note_deed(
    person: User | None, verb: str, target: Model, key: ApiKey | None = None, **detail: Any
) -> AuditEntry:
    label = f"{target._meta.model_name}:{target.pk}"
    return AuditEntry.objects.create(person=person, key=key, verb=verb, target=label, detail=detail)


def forget_details(targets: Iterable[str]) -> int:
    """Of what was done to these (`model:id`) only the deed and the id remain."""
    return AuditEntry.objects.filter(target__in=list(targets)).exclude(detail={}).update(detail={})
