"""Who calls: a person by one of their keys, or a connection by its own, and what the key may do."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from django.conf import settings
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from interactions.models import Connection
from people.access import Standing, standing
from people.models import ApiKey, Scope, User, digest_of

if TYPE_CHECKING:  # REST framework's views load this module themselves
    from rest_framework.views import APIView

READING = ("GET", "HEAD")


@dataclass(frozen=True)
class Caller:
    """The key that was shown, and for whom it speaks: a person, or else a connection."""

    key: ApiKey
    person: User | None
    connection: Connection | None

    @cached_property
    def standing(self) -> Standing:
        if self.person is None:
            raise AssertionError("A connection has no standing; its rows are filtered by itself.")
        return standing(self.person)


def caller(request: Request) -> Caller:
    """For views that no request reaches without a key."""
    assert isinstance(request.auth, Caller)
    return request.auth


class KeyAuthentication(BaseAuthentication):
    """`Authorization: Bearer <key>`; cookies count for nothing here."""

    def authenticate(self, request: Request) -> tuple[User | None, Caller] | None:
        words = get_authorization_header(request).split()
        if not words:
            return None
        if len(words) != 2 or words[0].lower() != b"bearer":
            raise AuthenticationFailed("Send the key as `Authorization: Bearer <key>`.")
        who = _caller(words[1].decode("latin-1"))
        return who.person, who

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def _caller(text: str) -> Caller:
    keys = ApiKey.objects.select_related("person", "connection__team")
    key = keys.filter(digest=digest_of(text)).first()
    if key is None:
        raise AuthenticationFailed("This key is not known here.")
    if key.revoked_at is not None:
        raise AuthenticationFailed("This key was revoked.")
    connection = getattr(key, "connection", None)
    if key.person is None and (connection is None or connection.revoked_at):
        raise AuthenticationFailed("The connection of this key was revoked.")
    if key.person is not None and not key.person.is_active:
        raise AuthenticationFailed("The person of this key no longer works here.")
    return Caller(key, key.person, connection if key.person is None else None)


class HasKey(BasePermission):
    """A key with the scope that the view asks for: `read` to read, `write` to post, unless it says other."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        if not isinstance(request.auth, Caller):
            return False  # a 401: nobody has said who they are
        if request.method not in view.allowed_methods:
            return True  # a 405 says more than a 403
        needed = Scope.READ if request.method in READING else getattr(view, "scope", Scope.WRITE)
        if needed not in request.auth.key.scopes:
            self.message = f"This key does not have the scope “{needed}”."
            return False
        if request.auth.person is None and getattr(view, "people_only", False):
            self.message = "Only a person's key may do this; a connection's key never can."
            return False
        return True


class KeyThrottle(SimpleRateThrottle):
    """Counts each key by itself, in this process: a frozen Valkey never holds a request up."""

    scope = "key"

    def get_rate(self) -> str:
        return str(settings.REST_FRAMEWORK["DEFAULT_THROTTLE_RATES"]["key"])

    def get_cache_key(self, request: Request, view: "APIView") -> str | None:
        return f"throttle:{request.auth.key.pk}" if isinstance(request.auth, Caller) else None
