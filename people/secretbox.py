"""Secrets at rest: encrypted with the newest of ENCRYPTION_KEYS, readable with any of them."""

from functools import cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


@cache
def _box(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def seal(text: str) -> str:
    return _box(tuple(settings.ENCRYPTION_KEYS)).encrypt(text.encode()).decode()


def unseal(sealed: str) -> str:
    return _box(tuple(settings.ENCRYPTION_KEYS)).decrypt(sealed.encode()).decode()


def is_newest(sealed: str) -> bool:
    """Whether the newest key sealed it; raises InvalidToken when none of the keys did."""
    keys = tuple(settings.ENCRYPTION_KEYS)
    _box(keys).decrypt(sealed.encode())
    try:
        _box(keys[:1]).decrypt(sealed.encode())
    except InvalidToken:
        return False
    return True


def reseal(sealed: str) -> str:
    """The same secret under the newest key."""
    return _box(tuple(settings.ENCRYPTION_KEYS)).rotate(sealed.encode()).decode()
