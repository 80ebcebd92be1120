"""A conversation as its page shows it: the letters, the banners above, the draft and what it rests on."""

from collections.abc import Iterator, Sequence

from django.urls import reverse
from django.utils import timezone
from django.utils.safestring import mark_safe

from copilot.console.cards import Card, Choice, Line, Person
from copilot.console.fill_card import card as draft_card
from copilot.console.fill_card import edited_now_by
from copilot.console.fill_diff import diff
from copilot.console.fill_files import of_message
from copilot.console.fill_rows import author, customer, day_and_time
from copilot.console.fill_text import channel_name
from copilot.console.fill_topic import label_of
from copilot.console.fill_why import why
from copilot.console.rows import Banner, Earlier, Letter, Thread
from copilot.console.scene import Scene
from copilot.models import CaseSummary, Decision
from copilot.templatetags.rapport import clock
from interactions.models import Conversation, Message, OutboxMessage

# The newest letters stand open; older ones fold into one line at the top.
UNFOLDED = 6
_KINDS = {"bounce": "Bounced", "auto_reply": "Out of office", "newsletter": "Newsletter", "loop": "A loop"}
_UNPROVEN = "The sender is not proven"
_BY = {Message.By.CUSTOMER: "customer", Message.By.COLLEAGUE: "colleague", Message.By.NOTE: "note"}


def thread(scene: Scene, card: Card | None = None, *, view: str = "", show: str = "") -> Thread:
    conversation = scene.conversation
    shown = card or draft_card(scene)
    letters = [letter(message, scene) for message in scene.messages]
    editor = edited_now_by(scene, scene.draft) if scene.draft and scene.is_open else None
    back, label = reverse("inbox"), label_of(conversation)
    return Thread(
        id=conversation.pk,
        subject=conversation.subject,
        person=customer(conversation.contact),
        account=conversation.account.name if conversation.account else "",
        account_id=conversation.account_id,
        # Who wrote unproven can be merged with nobody.
        contact_id=None if any(one.unproven for one in scene.messages) else conversation.contact_id,
        channel=channel_name(conversation.channel),
        assigned=_assigned(scene),
        labels=tuple(conversation.labels),
        topic=conversation.topic,
        topic_is_proposed=label is not None and label.by == label.By.COPILOT,
        viewers=(editor,) if editor else (),
        earlier=_earlier(letters[:-UNFOLDED]) if len(letters) > UNFOLDED + 1 else None,
        letters=tuple(letters[-UNFOLDED:] if len(letters) > UNFOLDED + 1 else letters),
        case=tuple(_case(scene)),
        card=shown,
        why=why(scene),
        diff=diff(scene, show or "changes") if show or _just_edited(scene, shown) else None,
        banners=(*_banners(scene, editor), *_unknown_replies(scene, shown)),
        back_url=f"{back}?view={view}" if view else back,
        can_note=scene.may_answer,
        can_teach=scene.may_teach,
        mine=conversation.assignee_id == scene.viewer.pk,
        status=conversation.status,
        live_url=f"{reverse('live')}?c={conversation.pk}&view={view}",
    )


def colleagues(scene: Scene) -> tuple[Choice, ...]:
    """To whom of its team the conversation can be given, and who has it."""
    has = scene.conversation.assignee_id
    return tuple(Choice(str(one.pk), one.name, chosen=one.pk == has) for one in scene.team)


def _just_edited(scene: Scene, card: Card) -> bool:
    """Whoever has just sent an edit of their own sees it, and is asked why."""
    if card.state != "sent" or card.person is None or not card.person.is_you:
        return False
    return scene.decision_on_draft(Decision.Kind.EDIT) is not None


def _assigned(scene: Scene) -> str:
    assignee = scene.conversation.assignee
    if assignee is None:
        return "Assigned to nobody"
    return "Assigned to you" if assignee.pk == scene.viewer.pk else f"Assigned to {assignee.name}"


def letter(message: Message, scene: Scene) -> Letter:
    plain = bool(message.quoted) or not message.html
    return Letter(
        id=message.pk,
        by=_BY[Message.By(message.by)],  # type: ignore[arg-type]
        person=author(message, scene.viewer),
        at=message.sent_at,
        text=message.text,
        html=None if plain else mark_safe(message.html),  # sanitised when it came in
        line=_line(message),
        quoted=message.quoted,
        files=tuple(of_message(one, message.conversation_id) for one in message.attachments),
        kind=_UNPROVEN if message.unproven else _KINDS.get(message.automatic, message.automatic),
    )


def _line(message: Message) -> str:
    to = f"to {', '.join(message.to)}" if message.to else ""
    cc = f"cc {', '.join(message.cc)}" if message.cc else ""
    return ", ".join(part for part in (to, cc) if part)


def _earlier(letters: Sequence[Letter]) -> Earlier:
    people: dict[str, Person] = {one.person.name: one.person for one in letters}
    first, last = (timezone.localtime(letters[n].at) for n in (0, -1))
    span = f"{first.day} {first:%b} to {last.day} {last:%b}"
    if first.date() == last.date():
        span = f"{first.day} {first:%b}"
    return Earlier(len(letters), "", span, tuple(people.values())[:4], tuple(letters))


def _case(scene: Scene) -> Iterator[Line]:
    """Each line leads to its message where that is on the page; the quote stands by itself."""
    case: CaseSummary | None = getattr(scene.conversation, "case", None)
    here = {message.pk for message in scene.messages}
    for line in case.lines if case else ():
        url = f"#message-{line['message']}" if line["message"] in here else ""
        yield Line(line["text"], "quote", note=f"“{line['quote']}”", url=url)


def _banners(scene: Scene, editor: Person | None) -> list[Banner]:
    conversation = scene.conversation
    banners = []
    if editor and scene.draft:
        url = reverse("draft-edit", args=[conversation.pk, scene.draft.n])
        text = f"{editor.name} is editing this draft."
        banners.append(Banner(text, person=editor, action="Take over", url=url, post=True))
    if conversation.status != Conversation.Status.OPEN:
        url = reverse("reopen", args=[conversation.pk])
        what = "Resolved."
        if conversation.status == Conversation.Status.SNOOZED:
            what = f"Snoozed until {day_and_time(conversation.snoozed_until)}."
        action = "Open again" if scene.may_answer else ""
        banners.append(Banner(what, "done", "", action=action, url=url, post=True))
    if not scene.may_answer:
        banners.append(Banner("You read this because you were granted to; it is written down.", "lock"))
    return banners


def _unknown_replies(scene: Scene, shown: Card) -> Iterator[Banner]:
    """Those whose card has given way to a newer draft or reply."""
    unknown = (one for one in scene.decisions if one.outbox and one.outbox.state == OutboxMessage.State.UNKNOWN)
    for one in unknown if scene.may_answer else ():
        if str(one.outbox_id) != shown.delivery:
            text = f"Nobody knows whether the reply of {clock(one.at)} arrived."
            yield Banner(text, "ask", delivery=str(one.outbox_id))
