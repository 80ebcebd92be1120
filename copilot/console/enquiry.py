"""Ask about this customer: a box, and the answer with its quotes below it."""

from dataclasses import dataclass

from django.http import Http404, HttpResponse
from django.urls import reverse

from copilot.console import scene as scenes
from copilot.console.cards import Source
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reads
from copilot.context.enquiry import Customer, customer_at, customer_of
from copilot.context.value import Item
from copilot.drafting.enquiry import LONGEST_QUESTION, Enquiry, enquire
from copilot.templatetags.rapport import ago
from customers.access import visible_accounts


@dataclass(frozen=True, slots=True)
class EnquiryPage:
    """`url` is where the box sends to, `back_url` the page it was opened from."""

    customer: str
    url: str
    back_url: str
    question: str = ""
    asked: bool = False
    text: str = ""
    sources: tuple[Source, ...] = ()
    longest: int = LONGEST_QUESTION


@page("GET", "HEAD", "POST", allowed=reads)
def of_account(visit: Visit, account_id: int) -> HttpResponse:
    account = visible_accounts(visit.who).filter(pk=account_id).first()
    if account is None:
        raise Http404
    here, back = (reverse(name, args=[account_id]) for name in ("account-enquiry", "account"))
    return _show(visit, customer_at(account), here, back, "accounts")


@page("GET", "HEAD", "POST", allowed=reads)
def of_conversation(visit: Visit, conversation_id: int) -> HttpResponse:
    talk = scenes.find(visit, conversation_id)
    here, back = (reverse(name, args=[talk.pk]) for name in ("conversation-enquiry", "conversation"))
    return _show(visit, customer_of(talk), here, back, "inbox")


def _show(visit: Visit, customer: Customer, here: str, back: str, section: str) -> HttpResponse:
    """The question is posted, because addresses are written into logs."""
    asked = visit.request.POST.get("question", "").strip()
    found = enquire(visit.who, customer, asked) if asked else Enquiry("")
    made = EnquiryPage(
        customer.name, here, back, found.question, bool(asked), found.text, tuple(_sources(found))
    )
    return visit.show("enquiry.html", {"shell": shell(visit, section), "section": section, "enquiry": made})


def _sources(found: Enquiry) -> list[Source]:
    return [
        Source(n, one.item.title, one.quote, ago(one.item.at) if one.item.at else "", _url(one.item))
        for n, one in enumerate(found.quotes, 1)
    ]


def _url(item: Item) -> str:
    """Of a message its own place on its conversation's page."""
    return f"{item.url}#message-{item.id[1:]}" if item.kind == "message" else item.url
