"""Topics: proposed from neighbours, corrected by people, trusted by their record, and within a budget."""

from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models.functions import Now
from django.utils import timezone

from copilot import decisions
from copilot.decisions import Actor, Wording
from copilot.drafting import work
from copilot.insight import records, topics
from copilot.models import Draft, DraftingLimits, Spending, Topic, TopicLabel, TopicRecord
from interactions.models import Conversation
from tests.cast import Cast
from tests.copilot.api.calling import a_draft
from tests.crm import PushingCrm
from tests.factories import a_conversation, a_message
from tests.work import deliver_rows, end_undo_time, run_tasks

pytestmark = pytest.mark.django_db
REFUND = "I was charged twice and want the second payment refunded to my card"
LOGIN = "I cannot sign in, the password reset link never arrives by mail"


def asked(cast: Cast, text: str, topic: Topic | None) -> Conversation:
    """A past question, labelled by Ines."""
    talk = a_conversation(team=cast.support, contact=cast.sigrid, subject="")
    a_message(conversation=talk, text=text)
    topics.correct(talk, topic, cast.ines)
    return talk


def write_drafts() -> None:
    run_tasks()
    Draft.objects.filter(state="queued").update(due_at=Now())
    for draft_id in work.due_drafts(50):
        work.work(draft_id)


def count_due() -> None:
    for topic_id in records.due_topics(50):
        records.count_topic(topic_id)


def test_a_topic_is_proposed_corrected_and_learnt(crm: PushingCrm, cast: Cast) -> None:
    refunds, sign_in = (topics.make_topic(cast.support, name, cast.petra) for name in ("Refunds", "Sign-in"))
    for text, topic in ((REFUND, refunds), (f"{REFUND}, please", refunds), (LOGIN, sign_in), (LOGIN, sign_in)):
        asked(cast, text, topic)

    crm.says("The card was charged twice, I want a refund", conversation="c-1")
    crm.says("Which of your boats is the largest one in the fleet?", conversation="c-2")
    write_drafts()
    first, other = crm.conversation("c-1"), crm.conversation("c-2")
    assert first.topic == "Refunds" and other.topic == ""
    assert TopicLabel.objects.get(conversation=first).by == "copilot"

    boats = topics.make_topic(cast.support, "Boats", cast.petra)
    topics.correct(first, sign_in, cast.ines)
    topics.correct(other, boats, cast.ines)
    told = TopicLabel.objects.get(conversation=first)
    assert (told.by, told.proposed, told.topic) == ("person", refunds, sign_in)
    crm.says("How long is the largest of your boats in the fleet?", conversation="c-3")
    write_drafts()
    assert crm.conversation("c-3").topic == "Boats", "the corrected one is a neighbour from then on"

    topics.rename(boats, "Vessels", cast.petra)
    topics.merge(sign_in, refunds, cast.petra)
    names = {one.external_id: one.topic for one in Conversation.objects.exclude(external_id="")}
    assert names == {"c-1": "Refunds", "c-2": "Vessels", "c-3": "Vessels"}
    with pytest.raises(topics.Refused, match="already"):
        topics.make_topic(cast.support, "vessels", cast.petra)


def decided(cast: Cast, topic: Topic, how: str) -> None:
    """A draft on the topic, and what Ines made of it."""
    talk = asked(cast, REFUND, topic)
    draft = a_draft(conversation=talk, text="The second payment goes back to your card within five days.")
    actor = Actor(cast.ines)
    match how:
        case "unchanged":
            decisions.approve(draft.pk, draft.version, actor)
        case "edited":
            decisions.edit(draft.pk, draft.version, actor, Wording(text=draft.text.replace("five", "six")))
        case "rewritten":
            decisions.edit(draft.pk, draft.version, actor, Wording(text="Please call us about this."))
        case "escalated":
            decisions.escalate(draft.pk, draft.version, actor, cast.petra)
        case "discarded":
            decisions.discard(draft.pk, draft.version, actor)
        case "instead":
            decisions.write(talk.pk, actor, Wording(text="I have just called you."))


def test_a_poor_record_lets_the_copilot_abstain_until_a_lead_says_otherwise(
    crm: PushingCrm, cast: Cast
) -> None:
    refunds = topics.make_topic(cast.support, "Refunds", cast.petra)
    for how in ("unchanged", "edited", "rewritten", "escalated", "discarded", "instead"):
        decided(cast, refunds, how)
    assert refunds not in TopicRecord.objects.all()
    end_undo_time()
    deliver_rows()
    count_due()
    record = TopicRecord.objects.get(topic=refunds)
    told = (record.n, record.unchanged, record.edited, record.rewritten, record.escalated, record.discarded)
    assert told == (6, 1, 1, 1, 1, 2) and records.due_topics(50) == []

    crm.says("Charged twice, please refund the second payment", conversation="c-1")
    write_drafts()
    tried = Draft.objects.get(conversation__external_id="c-1")
    assert tried.engine == "offline", "six are too few to judge by"
    DraftingLimits.objects.create(team=cast.support, enough=6, most_wrong=60)
    crm.says("Charged twice, please refund the second payment", conversation="c-2")
    write_drafts()
    draft = Draft.objects.get(conversation__external_id="c-2")
    assert (draft.state, draft.abstained, draft.text, draft.engine) == ("ready", True, "", "nobody")
    assert draft.missing[0] == (
        "Drafts on “Refunds” are not trusted here yet: of the last 6, people rewrote 1, handed on 1 and"
        " discarded 2."
    )
    decisions.redraft(draft.pk, draft.version, Actor(cast.ines), "Say that it is refunded")
    write_drafts()
    draft.refresh_from_db()
    assert draft.engine == "offline", "a person's own words are enough to go on"

    topics.set_drafting(refunds, Topic.Drafting.NEVER, cast.petra)
    decisions.redraft(draft.pk, draft.version, Actor(cast.ines), "Say that it is refunded")
    write_drafts()
    draft.refresh_from_db()
    assert draft.abstained and "people answer “Refunds” here" in draft.missing[0]

    TopicRecord.objects.update(n=99)
    call_command("count_topics")
    again = TopicRecord.objects.get(topic=refunds)
    assert (again.n, again.discarded) == (6, 2)


def test_a_spent_budget_pauses_drafting_and_nothing_else(crm: PushingCrm, cast: Cast) -> None:
    limits = DraftingLimits.objects.create(team=cast.support, sender_hour=1)
    for name in ("c-1", "c-2"):
        crm.says("When does our contract end?", conversation=name, contact={"id": "p-1", "name": "Sigrid Moe"})
        write_drafts()
    first, second = (Draft.objects.get(conversation__external_id=name) for name in ("c-1", "c-2"))
    assert (first.state, second.state, second.failure) == ("ready", "failed", "budget_sender")
    assert timedelta(minutes=50) < second.due_at - timezone.now() <= timedelta(hours=1)
    spent = Spending.objects.get()
    assert (spent.team, spent.drafts, spent.cost_micros) == (cast.support, 1, 0)

    limits.sender_hour, limits.day_micros = None, 1_000_000
    limits.save()
    Spending.objects.update(cost_micros=1_000_000)
    decisions.redraft(second.pk, second.version, Actor(cast.ines))
    write_drafts()
    second.refresh_from_db()
    assert second.failure == "budget_day" and crm.conversation("c-2").messages.count() == 1
    limits.day_micros = 1_000_001
    limits.save()
    decisions.redraft(second.pk, second.version, Actor(cast.ines))
    write_drafts()
    second.refresh_from_db()
    assert second.state == "ready"
