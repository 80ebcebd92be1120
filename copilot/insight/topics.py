"""A team's topics: made, renamed, merged and retired by its leads, given to conversations by who knows better.

A topic's name also stands on its conversations, for lower rooms that know of names only. Here both are
written, always in one transaction.
"""

from collections.abc import Iterable, Sequence

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from copilot.context.topics import customers_words, words_to_find
from copilot.insight.records import note_news
from copilot.models import DraftingSwitch, Topic, TopicLabel
from interactions.models import Conversation, Message
from interactions.talk import tell_conversation
from people.audit import note_deed
from people.models import ApiKey, Team, User


class Refused(Exception):
    """What was asked for cannot be; the message is for the person who asked."""


def make_topic(team: Team, name: str, person: User | None) -> Topic:
    name = " ".join(name.split())
    if not name or len(name) > 80:
        raise Refused("A topic needs a name of at most 80 characters. Nothing was changed.")
    try:
        with transaction.atomic():
            topic = Topic.objects.create(team=team, name=name)
    except IntegrityError:
        raise Refused(f"There is a topic “{name}” already. Nothing was changed.") from None
    note_deed(person, "made topic", topic, name=name)
    return topic


@transaction.atomic
def rename(topic: Topic, name: str, person: User) -> None:
    """Its conversations and its drafting switch take the new name along."""
    before, name = topic.name, " ".join(name.split())
    if not name or len(name) > 80:
        raise Refused("A topic needs a name of at most 80 characters. Nothing was changed.")
    try:
        with transaction.atomic():
            Topic.objects.filter(pk=topic.pk).update(name=name)
    except IntegrityError:
        raise Refused(f"There is a topic “{name}” already. Merge the two instead.") from None
    topic.name = name
    _name_conversations(topic)
    DraftingSwitch.objects.filter(team=topic.team_id, topic=before).update(topic=name)
    note_deed(person, "renamed topic", topic, before=before, name=name)


@transaction.atomic
def merge(topic: Topic, into: Topic, person: User) -> None:
    """All that was of the one is of the other; its switch goes with it."""
    if topic.pk == into.pk or topic.team_id != into.team_id or into.retired_at:
        raise Refused("Choose another topic of this team to merge it into. Nothing was changed.")
    for field in ("topic", "proposed"):
        TopicLabel.objects.filter(**{field: topic}).update(**{field: into})
    _name_conversations(into)
    DraftingSwitch.objects.filter(team=topic.team_id, topic=topic.name).delete()
    _retired = Topic.objects.filter(pk=topic.pk, retired_at=None)
    _retired.update(retired_at=Now(), merged_into=into, recount_at=Now())
    note_news(into.pk)
    note_deed(person, "merged topic", topic, name=topic.name, into=into.name)


@transaction.atomic
def retire(topic: Topic, person: User) -> None:
    """It is proposed no more; conversations that have it keep it."""
    Topic.objects.filter(pk=topic.pk, retired_at=None).update(retired_at=Now())
    note_deed(person, "retired topic", topic, name=topic.name)


def set_drafting(topic: Topic, drafting: str, person: User) -> None:
    if Topic.objects.filter(pk=topic.pk).exclude(drafting=drafting).update(drafting=drafting):
        note_deed(person, "set drafting of topic", topic, name=topic.name, drafting=drafting)


@transaction.atomic
def correct(
    conversation: Conversation, topic: Topic | None, person: User, key: ApiKey | None = None
) -> TopicLabel:
    """A person says what it is about (None: none of these), and the next like it is proposed so.

    What the copilot had proposed is kept beside it: that is the signal.
    """
    Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    before = TopicLabel.objects.filter(conversation=conversation).first()
    proposed = before.proposed_id if before else None
    label, _ = TopicLabel.objects.update_or_create(
        conversation=conversation,
        defaults={
            "team_id": conversation.team_id, "topic": topic, "by": TopicLabel.By.PERSON, "person": person,
            "proposed_id": proposed, "text": customers_words(conversation), "language": conversation.language,
        },
    )  # fmt: skip
    conversation.topic = topic.name if topic else ""
    Conversation.objects.filter(pk=conversation.pk).update(topic=conversation.topic)
    for one in {before.topic_id if before else None, topic.pk if topic else None}:
        if one is not None:
            note_news(one)
    note_deed(person, "set topic", conversation, key=key, topic=topic.pk if topic else None)
    tell_conversation(conversation)
    return label


def label_history(conversations: Iterable[tuple[Conversation, Sequence[Message]]]) -> None:
    """Of past conversations that came with a topic; one that the team does not know yet becomes its own."""
    labels = []
    topics: dict[tuple[int, str], Topic] = {}
    for one, messages in conversations:
        if not one.topic:
            continue
        key = (one.team_id, one.topic.lower())
        topics[key] = topics.get(key) or _known_or_new(one)
        said = [m.text for m in messages if m.by == Message.By.CUSTOMER and not m.automatic]
        labels.append(
            TopicLabel(conversation=one, team_id=one.team_id, topic=topics[key], by=TopicLabel.By.HISTORY,
                       text=words_to_find(one.subject, said), language=one.language)
        )  # fmt: skip
    TopicLabel.objects.bulk_create(labels, batch_size=1000)


def _known_or_new(one: Conversation) -> Topic:
    known = Topic.objects.filter(team=one.team_id, name__iexact=one.topic, retired_at=None).first()
    return known or Topic.objects.create(team_id=one.team_id, name=one.topic)


def _name_conversations(topic: Topic) -> None:
    Conversation.objects.filter(topic_label__topic=topic).update(topic=topic.name)
