"""Before a draft: say what the conversation is about, and stand back where drafts on that are not trusted."""

from django.db import transaction
from django.db.models import QuerySet

from copilot.context.topics import customers_words, nearest_topic
from copilot.context.trust import trust
from copilot.models import Draft, Topic, TopicLabel
from interactions.models import Conversation
from prepared import prepared

By = TopicLabel.By
NOBODY = "nobody"  # the engine of a draft that was not even tried
ASK = "Say what the customer should hear, and a draft is made from your words; or write the reply yourself."
WRITE = "Write the reply yourself, or hand it on."
LEAD = "A lead can change this under Copilot, Topics."


def propose_topic(conversation: Conversation) -> None:
    """From its nearest neighbours, unless a person or the history has said what it is about.

    A team without topics asks nothing more: this stands before a draft's first words.
    """
    if not _some_topic(team=conversation.team_id):
        return
    label = TopicLabel.objects.filter(conversation=conversation).first()
    if label.by != By.COPILOT if label else conversation.topic:
        return
    nearest = nearest_topic(conversation, customers_words(conversation))
    if nearest is not None and (label is None or label.topic_id != nearest):
        _keep(conversation, nearest)


@prepared
def _some_topic(*, team: int) -> QuerySet[Topic, int]:
    return Topic.objects.filter(team=team).values_list("pk", flat=True)[:1]


@transaction.atomic
def _keep(conversation: Conversation, topic_id: int) -> None:
    """Unless a person was faster."""
    Conversation.objects.select_for_update(no_key=True).get(pk=conversation.pk)
    topic = Topic.objects.filter(pk=topic_id, retired_at=None).first()
    if topic is None or TopicLabel.objects.filter(conversation=conversation).exclude(by=By.COPILOT).exists():
        return
    TopicLabel.objects.update_or_create(
        conversation=conversation,
        defaults={"team_id": topic.team_id, "topic": topic, "proposed": topic, "by": By.COPILOT},
    )
    conversation.topic = topic.name
    Conversation.objects.filter(pk=conversation.pk).update(topic=topic.name)


def reasons_to_abstain(draft: Draft) -> tuple[str, ...]:
    """In words: what is not trusted, and what a person can do. A person's own words are enough to go on."""
    found = trust(draft.conversation)
    if not found.why_not or (draft.instructions and not found.never):
        return ()
    return (found.why_not, WRITE if found.never else ASK, LEAD)
