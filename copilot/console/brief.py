"""The brief before the next conversation with an account: one page to print, each line with its source."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, Q, Subquery
from django.http import Http404, HttpResponse
from django.urls import reverse
from django.utils import timezone

from copilot.console.fill_rows import day_and_time
from copilot.console.fill_text import short
from copilot.console.shell import shell
from copilot.console.visit import Visit, page, reads
from copilot.templatetags.rapport import ago, has_waited
from copilot.words import body, sentences
from customers.access import visible_accounts
from customers.models import Account, Goal, Note, Promise, Record
from interactions.access import visible_conversations
from interactions.models import Conversation, Message
from people.access import Standing

MOST = 5  # lines of a part: it is one page
LONGEST = 180


@dataclass(frozen=True, slots=True)
class Line:
    """Something to know, and where it is from."""

    text: str
    source: str
    url: str
    late: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    title: str
    lines: tuple[Line, ...]


@page(allowed=reads)
def brief(visit: Visit, account_id: int) -> HttpResponse:
    account = visible_accounts(visit.who).select_related("manager").filter(pk=account_id).first()
    if account is None:
        raise Http404
    parts = (
        Part("What matters now", tuple(_goals(account))),
        Part("What we promised", tuple(_promises(account))),
        Part("What is open", tuple(_open(visit.who, account))),
        Part("What to know", tuple(_notes(account))),
        Part("What was said last", tuple(_said(visit.who, account))),
        Part("What they have", tuple(_records(account))),
    )
    context = {
        "shell": shell(visit, "accounts"), "section": "accounts", "account": account,
        "about": account.about.rstrip("."), "now": timezone.now(),
        "people": account.contacts.filter(shown_as=None).order_by("name")[:MOST],
        "parts": [part for part in parts if part.lines],
    }  # fmt: skip
    return visit.show("brief.html", context)


def _goals(account: Account) -> Iterable[Line]:
    for goal in Goal.objects.filter(account=account, is_active=True).select_related("set_by")[:MOST]:
        told = (goal.text, f"Do: {goal.do}" if goal.do else "", f"Don’t: {goal.dont}" if goal.dont else "")
        by = f" by {goal.set_by.name}" if goal.set_by else ""
        yield Line(". ".join(one.rstrip(".") for one in told if one), f"Goal{by}", _account(account))


def _promises(account: Account) -> Iterable[Line]:
    rows = Promise.objects.filter(account=account, state=Promise.State.OPEN).select_related("owner")
    for row in rows.order_by("due_at", "pk")[:MOST]:
        late = row.due_at is not None and row.due_at < timezone.now()
        due = f", {'was due' if late else 'due'} {day_and_time(row.due_at)}" if row.due_at else ""
        who = row.owner.name if row.owner else "Nobody owns it"
        yield Line(f"{row.text.rstrip('.')}{due}", f"{who}, {ago(row.made_at)}", _account(account), late)


def _open(who: Standing, account: Account) -> Iterable[Line]:
    """What the customer said last, where an answer is still due."""
    said = Message.objects.filter(conversation=OuterRef("pk"), by=Message.By.CUSTOMER, automatic="")
    talks = visible_conversations(who).filter(account=account, status=Conversation.Status.OPEN)
    talks = talks.annotate(words=Subquery(said.order_by("-sent_at").values("text")[:1]))
    for talk in talks.select_related("contact__shown_as").order_by("waiting_since", "-last_message_at")[:MOST]:
        name = str(talk.contact.shown) if talk.contact else "Somebody"
        wait = f", {has_waited(talk.waiting_since)}" if talk.waiting_since else ""
        yield Line(
            f"{talk.subject or 'No subject'}: {_asked(talk.words or '')}", f"{name}{wait}", _talk(talk.pk)
        )


def _asked(text: str) -> str:
    """The first question, or how it begins."""
    told = (text[start:end] for start, end in sentences(text))
    return next((short(one, LONGEST) for one in told if one.endswith("?")), "") or _begins(text)


def _begins(text: str) -> str:
    """A greeting says nothing; where there is nothing else, it is all that was said."""
    return short(body(text) or text, LONGEST)


def _notes(account: Account) -> Iterable[Line]:
    still = Q(review_by=None) | Q(review_by__gte=timezone.localdate())
    rows = Note.objects.filter(still, account=account, state=Note.State.ACCEPTED).select_related("decided_by")
    for row in rows.order_by("-created_at", "-pk")[:MOST]:
        by = f", accepted by {row.decided_by.name}" if row.decided_by else ""
        hidden = ", not to be repeated" if row.internal else ""
        source = f"{row.get_kind_display()}, {ago(row.created_at)}{by}{hidden}"
        yield Line(row.text, source, _account(account))


def _said(who: Standing, account: Account) -> Iterable[Line]:
    talks = visible_conversations(who).filter(account=account)
    rows = Message.objects.filter(conversation__in=talks, automatic="").exclude(text="")
    for row in rows.select_related("contact__shown_as", "person").order_by("-sent_at", "-pk")[:4]:
        name = str(row.contact.shown) if row.contact else row.person.name if row.person else row.author_name
        url = f"{_talk(row.conversation_id)}#message-{row.pk}"
        yield Line(f"“{_begins(row.text)}”", f"{name}, {ago(row.sent_at)}", url)


def _records(account: Account) -> Iterable[Line]:
    for row in Record.objects.filter(account=account).order_by("-occurred_at", "-pk")[:4]:
        status = f", {row.status}" if row.status else ""
        yield Line(f"{row}{status}", f"CRM, told {ago(row.source_updated_at)}", _account(account))


def _account(account: Account) -> str:
    return reverse("account", args=[account.pk])


def _talk(pk: int) -> str:
    return reverse("conversation", args=[pk])
