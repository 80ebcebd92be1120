"""Keys and secrets at rest: hashed or sealed, rotated, never in the clear."""

from io import StringIO

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection as database
from pytest_django import Settings

from interactions.models import Connection
from people.models import ApiKey, digest_of
from people.secretbox import reseal, seal, unseal
from tests.cast import Cast
from tests.factories import a_connection


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


def test_all_secrets_go_under_the_first_key_by_command(cast: Cast, settings: Settings) -> None:
    """The old key can be removed afterwards; a second run finds nothing to do."""
    old, new, foreign = (Fernet.generate_key().decode() for _ in range(3))
    settings.ENCRYPTION_KEYS = [old]
    made = [a_connection(team=cast.support, secrets=(f"whsec_{n}",)) for n in range(3)]
    made[0].set_credentials({"token": "t-1"})
    made[0].save()

    settings.ENCRYPTION_KEYS = [new, old]
    made[1].set_secrets(["whsec_1"])
    made[1].save()
    assert rotated() == "3 secrets were sealed anew, 1 were under the first key already."
    assert rotated() == "0 secrets were sealed anew, 4 were under the first key already."

    settings.ENCRYPTION_KEYS = [new]
    assert sorted(one.secrets[0] for one in Connection.objects.all()) == ["whsec_0", "whsec_1", "whsec_2"]
    assert Connection.objects.get(pk=made[0].pk).credentials == {"token": "t-1"}

    settings.ENCRYPTION_KEYS = [foreign, new]
    Connection.objects.filter(pk=made[2].pk).update(
        sealed_secrets=Fernet(Fernet.generate_key()).encrypt(b"x").decode()
    )
    with pytest.raises(CommandError, match=f"left as they are.*{made[2].pk} sealed_secrets"):
        rotated()
    settings.ENCRYPTION_KEYS = [foreign]
    assert Connection.objects.get(pk=made[0].pk).credentials == {"token": "t-1"}


def rotated() -> str:
    said = StringIO()
    call_command("rotate_keys", stdout=said)
    return said.getvalue().splitlines()[0]


def test_of_a_key_only_its_hash_is_kept(cast: Cast) -> None:
    key, text = ApiKey.make("Petra's program", ["read", "decide"], cast.petra)
    assert text not in str(ApiKey.objects.filter(pk=key.pk).values().get())
    assert ApiKey.objects.get(digest=digest_of(text)) == key


def test_a_connections_key_may_never_decide(db: None) -> None:
    with pytest.raises(ValueError, match="Only a person"):
        ApiKey.make("CRM", ["read", "decide"])
