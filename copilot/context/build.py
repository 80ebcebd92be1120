"""Rows become one frozen Context: all that is known of this relationship, and nothing of another's."""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime

from django.conf import settings
from django.db.models import Q, QuerySet

from copilot.context import budget, earlier, retrieval, worded, written
from copilot.context.answered import answers
from copilot.context.consensus import Here, agree
from copilot.context.earlier import Moment
from copilot.context.held import trial_of
from copilot.context.hiding import without_hidden
from copilot.context.known import Known, known_of, told_since
from copilot.context.likeliest import likeliest
from copilot.context.situation import Situation
from copilot.context.taught import lessons_for
from copilot.context.value import MOST_ITEM, CaseLine, Context, Example, Item, Turn, cut
from copilot.models import CaseSummary, Draft
from customers.merging import ids_of
from interactions.models import Conversation, Message
from prepared import first, one_of, prepared

MOST_TURNS = 40
LEFT_WHOLE = 20  # so many of the newest messages the case so far does not tell of
MOST_CHARACTERS = 6000  # of one message
EARLIER_ANSWERS = 3
FOUND = 60  # past replies by their words, before those to the likest situations come first
LATEST_CONVERSATIONS = 10  # are looked through for them
USUAL_REPLY = "u1"
_SHOWN = ("conversation", "by", "author_name", "text", "sent_at")  # of a message; not its HTML
CONVERSATION = ("team", "contact__shown_as", "account__manager", "assignee", "case__until")


def build_context(draft: Draft, then: Moment | None = None) -> Context:
    """Of a draft that was read with its conversation and what CONVERSATION names; within the token budget.

    `then`: as it would have been built at that moment, of a conversation as it stood.
    """
    context = _all(draft, then)
    about = "\n".join([context.subject, context.question, *(item.text for item in context.items)])
    rules = lessons_for(draft, context.language, about, then)
    trial = trial_of(draft, rules, about)
    kept = tuple(one for one in rules if not (trial and trial.held and one.id == trial.lesson))
    taught = replace(context, lessons=kept, trial=trial)
    return budget.within(without_hidden(taught), settings.COPILOT_CONTEXT_TOKENS)


def _all(draft: Draft, then: Moment | None) -> Context:
    conversation = draft.conversation
    contact, account = conversation.contact, conversation.account
    shown, contacts = (contact.shown if contact else None), ids_of(contact)
    case = None if then else getattr(conversation, "case", None)
    said, outgrown = _latest(conversation, case, then)
    turns = _turns(said)
    language = conversation.language or (contact.language if contact else "") or "en"
    question = _question(turns)
    known = known_of(conversation, contacts, question, then)
    here = _here(turns, question or conversation.subject, known.items)
    examples = likeliest(_examples(conversation, here, language, then), _situation(conversation, said, known))
    return Context(
        conversation_id=conversation.pk,
        at=earlier.now_there(conversation.team.time_zone, then),
        subject=conversation.subject,
        channel=conversation.channel,
        language=language,
        team=conversation.team.name,
        closing=_closing(conversation),
        customer=str(shown) if shown else "",
        customer_first_name=shown.first_name if shown else "",
        customer_email=contact.email if contact else "",
        account=account.name if account else "",
        about_account=known.about,
        turns=turns,
        items=(
            *answers(conversation, then),
            *known.items,
            *_own_words(conversation, said, case),
            *_earlier(conversation, contacts, then),
            *_usual_reply(conversation, examples, here),
            *_knowledge(conversation, question, language, then),
        ),
        examples=tuple(examples),
        instructions=tuple(draft.instructions),
        unused=known.unused,
        case=_lines(case),
        outgrown=outgrown,
    )


def _latest(
    conversation: Conversation, case: CaseSummary | None, then: Moment | None
) -> tuple[list[Message], bool]:
    """What was said since the case so far, the oldest first, and whether there is more than fits.

    An automatic answer is no turn. The first turn moves only with the case, so that the turns after it stay in
    the provider's cache.
    """
    last = case.until if case else None
    since = {"at": last.sent_at, "pk": last.pk} if last else {"at": None, "pk": None}
    latest = _newest(then, last is not None, conversation=conversation.pk, **since)
    return latest[MOST_TURNS - 1 :: -1], len(latest) > MOST_TURNS


@prepared
def _newest(
    then: Moment | None, is_told: bool, *, conversation: int, at: datetime | None, pk: int | None
) -> QuerySet[Message]:
    """`is_told`: the case so far tells of all up to the message of that time and id."""
    said = Message.objects.filter(earlier.said(then), conversation=conversation, automatic="").only(*_SHOWN)
    if is_told:
        said = said.filter(Q(sent_at__gt=at) | Q(sent_at=at, pk__gt=pk))
    return said.order_by("-sent_at", "-pk")[: MOST_TURNS + 1]


def _lines(case: CaseSummary | None) -> tuple[CaseLine, ...]:
    return (
        tuple(CaseLine(f"m{one['message']}", one["text"], one["quote"]) for one in case.lines) if case else ()
    )


def _cited(conversation: Conversation, case: CaseSummary | None) -> Iterable[Item]:
    """The messages that the case so far stands on, by the words it quotes."""
    for line in _lines(case):
        url = f"/inbox/{conversation.pk}/#message-{line.id[1:]}"
        yield Item(line.id, "message", "Earlier in this conversation", line.quote, url=url)


