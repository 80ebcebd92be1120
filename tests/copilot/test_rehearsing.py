"""Rehearsals: drafts on past replies, of strictly earlier data, sent to nobody, done once whatever dies."""

from collections.abc import Iterator
from datetime import UTC, timedelta

import pytest
from django.utils import timezone
from pytest_django import Settings

from copilot import rehearsing, requesting
from copilot.context.build import build_context
from copilot.context.earlier import as_it_stood, at_message
from copilot.drafting.engine import Reply
from copilot.drafting.offline import Offline
from copilot.insight import topics
from copilot.knowledge import embedding
from copilot.learning.ledger import note_move
from copilot.learning.rehearsed import results
from copilot.models import (
    Article,
    CaseSummary,
    Draft,
    DraftingLimits,
    DraftingSwitch,
    Lesson,
    Question,
    Rehearsal,
    RehearsedReply,
    SavedReply,
    Signal,
    Spending,
    TopicLabel,
)
from customers.models import Contact, Goal, Note, Promise, Record
from interactions import erasing
from interactions.models import Conversation, Message, OutboxMessage
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.api.calling import is_problem, program_of
from tests.copilot.console.conftest import sign_in as sign_in
from tests.copilot.console.made import SignIn
from tests.copilot.rehearsed import ANSWER, QUESTION, answered, days_ago
from tests.factories import a_contact, a_conversation, a_message
from tests.fakes import FakeModel, fails, says
from tests.work import rehearse_replies

pytestmark = pytest.mark.django_db
EARLIER, LATER = "zyxearlier", "zyxlater"
KINDS = {"record", "note", "promise", "goal", "message", "saved_reply", "article", "answer", "past_reply"}


@pytest.fixture
def model(settings: Settings) -> Iterator[FakeModel]:
    with FakeModel() as fake:
        settings.ANTHROPIC_BASE_URL = fake.url
        settings.EMBEDDER = "tests.copilot.knowledge.test_finding.Words"
        yield fake


def plant(cast: Cast, reply: Message, word: str, days: float) -> None:
    """Something of every kind that a draft may draw on, with the word in it, as of so many days ago."""
    talk, at, about = reply.conversation, days_ago(days), f"{word} invoices for mooring fees of the month"
    for person in (cast.ines, cast.tomas):
        other, answer = a_contact(name="Olga Berg"), f"{ANSWER} The {word} office sends them."
        answered(cast.support, other, person, days, f"{QUESTION} {word}", answer)
    elsewhere = a_conversation(team=cast.support, contact=cast.sigrid, at=at, channel="chat")
    a_message(conversation=elsewhere, text=about, by=Message.By.COLLEAGUE, at=at, author_name="Ines")
    a_message(conversation=talk, text=about, at=at, author_name=word)
    a_message(conversation=talk, text=about, by=Message.By.NOTE, at=at, author_name="Petra")
    Record.objects.create(
        kind="invoice", external_id=word, title=about, account=cast.fjord, source_updated_at=at
    )
    Note.objects.create(
        account=cast.fjord, kind="preference", state="accepted", text=about, created_at=at, decided_at=at
    )
    Promise.objects.create(account=cast.fjord, text=about, made_at=at)
    Goal.objects.create(account=cast.fjord, text=about, created_at=at, not_on_complaints=False)
    SavedReply.objects.create(team=cast.support, title=f"Invoices {word}", text=about, updated_at=at)
    Article.objects.create(title=f"Invoices for mooring fees {word}", body=about, updated_at=at)
    Question.objects.create(conversation=talk, gap="", text="Which?", answer=about, answered_at=at)
    lesson = Lesson.objects.create(
        team=cast.support, kind="closing", after=f"Yours {word}", key=word, state="active", found_by=["invoi"]
    )
    note_move(lesson, "activated")
    Lesson.objects.filter(pk=lesson.pk).update(created_at=at)
    lesson.moves.update(at=at)


