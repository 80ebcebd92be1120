"""Who sent a delivery, by HubSpot's v3 signature; v1 and v2 carry no time and are refused.

https://developers.hubspot.com/docs/apps/developer-platform/build-apps/authentication/request-validation
"""

import base64
import hmac
import re
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from interactions.crm.base import Call, Unverified

TOLERANCE = timedelta(minutes=5)
# What HubSpot writes plainly in the address it signs, even where the request encodes it.
_PLAIN = re.compile("%(?:3A|2F|3F|40|21|24|27|28|29|2A|2C|3B)", re.I)


def sign(secret: str, method: str, uri: str, body: bytes, stamp: str) -> str:
    """`stamp` in milliseconds, as it stands in the header."""
    signed = f"{method}{_PLAIN.sub(_decoded, uri)}".encode() + body + stamp.encode()
    return base64.b64encode(hmac.digest(secret.encode(), signed, "sha256")).decode()


def _decoded(found: re.Match[str]) -> str:
    return chr(int(found.group()[1:], 16))


def verify(secrets: list[str], call: Call, now: datetime) -> str:
    """The delivery's key: HubSpot gives a delivery none, and repeats one with the same bytes."""
    given = call.headers.get("x-hubspot-signature-v3", "")
    stamp = call.headers.get("x-hubspot-request-timestamp", "")
    if not given and call.headers.get("x-hubspot-signature"):
        raise Unverified("only HubSpot's v3 signature is accepted")
    if not (given and stamp):
        raise Unverified("the signature headers are missing")
    if abs(now - datetime.fromtimestamp(int(stamp) / 1000, UTC)) > TOLERANCE:
        raise Unverified("the timestamp is more than 5 minutes away")
    wanted = [sign(secret, "POST", call.url, call.body, stamp) for secret in secrets]
    if not any(hmac.compare_digest(one.encode(), given.encode()) for one in wanted):
        raise Unverified("no signature matches")
    return f"delivery-{sha256(call.body).hexdigest()}"