def _turns(said: Iterable[Message]) -> tuple[Turn, ...]:
    return tuple(Turn(m.by, m.author_name, cut(m.text, MOST_CHARACTERS), m.sent_at, f"m{m.pk}") for m in said)


def _question(turns: tuple[Turn, ...]) -> str:
    said: list[str] = []
    for turn in reversed(turns):
        if turn.by == "colleague":
            break
        if turn.by == "customer":
            said.append(turn.text)
    return "\n\n".join(reversed(said))


def _here(turns: tuple[Turn, ...], question: str, items: Iterable[Item]) -> Here:
    """What waits for an answer, and what a CRM told of since our last one."""
    answered = next((turn for turn in reversed(turns) if turn.by == "colleague"), None)
    looked_up = told_since(items, (answered or turns[0]).at) if turns else ""
    before = answered.text if answered else ""
    return Here(question, retrieval.asked_text(before, question, looked_up), looked_up)


def _examples(conversation: Conversation, here: Here, language: str, then: Moment | None) -> list[Example]:
    before = then.at if then else None
    team = conversation.team
    return retrieval.near_replies(team, here.asked, language, conversation.pk, limit=FOUND, before=before)


def _situation(conversation: Conversation, said: list[Message], known: Known) -> Situation:
    spoken = [one for one in reversed(said) if one.by != Message.By.NOTE]
    return worded.situation(conversation, spoken, known.records, known.may)


def _closing(conversation: Conversation) -> str:
    if conversation.assignee:
        return conversation.assignee.first_name
    return conversation.team.signature or conversation.team.name


def _own_words(conversation: Conversation, said: list[Message], case: CaseSummary | None) -> Iterable[Item]:
    """What was said in this conversation may be cited; an internal note only steers."""
    for row in said:
        yield message_item(row, conversation, internal=row.by == Message.By.NOTE)
    yield from _cited(conversation, case)


def _earlier(conversation: Conversation, contacts: Collection[int], then: Moment | None) -> Iterable[Item]:
    """The same person's latest other conversations: the latest answers in them."""
    if not contacts:
        return
    for row in _answers_elsewhere(then, contacts=list(contacts), conversation=conversation.pk):
        yield message_item(row, row.conversation)


@prepared
def _answers_elsewhere(then: Moment | None, *, contacts: list[int], conversation: int) -> QuerySet[Message]:
    others = Conversation.objects.filter(earlier.begun(then), one_of("contact", contacts))
    latest = others.exclude(pk=conversation).order_by("-last_message_at").values("pk")[:LATEST_CONVERSATIONS]
    said = Message.objects.filter(earlier.sent(then), conversation__in=latest, by=Message.By.COLLEAGUE)
    rows = said.select_related("conversation").only(*_SHOWN, "conversation__channel")
    return rows.order_by("-sent_at")[:EARLIER_ANSWERS]


def message_item(row: Message, conversation: Conversation, internal: bool = False) -> Item:
    what = "Internal note" if row.by == Message.By.NOTE else conversation.channel
    return Item(
        id=f"m{row.pk}",
        kind="message",
        title=f"{row.author_name}, {what}" if row.author_name else what,
        text=cut(row.text, MOST_ITEM),
        author=row.author_name,
        at=row.sent_at,
        url=f"/inbox/{conversation.pk}/",
        internal=internal,
    )


def _usual_reply(conversation: Conversation, examples: list[Example], here: Here) -> Iterable[Item]:
    """What past replies to such a question agree on; no customer's details survive in it."""
    agreement = agree(examples, here)
    if agreement:
        yield Item(
            id=USUAL_REPLY,
            kind="past_reply",
            title=f"Usual reply in {conversation.team.name}",
            text=agreement.text,
            author=f"{agreement.agents} colleagues to {agreement.customers} customers",
            at=max(example.sent_at for example in examples),
            gaps=agreement.left_out,
            with_record=agreement.with_record,
        )


def _knowledge(conversation: Conversation, question: str, language: str, then: Moment | None) -> Iterable[Item]:
    near, before = f"{conversation.subject}\n{question}", then.at if then else None
    for reply in written.near_saved_replies(conversation.team, near, language, before=before):
        yield Item(
            id=f"s{reply.id}", kind="saved_reply", title=reply.title, text=cut(reply.text, MOST_ITEM),
            author=conversation.team.name, at=reply.updated_at, url=f"/saved-replies/{reply.id}/",
        )  # fmt: skip
    for article in written.near_articles(conversation.team, near, language, before=before):
        yield Item(
            id=f"a{article.id}", kind="article", title=article.title, text=cut(article.text, MOST_CHARACTERS),
            author="Articles", at=article.updated_at, url=f"/articles/{article.id}/",
        )  # fmt: skip


def newest_customer_message(conversation_id: int) -> tuple[int, datetime] | None:
    """The id and time of what the customer said last, automatic mail left out."""
    return first(_from_customer(conversation=conversation_id))


@prepared
def _from_customer(*, conversation: int) -> QuerySet[Message, tuple[int, datetime]]:
    said = Message.objects.filter(conversation=conversation, by=Message.By.CUSTOMER, automatic="")
    return said.order_by("-sent_at", "-pk").values_list("pk", "sent_at")[:1]