def look_after(cast: Cast, reply: Message) -> None:
    """What stands on the conversation and its customer themselves, changed since."""
    talk = reply.conversation
    cast.fjord.about, cast.fjord.tier, cast.fjord.source_updated_at = LATER, LATER, timezone.now()
    cast.fjord.save()
    Contact.objects.filter(pk=cast.sigrid.pk).update(name=LATER, title=LATER, source_updated_at=timezone.now())
    talk.assignee, cast.karim.name = cast.tomas, LATER
    talk.save()
    cast.karim.save()
    cast.tomas.name = LATER
    cast.tomas.save()
    CaseSummary.objects.create(
        conversation=talk, until=talk.messages.first(), lines=[{"message": 1, "text": LATER, "quote": LATER}]
    )


def fresh(reply: Message) -> Conversation:
    return Conversation.objects.select_related("team", "contact", "account__manager", "assignee").get(
        pk=reply.conversation_id
    )


def test_a_rehearsal_sees_nothing_that_came_later(cast: Cast, model: FakeModel) -> None:
    """With either engine, and all that was there before is seen."""
    reply = answered(cast.support, cast.sigrid, cast.ines, 30)
    plant(cast, reply, EARLIER, 60)
    plant(cast, reply, LATER, 3)
    # Between the question and its answer, and at the very moment of the question.
    asked = rehearsing.answered_by(reply)
    assert asked
    a_message(conversation=reply.conversation, text=LATER, by="note", at=asked.sent_at + timedelta(minutes=1))
    a_message(conversation=reply.conversation, text=LATER, by="note", at=asked.sent_at)
    older = Conversation.objects.filter(contact=cast.sigrid).earliest("created_at")
    a_message(conversation=older, text=LATER, by=Message.By.COLLEAGUE)
    look_after(cast, reply)
    assert embedding.embed_due() == 9, "by words and by meaning"

    def kinds(context: object, word: str) -> set[str]:
        return {one.kind for one in context.items if word in f"{one.title} {one.text} {one.author}"}  # type: ignore[attr-defined]

    now = build_context(Draft(conversation=fresh(reply)))
    assert kinds(now, LATER) == KINDS
    assert all(LATER in repr(one) for one in (now.lessons, now.customer, now.closing, now.about_account))
    then = build_context(Draft(conversation=as_it_stood(fresh(reply), asked)), at_message(asked))
    assert LATER not in repr(then)
    assert kinds(then, EARLIER) == KINDS and then.lessons and then.at.astimezone(UTC) == asked.sent_at
    assert then.customer == "Sigrid Moe" and then.turns[-1].id == f"m{asked.pk}"

    model.will(says(f"Hi Sigrid,\n\n{ANSWER}"))
    rehearsal = rehearsing.start(cast.support, 200, 7, cast.petra)
    RehearsedReply.objects.exclude(message=reply).delete()
    while rehearse_replies():
        pass
    [row] = rehearsal.replies.all()
    assert (row.state, row.engine, row.failure) == ("done", "claude", "")
    assert row.distance and 0 < row.distance < 0.5 and row.cost_micros > 0
    [prompt] = model.asked
    assert EARLIER in prompt.said and LATER not in prompt.said
    assert Spending.objects.get().cost_micros == row.cost_micros
    rehearsal.refresh_from_db()
    assert rehearsal.state == "done" and nothing_left()


def nothing_left() -> bool:
    """No draft that could be approved, nothing to send, nothing learnt."""
    return not (Draft.objects.exists() or OutboxMessage.objects.exists() or Signal.objects.exists())


class Killed(BaseException):
    """The worker's process ends."""


class Mortal(Offline):
    """Dies at its second draft, once."""

    left = 1

    def write(self, context: object, say: object) -> Reply:
        if Mortal.left == 0:
            Mortal.left = 99
            raise Killed
        Mortal.left -= 1
        return super().write(context, say)  # type: ignore[arg-type]


