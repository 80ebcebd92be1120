"""A draft that lacks a fact leaves a gap, asks one question, and never has to ask it again."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from copilot.context.consensus import Here, agree
from copilot.context.value import Example
from copilot.drafting import work
from copilot.gaps import gaps
from copilot.models import Article, Draft, PastReply, Question
from customers.models import Note
from interactions.models import Conversation, Message
from tests.cast import Cast
from tests.copilot.api.calling import is_problem, program_of
from tests.copilot.console.made import SignIn
from tests.crm import PushingCrm
from tests.factories import a_contact, a_conversation, a_message, an_account
from tests.fakes import FakeModel, says
from tests.work import run_tasks

ASKED = "When does the courier collect the broken pump from us?"


def test_gaps_are_words_in_brackets_and_nothing_else() -> None:
    text = "It ships on [the date] to [the date]. Press [Save]. See [terms](https://x.example) [1] [r3]."
    assert gaps(text, ["Press [Save] to go on."]) == ("the date",)


def test_what_past_replies_differ_in_becomes_a_gap() -> None:
    told = [("4 May", "a", "x"), ("19 June", "b", "y"), ("2 July", "c", "x")]
    now = timezone.now()
    reply = "The courier collects the broken pump on {}."
    examples = [Example(ASKED, reply.format(day), one, by, (), 1.0, now) for day, one, by in told]
    agreed = agree(examples, Here(ASKED, ASKED, ""))
    assert agreed and agreed.text == reply.format("[the date]") and not agreed.left_out


@pytest.fixture
def past(cast: Cast) -> None:
    """Two colleagues told two other customers other days."""
    for name, person, day in (("Alba", cast.tomas, "4 May"), ("Corin", cast.petra, "19 June")):
        contact = a_contact(name=f"{name} Reyes", account=an_account(name=f"{name} Mills"))
        talk = a_conversation(team=cast.support, contact=contact)
        reply = a_message(
            conversation=talk, by=Message.By.COLLEAGUE, text=f"The courier collects the pump on {day}."
        )
        PastReply.objects.create(
            message=reply, conversation=talk, team=cast.support, account=contact.account, contact=contact,
            customer=f"account:{contact.account_id}", author=f"person:{person.pk}", asked=ASKED,
            text=reply.text, language="en", sent_at=timezone.now() - timedelta(days=9),
        )  # fmt: skip


def asks(crm: PushingCrm, cast: Cast, conversation: str = "c-1", text: str = ASKED) -> Draft:
    """Sigrid's question, drafted."""
    crm.says(text, conversation=conversation, subject="The pump")
    run_tasks()
    talk = crm.conversation(conversation)
    Conversation.objects.filter(pk=talk.pk).update(account=cast.fjord, contact=cast.sigrid)
    return drafted(talk.drafts.get())


def drafted(draft: Draft) -> Draft:
    Draft.objects.filter(pk=draft.pk).update(due_at=timezone.now() - timedelta(seconds=1))
    work.work(draft.pk)
    draft.refresh_from_db()
    return draft


def test_the_answer_fills_the_gap_and_serves_the_next_customer(
    crm: PushingCrm, cast: Cast, past: None, sign_in: SignIn
) -> None:
    draft = asks(crm, cast)
    assert "on [the date]." in draft.text
    question = Question.objects.get()
    assert question.asked == ASKED and question.knows == cast.karim  # who looks after Fjord
    url = f"/inbox/{draft.conversation_id}/"
    page = sign_in(cast.ines).get(url).content.decode()
    for shown in ("1 gap to fill", "left open", question.text, "Karim Haddad may know: looks after Fjord"):
        assert shown in page.replace("&#x27;", "'"), shown
    assert "Approve and send" not in page
    program, path = program_of(cast.ines), f"drafts/{draft.pk}/decisions/"
    approve = {"kind": "approve", "version": draft.version}
    refused = program.post(path, approve)
    assert is_problem(refused, 422, "refused") and "[the date]" in refused.json()["detail"]
    assert is_problem(
        program.post(path, approve | {"kind": "edit", "text": f"Ok. {draft.text}"}), 422, "refused"
    )

    ines = sign_in(cast.ines)
    told = {"version": draft.version, f"answer-{question.pk}": "Friday 4 December"}
    assert ines.post(f"{url}drafts/{draft.n}/answer/", told).status_code == 303
    draft = drafted(draft)
    assert "collects the pump on Friday 4 December." in draft.text
    question.refresh_from_db()
    assert question.answered_by == cast.ines and question.answered_at
    cited = next(source for source in draft.sources if source["kind"] == "answer")
    assert cited["quote"] == "Friday 4 December" and cited["author"] == "Ines Duarte"
    page = ines.get(url).content.decode()
    assert "The date, answered by Ines Duarte" in page and "Keep as a note" in page

    # Kept as a note, the same customer's next question finds it and asks nothing.
    assert ines.post(f"{url}answers/{question.pk}/note/").status_code == 303
    assert ines.post(f"{url}answers/{question.pk}/article/").status_code == 409
    note = Note.objects.get()
    assert (note.state, note.internal, note.author) == ("accepted", False, cast.ines)
    again = asks(crm, cast, "c-2")
    assert "[the date]" not in again.text and not again.questions.exists()


def test_where_nothing_is_known_the_answer_becomes_an_article(
    crm: PushingCrm, cast: Cast, sign_in: SignIn
) -> None:
    text = "Do you repair pumps that another maker built?"
    draft = asks(crm, cast, text=text)
    question = draft.questions.get()
    assert draft.abstained and question.text == f"What should Sigrid hear about “{text}”?"
    program = program_of(cast.petra)
    said = {"version": draft.version, "answers": {str(question.pk): "We repair pumps of every maker."}}
    told = program.post(f"drafts/{draft.pk}/answers/", said)
    assert told.status_code == 201 and told.json()["kind"] == "redraft"
    assert is_problem(program.post(f"drafts/{draft.pk}/answers/", said), 409, "changed")
    draft = drafted(draft)
    assert "We repair pumps of every maker." in draft.text and draft.sources[0]["kind"] == "answer"

    url = f"/inbox/{draft.conversation_id}/answers/{question.pk}/article/"
    assert sign_in(cast.lukas).post(url).status_code == 404
    path = f"conversations/{draft.conversation_id}/answers/{question.pk}/keeping/"
    kept = program.post(path, {"kind": "article"}).json()
    assert kept["proposal"] and not kept["note"]  # a lead's own word is enough
    assert is_problem(program.post(path, {"kind": "note"}), 409, "changed")
    article = Article.objects.get()
    assert article.title == text and article.teams.get() == cast.support
    again = asks(crm, cast, "c-2", text)
    assert "We repair pumps of every maker." in again.text and not again.questions.exists()


def test_a_model_is_believed_only_as_far_as_its_text_goes(crm: PushingCrm, cast: Cast, settings: Any) -> None:
    with FakeModel() as model:
        settings.ANTHROPIC_BASE_URL, settings.ANTHROPIC_API_KEY = model.url, ""
        asked = [{"gap": "the pick-up day", "question": "When is the pump picked up?"},
                 {"gap": "the price", "question": "What does it cost?"}, {"gap": 7}]  # fmt: skip
        reply = says("The courier comes on [the pick-up day], see [the form].", asks=asked)
        model.answers.append(reply)
        draft = asks(crm, cast)
    questions = {one.gap: one.text for one in draft.questions.all()}
    assert questions == {
        "the pick-up day": "When is the pump picked up?",
        "the form": "What is the form in “The courier comes on [the pick-up day], see [the form].”?",
    }
