"""Where we may send to: public https only, with the address checked and pinned before we connect."""

import ipaddress
import socket
from dataclasses import dataclass
from urllib.parse import urlsplit

from django.conf import settings

from interactions.crm.base import CrmError

_NAT64 = ipaddress.ip_network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Target:
    """A checked address: connect to `address`, speak to `host`."""

    scheme: str
    host: str
    port: int
    address: str


def check(url: str) -> Target:
    """Resolve once and refuse what is not public; raises CrmError (permanent for a bad URL)."""
    scheme, host, port = _parts(url)
    addresses = _resolve(host, port)
    if settings.ALLOW_LOOPBACK_TARGETS and all(_is_loopback(a) for a in addresses):
        return Target(scheme, host, port, addresses[0])
    if scheme != "https":
        raise CrmError("the address is not an https URL", permanent=True)
    if not all(_is_public(address) for address in addresses):
        raise CrmError("the address is not a public one", permanent=True)
    return Target(scheme, host, port, addresses[0])


def _parts(url: str) -> tuple[str, str, int]:
    try:
        parts = urlsplit(url)
        host = (parts.hostname or "").rstrip(".").encode("idna").decode()
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise CrmError("the address is not an https URL", permanent=True) from None
    if parts.scheme not in {"https", "http"} or not host or "@" in parts.netloc:
        raise CrmError("the address is not an https URL", permanent=True)
    return parts.scheme, host, port


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise CrmError("the address's name is not known", permanent=False) from None
    return [str(entry[4][0]) for entry in found]


def _plain(address: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address:
    """The address meant: IPv6 has several ways to carry an IPv4 one."""
    ip = ipaddress.ip_address(address.split("%")[0])
    if isinstance(ip, ipaddress.IPv4Address) or ip.is_loopback:
        return ip
    if ip in _NAT64 or int(ip) >> 32 == 0:
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour or ip


def _is_loopback(address: str) -> bool:
    return _plain(address).is_loopback


def _is_public(address: str) -> bool:
    ip = _plain(address)
    # What is reserved may be translated to an inner IPv4 address by some router on the way.
    return ip.is_global and not (ip.is_multicast or ip.is_reserved or getattr(ip, "is_site_local", False))
