"""Passwords of the tests' people: hashed like real ones, so that every program can check them, but once."""

from django.contrib.auth.hashers import PBKDF2PasswordHasher


class QuickHash(PBKDF2PasswordHasher):
    """The real one takes most of a second, on purpose."""

    iterations = 1
