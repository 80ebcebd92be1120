"""Keys and secrets at rest: hashed or sealed, rotated, never in the clear."""

import pytest
from cryptography.fernet import Fernet
from django.db import connection as database
from pytest_django import Settings

from interactions.models import Connection
from people.models import ApiKey, digest_of
from people.secretbox import reseal, seal, unseal
from tests.cast import Cast


def test_a_connections_secret_is_not_in_the_database(connection: Connection) -> None:
    with database.cursor() as cursor:
        cursor.execute("SELECT row_to_json(c)::text FROM interactions_connection c")
        row = cursor.fetchone()[0]
    assert connection.secrets[0].removeprefix("whsec_") not in row


def test_two_secrets_are_kept_the_newest_first(connection: Connection) -> None:
    connection.set_secrets(["new", "old", "older"])
    assert connection.secrets == ["new", "old"]


def test_an_encryption_key_can_be_rotated(settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.ENCRYPTION_KEYS = [old]
    sealed = seal("whsec_x")
    settings.ENCRYPTION_KEYS = [new, old]
    assert unseal(sealed) == "whsec_x"
    resealed = reseal(sealed)
    settings.ENCRYPTION_KEYS = [new]
    assert unseal(resealed) == "whsec_x"


def test_of_a_key_only_its_hash_is_kept(cast: Cast) -> None:
    key, text = ApiKey.make("Petra's program", ["read", "decide"], cast.petra)
    assert text not in str(ApiKey.objects.filter(pk=key.pk).values().get())
    assert ApiKey.objects.get(digest=digest_of(text)) == key


def test_a_connections_key_may_never_decide(db: None) -> None:
    with pytest.raises(ValueError, match="Only a person"):
        ApiKey.make("CRM", ["read", "decide"])
