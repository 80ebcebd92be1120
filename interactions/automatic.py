"""Tell mail that no person wrote: bounces, automatic answers, newsletters and loops."""

import re
from collections.abc import Mapping

_NOBODY = re.compile(r"^(mailer-daemon|postmaster|bounces?([+-].*)?)@", re.I)
# Subjects as programs write them; "Undelivered parcel" and "Out of office chairs" are people's.
_AWAY = re.compile(
    r"^\s*(automatic reply|auto(matic)?[- ]?reply|out of (the )?office( auto-?reply)?|automatische antwort"
    r"|abwesenheits(notiz|benachrichtigung)|r[ée]ponse automatique)\s*(:|$)",
    re.I,
)
_BOUNCED = re.compile(
    r"^\s*((undeliverable|returned mail|unzustellbar)\s*(:|$)|undelivered mail returned"
    r"|delivery status notification|mail delivery (failed|failure|sub ?system|system))",
    re.I,
)


def kind_of_automatic(sender: str, subject: str, headers: Mapping[str, str], *, from_us: bool) -> str:
    """`bounce`, `auto_reply`, `newsletter`, `loop`, or empty for what a person wrote.

    `from_us`: the sender's address is one of our own. Header names are lower case; see
    RFC 3834 for Auto-Submitted and RFC 2919 for List-Id.
    """
    if from_us or "x-rapport-delivery" in headers:
        return "loop"
    if _NOBODY.match(sender) or _BOUNCED.match(subject) or headers.get("return-path") == "<>":
        return "bounce"
    submitted = headers.get("auto-submitted", "no").split(";")[0].strip().lower()
    if submitted != "no" or _AWAY.match(subject) or "x-autoreply" in headers:
        return "auto_reply"
    bulk = headers.get("precedence", "").strip().lower() in {"bulk", "list", "junk"}
    if bulk or "list-id" in headers or "list-unsubscribe" in headers:
        return "newsletter"
    return ""
