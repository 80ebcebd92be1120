"""`manage.py rotate_keys`: put every secret at rest under the first of ENCRYPTION_KEYS, so that others can go.

It may be stopped and started again at any time: what is under the first key already is left alone.
"""

from collections.abc import Iterator
from typing import Any

from cryptography.fernet import InvalidToken
from django.apps import apps
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Field, Model

from people.secretbox import is_newest, reseal

PREFIX = "sealed_"  # by this name every column with secrets is known


class Command(BaseCommand):
    help = "Seal all secrets anew with the first of ENCRYPTION_KEYS."

    def handle(self, *args: Any, **options: Any) -> None:
        done, kept, lost = 0, 0, []
        for model, field in sealed_columns():
            for pk, sealed in _filled(model, field):
                try:
                    if is_newest(sealed):
                        kept += 1
                    else:
                        done += _reseal(model, field, pk, sealed)
                except InvalidToken:
                    lost.append(f"{model._meta.label} {pk} {field.name}")
        self.stdout.write(f"{done} secrets were sealed anew, {kept} were under the first key already.")
        if lost:
            raise CommandError(
                "None of the keys opens these, so they were left as they are; add the key that sealed them, or "
                "make new secrets: " + ", ".join(lost)
            )
        self.stdout.write("The first key opens all of them: the others may be removed from ENCRYPTION_KEYS.")


def sealed_columns() -> Iterator[tuple[type[Model], Field]]:
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.name.startswith(PREFIX):
                yield model, field


def _filled(model: type[Model], field: Field) -> Iterator[tuple[Any, str]]:
    rows = model._default_manager.exclude(**{field.name: ""}).order_by("pk")
    return rows.values_list("pk", field.name).iterator(chunk_size=500)


def _reseal(model: type[Model], field: Field, pk: Any, sealed: str) -> int:
    """Only what was read is replaced: a secret that is changed meanwhile is under the first key anyway."""
    same = model._default_manager.filter(**{"pk": pk, field.name: sealed})
    return same.update(**{field.name: reseal(sealed)})
