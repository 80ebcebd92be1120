"""Where a mail belongs: whose word it is, which conversation it joins, and whether its sender is proven.

A mail names no conversation, only the mails it answers, and anybody can write any name on it. So it joins
a conversation only when who it is from takes part there already, and a sender whose proof failed joins none.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from hashlib import sha256
from uuid import UUID

from customers.facts import ContactFact
from interactions.automatic import kind_of_automatic
from interactions.crm.base import MessageFact
from interactions.models import Connection, Conversation, Message, OutboxMessage
from people.models import Team, User

_OURS = re.compile(r"^<?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(@|$)")
_COMMENT = re.compile(r"\([^()]*\)")
_RESULT = re.compile(r"\s*(dmarc|spf|dkim)\s*=\s*(\w+)", re.I)
_FAILED = {"fail", "softfail"}


def own_reply(fact: MessageFact) -> OutboxMessage | None:
    """The reply of ours that this is a copy of, also where a server on its way gave it another Message-ID."""
    named = [fact.external_id, (fact.headers or {}).get("x-rapport-delivery", "")]
    return OutboxMessage.objects.filter(pk__in=_replies_of(named)).select_related("conversation").first()


def sort(connection: Connection, fact: MessageFact) -> MessageFact | None:
    """The mail with its conversation named; None for what a machine of ours wrote."""
    headers = fact.headers or {}
    fact = replace(fact, unproven=is_unproven(connection.config.get("authserv_id", ""), headers))
    sender = fact.author.email
    if not fact.unproven and sender in _own(connection, [sender]):
        if kind_of_automatic(sender, fact.subject, headers, from_us=False):
            return None
        return _from_us(connection, fact)
    return _from_outside(connection, fact)


def is_unproven(server: str, headers: Mapping[str, str]) -> bool:
    """Whether our own mail server found the sender to be false (RFC 8601).

    Only the topmost header is read, which our server wrote; any below it came with the mail.
    """
    named, *results = _COMMENT.sub("", headers.get("authentication-results", "")).split(";")
    if not server or named.split()[:1] != [server]:
        return False
    found: dict[str, set[str]] = {"dmarc": set(), "spf": set(), "dkim": set()}
    for one in filter(None, map(_RESULT.match, results)):
        found[one[1].lower()].add(one[2].lower())
    if found["dmarc"] & {"pass", "fail"}:
        return "fail" in found["dmarc"]
    return all(found[way] and found[way] <= _FAILED for way in ("spf", "dkim"))


def _from_us(connection: Connection, fact: MessageFact) -> MessageFact:
    """A colleague's answer from their mail program. What they only pass on to us is theirs to be answered."""
    known = _known(connection, fact)
    outside = _outside(connection, fact)
    if known is None and outside is None:
        return _from_outside(connection, fact)
    name = known.external_id if known else _name(fact, outside or "")
    contact = ContactFact(outside, email=outside, changed_at=fact.sent_at) if outside and not known else None
    return replace(fact, by_us=True, conversation=name, contact=contact)


def _from_outside(connection: Connection, fact: MessageFact) -> MessageFact:
    sender = fact.author.email
    if fact.unproven and fact.contact:
        nobody = f"unproven:{_digest(fact.external_id)}"
        contact = replace(fact.contact, external_id=nobody)
        return replace(fact, contact=contact, conversation=f"mail-{_digest(fact.external_id, nobody)}")
    known = _known(connection, fact)
    if known and sender and _takes_part(known, sender):
        return replace(fact, conversation=known.external_id)
    return replace(fact, conversation=_name(fact, sender))


def _name(fact: MessageFact, party: str) -> str:
    """The same for all mails with one party that go back to one mail, whichever of them comes first."""
    root = fact.references[0] if fact.references else fact.external_id
    return f"mail-{_digest(root, party)}"


def _digest(*told: str) -> str:
    return sha256("\n".join(told).encode()).hexdigest()[:40]


def _known(connection: Connection, fact: MessageFact) -> Conversation | None:
    """The conversation of the newest mail it answers, or of that very mail, told a second time."""
    ids = [*fact.references, fact.external_id]
    here = Conversation.objects.filter(connection=connection)
    replied = here.filter(deliveries__in=_replies_of(ids)).order_by("-last_message_at").first()
    if replied:
        return replied
    said = Message.objects.filter(
        conversation__connection=connection, external_id__in=ids, external_id__startswith="<"
    )
    newest = said.exclude(unproven=True).select_related("conversation").order_by("-sent_at").first()
    return newest.conversation if newest else None


def _replies_of(ids: Iterable[str]) -> list[UUID]:
    """Which of the Message-IDs are those of replies that were sent from here: nobody guesses their ids."""
    named = [UUID(found[1]) for found in map(_OURS.match, ids) if found]
    replies = OutboxMessage.objects.filter(pk__in=named, kind=OutboxMessage.Kind.REPLY)
    return list(replies.values_list("pk", flat=True)) if named else []


def _takes_part(conversation: Conversation, address: str) -> bool:
    """Whether it wrote here, or was written to by somebody who takes part."""
    if conversation.contact and conversation.contact.email == address:
        return True
    said = conversation.messages.filter(unproven=False).exclude(by=Message.By.NOTE)
    for email, to, cc in said.values_list("contact__email", "to", "cc"):
        if address in {str(one).lower() for one in (email, *to, *cc)}:
            return True
    return False


def _outside(connection: Connection, fact: MessageFact) -> str | None:
    """The first whom the mail went to that is none of us."""
    people = [*fact.to, *fact.cc]
    own = _own(connection, people)
    return next((one for one in people if one not in own), None)


def _own(connection: Connection, addresses: list[str]) -> set[str]:
    """Those of the addresses that are the team's or a person's here."""
    named = str(connection.config.get("addresses", "")).lower().replace(",", " ").split()
    teams = [one.lower() for one in Team.objects.values_list("email", flat=True) if one]
    people = User.objects.filter(email__in=addresses, is_active=True).values_list("email", flat=True)
    return {one for one in addresses if one} & {*named, *teams, *people}
