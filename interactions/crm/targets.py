"""Where we may send to: public https only, with the address checked and pinned before we connect."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from interactions.crm.base import CrmError


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: connect to `address`, speak to `host`."""

    scheme: str
    host: str
    port: int
    address: str


def check(url: str) -> Target:
    """Resolve once and refuse what is not public; raises CrmError (permanent for a bad URL)."""
    parts = urlsplit(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in {"https", "http"} or not host or parts.username:
        raise CrmError("the address is not an https URL", permanent=True)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    addresses = _resolve(host, port)
    if settings.ALLOW_LOOPBACK_TARGETS and all(_is_loopback(a) for a in addresses):
        return Target(parts.scheme, host, port, addresses[0])
    if parts.scheme != "https":
        raise CrmError("the address is not an https URL", permanent=True)
    if not all(_is_public(address) for address in addresses):
        raise CrmError("the address is not a public one", permanent=True)
    return Target(parts.scheme, host, port, addresses[0])


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CrmError("the address's name is not known", permanent=False) from None
    return [str(entry[4][0]) for entry in found]


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    ip = ipaddress.ip_address(address.split("%")[0])
    return ip.ipv4_mapped or ip if isinstance(ip, ipaddress.IPv6Address) else ip


def _is_loopback(address: str) -> bool:
    return _plain(address).is_loopback


def _is_public(address: str) -> bool:
    ip = _plain(address)
    return ip.is_global and not ip.is_multicast
