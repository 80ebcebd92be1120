"""Search: what was said, and who the customers are, as far as this person may see them."""

import re
from collections.abc import Iterator

from django.http import HttpResponse
from django.urls import reverse

from copilot.console.cards import Line, plural
from copilot.console.fill_rows import author, conversation_url, customer
from copilot.console.rows import FoundTalk, Piece
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reads
from customers.access import visible_accounts, visible_contacts, visible_records
from customers.models import Account, Contact, Record
from customers.searching import find_accounts, find_contacts, find_records
from interactions.access import visible_conversations
from interactions.searching import Found, find_conversations

MOST = 30
MOST_WORDS = 200  # characters of a question
AROUND = 90  # characters shown on each side of the first word found


@page(allowed=reads)
def search(visit: Visit) -> HttpResponse:
    words = " ".join(visit.request.GET.get("q", "").replace("\0", "").split())[:MOST_WORDS]
    context = {"shell": shell(visit, "search"), "section": "search", "words": words}
    return visit.show("search.html", context | (_found(visit, words) if words else {}))


def _found(visit: Visit, words: str) -> dict[str, object]:
    who = visit.who
    talks = find_conversations(visible_conversations(who), words, MOST + 1)
    links = [
        *(_account(one) for one in find_accounts(visible_accounts(who), words, MOST)),
        *(_contact(one) for one in find_contacts(visible_contacts(who), words, MOST)),
        *(_record(one) for one in find_records(visible_records(who), words, MOST)),
    ]
    return {
        "talks": [_talk(one, words) for one in talks[:MOST]],
        "links": links,
        "summary": _summary(min(len(talks), MOST), len(links), more=len(talks) > MOST),
    }


def _summary(talks: int, links: int, *, more: bool) -> str:
    said = f"The newest {talks} conversations" if more else plural(talks, "conversation")
    return f"{said}, {plural(links, 'customer or record', 'customers and records')}."


def _account(account: Account) -> Line:
    return Line(account.name, "accounts", note=account.about, url=reverse("account", args=[account.pk]))


def _contact(contact: Contact) -> Line:
    url = reverse("account", args=[contact.account_id]) if contact.account_id else ""
    merged = str(contact) if contact.shown != contact else ""
    about = ", ".join(one for one in (merged, contact.email, str(contact.account or "")) if one)
    return Line(str(contact.shown), "conversation", note=about, url=url)


def _record(record: Record) -> Line:
    account = record.account or (record.contact.account if record.contact else None)
    url = reverse("account", args=[account.pk]) if account else ""
    about = ", ".join(one for one in (record.kind.capitalize(), record.status, str(account or "")) if one)
    return Line(str(record), "record", note=about, url=url)


def _talk(found: Found, words: str) -> FoundTalk:
    talk, message = found.conversation, found.message
    return FoundTalk(
        url=conversation_url(talk.pk),
        subject=talk.subject or "No subject",
        person=customer(talk.contact),
        account=talk.account.name if talk.account else "",
        status=talk.get_status_display(),
        at=message.sent_at if message else talk.last_message_at,
        said_by=author(message).name if message else "",
        pieces=tuple(_pieces(message.text, words)) if message else (),
    )


def _pieces(text: str, words: str) -> Iterator[Piece]:
    """The place where the first of the words stands, with all of them marked."""
    text = " ".join(text.split())
    wanted = [re.escape(word) for word in re.findall(r"\w+", words)]
    pattern = re.compile(rf"\b(?:{'|'.join(wanted)})\b", re.IGNORECASE) if wanted else None
    first = pattern.search(text) if pattern else None
    start = max(0, first.start() - AROUND) if first else 0
    shown = text[start : start + 2 * AROUND]
    at = 0
    yield Piece("… " if start else "")
    for match in pattern.finditer(shown) if pattern else ():
        yield Piece(shown[at : match.start()])
        yield Piece(match.group(), marked=True)
        at = match.end()
    yield Piece(shown[at:] + (" …" if start + 2 * AROUND < len(text) else ""))
