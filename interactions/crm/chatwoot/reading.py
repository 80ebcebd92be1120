"""Chatwoot's JSON as facts. A webhook and the API tell the same thing in two shapes; both are read here.

Shapes: https://developers.chatwoot.com and, where that is silent, the source at github.com/chatwoot/chatwoot
(app/models/message.rb, app/presenters/conversations/event_data_presenter.rb and the API's views).
What is missing or of the wrong type is left out; only what nothing can be said without is Unreadable.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from customers.facts import AccountFact, ContactFact
from interactions.crm.base import Agent, ConversationFact, Fact, MessageFact, RatingFact, Unreadable

type Json = Mapping[str, Any]

READ = "conversation_read"  # our own: a conversation and its messages, as the API gave them
MARK = "rapport_delivery"  # in a message's content_attributes: the delivery of ours that made it
LONGEST_TEXT = 500_000

# The API numbers what webhooks name.
_KINDS = {0: "incoming", 1: "outgoing", 2: "activity", 3: "template"}
# Pending is Chatwoot's word for a conversation that a bot still has; people here see it as open.
_STATUSES = {"open": "open", "pending": "open", "snoozed": "snoozed", "resolved": "resolved"}
_CHANNELS = {
    "webwidget": "chat", "twiliosms": "sms", "facebookpage": "facebook", "twitterprofile": "twitter",
    "voice": "phone",
}  # fmt: skip
_NEWS_OF = {
    "status": {"status", "snoozed_until"},
    "assignee": {"assignee_id", "assignee_agent_bot_id"},
    "labels": {"label_list", "cached_label_list"},
}


def facts(type: str, data: Json) -> list[Fact]:
    match type:
        case "message_created" | "message_updated":
            conversation = part(data, "conversation")
            return _message(data, conversation, rated_at=_newest_time(conversation))
        case "conversation_created" | "conversation_updated" | "conversation_status_changed":
            return [_conversation(data, _changed(type, data))]
        case "contact_created" | "contact_updated":
            return _contact_alone(data)
        case "conversation_read":
            return _read(data)
    return []


def _read(data: Json) -> list[Fact]:
    conversation = part(data, "conversation")
    said = [fact for one in parts(data, "messages") for fact in _message(one, conversation)]
    return [*said, _conversation(conversation, None)]


def _message(data: Json, conversation: Json, rated_at: datetime | None = None) -> list[Fact]:
    attributes, sender = part(data, "content_attributes"), part(data, "sender")
    if text(data.get("content_type")) == "input_csat":
        return _rating(data, conversation, rated_at)
    kind = data.get("message_type")
    kind = _KINDS.get(kind) if isinstance(kind, int) else kind
    by_us = kind == "outgoing" and (sender.get("type") == "user" or attributes.get("external_echo") is True)
    if not (kind == "incoming" or by_us) or attributes.get("deleted") is True:
        return []  # activity, templates, bots and automations: nobody wrote them
    at = _time(data.get("created_at"), "the message's created_at")
    writer = sender if kind == "incoming" and sender else part(conversation, "meta", "sender")
    mail = part(attributes, "email")
    return [
        MessageFact(
            by_us=by_us, private=by_us and data.get("private") is True,
            conversation=_id(conversation, "conversation"), external_id=_id(data, "message"),
            subject=_subject(conversation) or text(mail.get("subject"), 300), channel=_channel(conversation),
            contact=_contact(writer, at), author=_agent(sender) if by_us else Agent(),
            text=_text(data, mail), html=_html(mail), sent_at=at, cc=_copies(attributes, mail),
            attachments=tuple(_attachment(one) for one in parts(data, "attachments")[:50]),
            headers={"auto-submitted": "auto-replied"} if mail.get("auto_reply") is True else None,
            echo_of=text(attributes.get(MARK)) if by_us else "",
        )
    ]  # fmt: skip


def _text(data: Json, mail: Json) -> str:
    """Of a mail without a plain part the content is its HTML, which is told as such."""
    only_html = _html(mail) and not text(part(mail, "text_content").get("reply"), 1)
    return "" if only_html else text(data.get("content"), LONGEST_TEXT)


def _html(mail: Json) -> str:
    html = part(mail, "html_content")
    return text(html.get("reply"), LONGEST_TEXT) or text(html.get("full"), LONGEST_TEXT)


def _copies(attributes: Json, mail: Json) -> tuple[str, ...]:
    """Incoming mail has `cc_email`, outgoing `cc_emails`."""
    for told in (attributes.get("cc_emails"), attributes.get("cc_email"), mail.get("cc")):
        named = told.split(",") if isinstance(told, str) else told if isinstance(told, list) else []
        found = [text(one, 254).strip() for one in named]
        if any(found):
            return tuple(one for one in found if "@" in one)[:50]
    return ()


def _attachment(data: Json) -> dict[str, Any]:
    """Chatwoot tells no file name; it is the last part of the address."""
    kind, url = text(data.get("file_type"), 100), text(data.get("data_url"), 2000)
    safe = url if url.startswith(("https://", "http://")) else ""
    named = unquote(_path(safe).rpartition("/")[2]) or text(data.get("fallback_title"))
    found: dict[str, Any] = {"name": named[:200] or kind or "file", "type": kind, "url": safe}
    size = data.get("file_size")
    return {**found, "size": size} if isinstance(size, int) and not isinstance(size, bool) else found


def _path(url: str) -> str:
    try:
        return urlsplit(url).path
    except ValueError:
        return ""


def _rating(data: Json, conversation: Json, at: datetime | None) -> list[Fact]:
    """A survey's answer. The comment comes after the number, in the same message: `at` tells which is newer."""
    answer = part(data, "content_attributes", "submitted_values", "csat_survey_response")
    score = answer.get("rating")
    if not isinstance(score, int) or isinstance(score, bool) or not 1 <= score <= 5:
        return []  # it was asked, and nobody has answered
    asked_at = _time(data.get("created_at"), "the message's created_at")
    comment = text(answer.get("feedback_message"), 5000)
    rated_at = max(asked_at, at or asked_at)
    return [RatingFact(_id(conversation, "conversation"), score, comment, rated_at)]


