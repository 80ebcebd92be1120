"""Standard Webhooks signatures over the raw bytes.

The published library decodes the body before it compares; we must first know who sent it and
only then whether it can be read, so verification is done here on bytes. Signing is the library's.
"""

import base64
import hmac
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from standardwebhooks import Webhook

from interactions.crm.base import Unverified

TOLERANCE = timedelta(minutes=5)


def new_secret() -> str:
    return "whsec_" + base64.b64encode(secrets.token_bytes(24)).decode()


def sign(secret_list: list[str], key: str, at: datetime, body: bytes) -> dict[str, str]:
    """Headers for a delivery; signed with each valid secret while one rotates."""
    text = body.decode()
    signatures = [Webhook(secret).sign(key, at.astimezone(UTC), text) for secret in secret_list]
    return {
        "webhook-id": key,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def verify(secret_list: list[str], headers: Mapping[str, str], body: bytes, now: datetime) -> str:
    """The delivery's id; raises Unverified (or, on hostile headers, ValueError and the like)."""
    key = headers.get("webhook-id", "")
    stamp = headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "")
    if not (key and stamp and given):
        raise Unverified("the signature headers are missing")
    if len(key) > 200 or not key.isprintable():
        raise Unverified("webhook-id is not a text of at most 200 characters")
    if abs(now - datetime.fromtimestamp(int(stamp), UTC)) > TOLERANCE:
        raise Unverified("the timestamp is more than 5 minutes away")
    signed = f"{key}.{stamp}.".encode() + body
    offered = [one[3:].encode() for one in given.split(" ") if one.startswith("v1,")]
    for secret in secret_list:
        digest = hmac.digest(base64.b64decode(secret.removeprefix("whsec_")), signed, "sha256")
        wanted = base64.b64encode(digest)
        if any(hmac.compare_digest(wanted, one) for one in offered):
            return key
    raise Unverified("no signature matches")