def test_it_goes_on_after_a_kill_and_does_nothing_twice(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    billing = topics.make_topic(cast.support, "Invoices", cast.petra)
    for number in range(6):
        contact, person = ((cast.sigrid, cast.ines), (cast.owen, cast.tomas))[number % 2]
        reply = answered(cast.support, contact, person, 40 - number)
        TopicLabel.objects.create(
            conversation=reply.conversation, team=cast.support, topic=billing, by="person"
        )
    answered(cast.sales, cast.owen, cast.lukas, 9)
    DraftingSwitch.objects.create(team=cast.support, mode="off")  # it sees what it would get
    shy = a_contact(name="Shy Person", people_only=True)
    answered(cast.support, shy, cast.ines, 8)
    first = rehearsing.start(cast.support, 4, 11, cast.petra)
    drawn = set(first.replies.values_list("message", flat=True))
    assert (first.size, first.of, len(drawn)) == (4, 6, 4)
    with pytest.raises(rehearsing.Refused, match="runs already"):
        rehearsing.start(cast.support, 4, 11, cast.petra)
    assert rehearsing.stop(first, cast.petra) and not rehearse_replies()
    again = rehearsing.start(cast.support, 4, 11, cast.petra)
    assert set(again.replies.values_list("message", flat=True)) == drawn, "the seed draws them"

    monkeypatch.setattr(rehearsing, "engine_in_use", Mortal)
    assert rehearse_replies() == 1
    with pytest.raises(Killed):
        rehearse_replies()
    assert not rehearse_replies(), "its lease still runs"
    RehearsedReply.objects.filter(state="queued").exclude(lease_until=None).update(lease_until=days_ago(1))
    limits = DraftingLimits.objects.create(team=cast.support, day_micros=0)
    assert rehearse_replies() == 1 and not rehearse_replies(), "the budget pauses it"
    assert again.replies.filter(state="queued", due_at__gt=timezone.now()).count() == 3
    limits.delete()
    rehearsing.go_on(again, cast.petra)
    while rehearse_replies():
        pass
    again.refresh_from_db()
    rows = list(again.replies.order_by("message__sent_at"))
    assert again.state == "done" and {row.state for row in rows} == {"done"}
    assert sum(row.attempts for row in rows) == 5 and Mortal.left == 96, "four drafts, one of them tried twice"
    in_all, (invoices,) = results(again)
    assert (in_all.n, invoices.topic, invoices.distance.is_enough) == (4, "Invoices", False)
    assert invoices.drafted + invoices.abstained == 4 and rows[-1].distance is not None
    assert ANSWER in rows[-1].text and nothing_left()
    deeds = AuditEntry.objects.filter(verb__contains="rehearsal").values_list("verb", flat=True)
    assert sorted(set(deeds)) == ["started rehearsal", "stopped rehearsal", "went on with rehearsal"]

    rehearsing.go_on(first, cast.petra)
    erasing.erase(cast.sigrid.pk)
    assert not RehearsedReply.objects.filter(conversation__contact=cast.sigrid.pk).exists()
    theirs = RehearsedReply.objects.filter(rehearsal=again)
    assert 0 < theirs.count() < 4, "the cases of others stay"
    theirs.filter(rehearsal=first).delete()
    while rehearse_replies():
        pass
    assert not Rehearsal.objects.filter(state="running").exists()


def test_a_key_that_is_refused_stops_it_at_once_and_says_so(
    cast: Cast, model: FakeModel, sign_in: SignIn
) -> None:
    for number in range(3):
        answered(cast.support, cast.sigrid, cast.ines, 40 - number)
    rehearsal = rehearsing.start(cast.support, 3, 11, cast.petra)
    url, petra = f"/learning/rehearsals/{rehearsal.pk}/", sign_in(cast.petra)
    assert 'hx-trigger="every 4s"' in petra.get(url).content.decode()
    model.will(fails(401, "authentication_error"))
    assert rehearse_replies() == 1 and not rehearse_replies() and len(model.asked) == 1
    rows = rehearsal.replies.values_list("state", "attempts", "failure", "lease_until")
    assert set(rows) == {("queued", 0, "", None)}
    page = petra.get(url).content.decode()
    assert "did not accept this install’s key. So the rehearsal was stopped at once" in page
    assert (
        "every 4s" not in page
        and program_of(cast.petra).get(f"rehearsals/{rehearsal.pk}/").json()["failure"] == "key_refused"
    )
    model.will(*(says(f"Hi Sigrid,\n\n{ANSWER}") for _ in range(3)))
    assert petra.post(url, {"do": "go-on"}).status_code == 303
    while rehearse_replies():
        pass
    rehearsal.refresh_from_db()
    assert (rehearsal.state, rehearsal.failure) == ("done", "")


def test_over_rest(cast: Cast) -> None:
    ines, petra, ada = program_of(cast.ines), program_of(cast.petra), program_of(cast.ada)
    for number in range(3):
        answered(cast.support, cast.sigrid, cast.ines, 40 - number)
    body = {"team": cast.support.pk, "size": 9, "seed": 3}
    assert is_problem(petra.post("rehearsals/", body | {"team": cast.sales.pk}), 400, "invalid")
    made = petra.post("rehearsals/", body, once="r1").json()
    assert (made["size"], made["of"], made["waiting"], made["state"]) == (3, 3, 3, "running")
    assert petra.post("rehearsals/", body, once="r1").json()["id"] == made["id"]
    assert is_problem(petra.post("rehearsals/", body), 409, "refused")
    rehearse_replies()
    here = f"rehearsals/{made['id']}/"
    assert ines.get("rehearsals/").json()["results"][0]["waiting"] == ines.get(here).json()["waiting"] == 2
    assert petra.post(f"{here}moves/", {"kind": "stop"}).json()["state"] == "stopped"
    assert is_problem(petra.post(f"{here}moves/", {"kind": "stop"}), 409, "refused")
    petra.post(f"{here}moves/", {"kind": "go_on"})
    while rehearse_replies():
        pass
    told = petra.get(f"{here}results/").json()
    assert told["all"]["cost_micros"] == 0 and told["topics"][0]["topic"] == ""
    assert told["all"]["distance"]["mean"] is None and told["all"]["n"] == 3
    assert ines.get(f"{here}results/").json()["all"]["cost_micros"] is None
    rows = ines.get("rehearsed-replies/", rehearsal=made["id"]).json()["results"]
    assert len(rows) == 3 and all(row["state"] == "done" for row in rows)
    assert ada.get("rehearsed-replies/").json()["results"] == []

    invoices = topics.make_topic(cast.support, "Invoices", cast.petra)
    DraftingSwitch.objects.create(team=cast.support, mode="off")
    wish = {"team": cast.support.pk, "topic": invoices.pk, "why": "They take hours"}
    asked = ines.post("drafting-requests/", wish).json()
    assert is_problem(ines.post("drafting-requests/", wish), 409, "refused")
    assert ines.get("drafting-requests/", state="open").json()["results"] == [asked]
    url = f"drafting-requests/{asked['id']}/decision/"
    assert is_problem(ines.post(url, {"kind": "approve"}), 403)
    assert is_problem(petra.post(url, {"kind": "decline"}), 409, "refused")
    done = petra.post(url, {"kind": "approve"}).json()
    assert (done["state"], done["decided_by"]) == ("approved", cast.petra.pk)
    assert DraftingSwitch.objects.get(topic="Invoices").mode == "always"


def test_a_team_asks_for_drafts_and_a_lead_answers(cast: Cast) -> None:
    invoices = topics.make_topic(cast.support, "Invoices", cast.petra)
    with pytest.raises(requesting.Refused, match="already"):
        requesting.ask(cast.support, None, cast.ines)
    DraftingSwitch.objects.create(team=cast.support, mode="off")
    asked = requesting.ask(cast.support, invoices, cast.ines, "They take us hours")
    with pytest.raises(requesting.Refused, match="waits for a lead"):
        requesting.ask(cast.support, invoices, cast.tomas)
    whole = requesting.ask(cast.support, None, cast.tomas)
    with pytest.raises(requesting.Refused, match="Say why"):
        requesting.decline(whole, cast.petra, " ")
    requesting.decline(whole, cast.petra, "One topic first")
    switch = requesting.approve(asked, cast.petra)
    assert (switch.topic, switch.mode, switch.account, switch.set_by) == (
        "Invoices",
        "always",
        None,
        cast.petra,
    )
    with pytest.raises(requesting.Refused, match="meanwhile"):
        requesting.decline(asked, cast.petra, "No")
    deeds = set(AuditEntry.objects.filter(verb__endswith="drafting").values_list("verb", "person"))
    assert {("requested drafting", cast.ines.pk), ("approved drafting", cast.petra.pk)} <= deeds
    assert ("declined drafting", cast.petra.pk) in deeds
    assert DraftingSwitch.objects.get(team=cast.support, topic="").mode == "off"