def _conversation(data: Json, changed: set[str] | None) -> ConversationFact:
    """`changed`: what the event is news of; None: all of it. The rest is only how it happened to stand."""
    at = _time(_newest_time(data), "the conversation's time")
    status = _STATUSES.get(text(data.get("status"))) if changed is None or "status" in changed else None
    return ConversationFact(
        conversation=_id(data, "conversation"), changed_at=at, subject=_subject(data), channel=_channel(data),
        status=status, snoozed_until=moment(data.get("snoozed_until")) if status == "snoozed" else None,
        assignee=_assignee(data) if changed is None or "assignee" in changed else None,
        labels=_labels(data) if changed is None or "labels" in changed else None,
        contact=_contact(part(data, "meta", "sender"), at),
    )  # fmt: skip


def _changed(type: str, data: Json) -> set[str] | None:
    """An event tells all of the conversation; believing it all would undo what was said here meanwhile."""
    named = {name for one in parts(data, "changed_attributes") for name in one}
    if type == "conversation_created" or not (named or type == "conversation_status_changed"):
        return None
    news = {name for name, theirs in _NEWS_OF.items() if named & theirs}
    return news | {"status"} if type == "conversation_status_changed" else news


def _newest_time(conversation: Json) -> datetime | None:
    """Older versions tell no `updated_at`; then the last activity is the nearest that is known."""
    told: list[Any] = [conversation.get(name) for name in ("updated_at", "last_activity_at", "created_at")]
    told += [part(one, "updated_at").get("current_value") for one in parts(conversation, "changed_attributes")]
    return max((at for at in map(moment, told) if at), default=None)


def _assignee(conversation: Json) -> Agent | None:
    """An empty Agent for nobody, and for a bot: the API leaves the key out, webhooks say null."""
    meta = part(conversation, "meta")
    if not meta:
        return None
    return Agent() if meta.get("assignee_type") == "AgentBot" else _agent(part(meta, "assignee"))


def _labels(conversation: Json) -> tuple[str, ...] | None:
    told = conversation.get("labels")
    return tuple(one for one in map(text, told) if one) if isinstance(told, list) else None


def _subject(conversation: Json) -> str:
    return text(part(conversation, "additional_attributes").get("mail_subject"), 300)


def _channel(conversation: Json) -> str:
    told = text(conversation.get("channel")) or text(part(conversation, "meta").get("channel"))
    name = told.removeprefix("Channel::").lower()
    return _CHANNELS.get(name, name)[:20]


def _contact_alone(data: Json) -> list[Fact]:
    found = _contact(data, _newest_time(data))
    if found is None:
        raise Unreadable("the contact has no id")
    return [found]


def _contact(data: Json, at: datetime | None) -> ContactFact | None:
    """The company's name is a field: it is free text, which a visitor of a website can set, so it decides
    nothing. Only a company with a number, which agents give, makes an account."""
    number = text(data.get("id"))
    if not number:
        return None
    more, company = part(data, "additional_attributes"), part(data, "company")
    known = {"identifier": data.get("identifier"), "company_name": more.get("company_name")}
    fields = {**part(data, "custom_attributes"), **{name: value for name, value in known.items() if value}}
    firm = text(company.get("id"))
    return ContactFact(
        external_id=number, name=text(data.get("name")), email=text(data.get("email"), 254),
        phone=text(data.get("phone_number"), 40), fields=fields or None, changed_at=at,
        account=AccountFact(firm, text(company.get("name")), changed_at=at) if firm else None,
    )  # fmt: skip


def _agent(data: Json) -> Agent:
    name = text(data.get("name")) or text(data.get("available_name"))
    return Agent(text(data.get("id")), name, text(data.get("email"), 254))


def agents(told: Any) -> list[Agent]:
    return [_agent(one) for one in _objects(told) if text(one.get("id"))]


def part(data: Json, *names: str) -> Json:
    """Step into objects; an empty one where there is none."""
    for name in names:
        inner = data.get(name)
        data = inner if isinstance(inner, dict) else {}
    return data


def parts(data: Json, name: str) -> Sequence[Json]:
    return _objects(data.get(name))


def _objects(told: Any) -> list[Json]:
    return [one for one in told if isinstance(one, dict)] if isinstance(told, list) else []


def text(value: Any, most: int = 200) -> str:
    """A text, or a number as one, cut to `most` characters; anything else says nothing."""
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value) if abs(value) < 10**18 else ""
    return value[:most] if isinstance(value, str) else ""


def moment(value: Any) -> datetime | None:
    """Unix seconds or ISO 8601, both of which Chatwoot uses for the same field."""
    if isinstance(value, datetime):
        return value
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            found = datetime.fromtimestamp(value, UTC)
        else:
            found = datetime.fromisoformat(text(value).replace(" UTC", "+00:00"))
        found = (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return found if 1970 <= found.year < 9999 else None


def _time(value: Any, what: str) -> datetime:
    """One message from the far future would make every later one late, for ever."""
    found = moment(value)
    if found is None or found > datetime.now(UTC) + timedelta(days=1):
        raise Unreadable(f"{what} is not a time that has been")
    return found


def _id(data: Json, what: str) -> str:
    found = text(data.get("id"))
    if not found:
        raise Unreadable(f"the {what} has no id")
    return found
