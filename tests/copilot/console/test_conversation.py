"""The conversation page: what was said, the draft in its true state, and what it rests on."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from copilot.models import Draft
from customers.models import Promise
from interactions.models import Conversation, Escalation, Message
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.console.made import SignIn, a_draft, htmx
from tests.factories import a_message


def test_the_page_shows_the_letters_the_draft_and_what_it_rests_on(
    cast: Cast, draft: Draft, sign_in: SignIn
) -> None:
    Promise.objects.create(account=cast.fjord, text="A forecast of seats", made_at=timezone.now())
    a_message(
        conversation=draft.conversation, by=Message.By.NOTE, person=cast.tomas, text="Not the price list yet."
    )

    notice = {"id": "c2", "kind": "unanswered", "words": "How many seats?", "label": "Not answered yet:",
              "note": "open question", "start": 0, "end": 0, "tick": False}  # fmt: skip
    Draft.objects.filter(pk=draft.pk).update(checks=[*draft.checks, notice])

    page = sign_in(cast.ines).get(f"/inbox/{draft.conversation_id}/").content.decode()

    assert "Not answered yet: How many seats?" in page
    assert "Tick <span data-unticked>1</span> check" in page and 'value="c2"' not in page
    assert "When does our contract end? Kind regards, Sigrid" in page
    assert "sigrid@fjord.example" in page
    assert "Term ends 14 March 2027" in page
    assert "Contract F-031, CRM" in page
    assert "new promise" in page
    assert "I will see to it:" in page
    assert "the new price" in page
    assert "2 notes, out of date" in page
    assert "A forecast of seats" in page
    assert "from Tomas’s note" in page
    assert "claude-test" in page
    assert "$0.0042" in page


def test_a_mark_stands_on_the_sentence_it_supports(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    card = sign_in(cast.ines).get(f"/inbox/{draft.conversation_id}/").context["thread"].card

    body = card.paragraphs[1].runs
    assert [(run.text, run.marks, run.flag) for run in body] == [
        ("Your contract ends on 14 March 2027.", (1,), ""),
        ("We will send the new price by Friday.", (), "unsupported"),
    ]
    assert card.paragraphs[2].runs[0].text == "Kind regards,\n"


@pytest.mark.parametrize("name", ["lukas", "wanda", "ada"])
def test_it_does_not_exist_for_strangers(cast: Cast, talk: Conversation, sign_in: SignIn, name: str) -> None:
    assert sign_in(getattr(cast, name)).get(f"/inbox/{talk.pk}/").status_code == 404


def test_an_admin_who_was_granted_it_reads_and_that_is_written_down(
    cast: Cast, draft: Draft, sign_in: SignIn
) -> None:
    cast.ada.may_read_conversations = True
    cast.ada.save()
    client = sign_in(cast.ada)

    answer = client.get(f"/inbox/{draft.conversation_id}/")

    assert answer.status_code == 200
    assert answer.context["thread"].card.can == frozenset()
    assert AuditEntry.objects.get(verb="read").target == f"conversation:{draft.conversation_id}"
    posted = client.post(f"/inbox/{draft.conversation_id}/drafts/1/approve/", {"version": draft.version})
    assert posted.status_code == 404


def test_the_receiver_of_an_escalation_sees_how_many_sources_are_hidden(
    cast: Cast, draft: Draft, sign_in: SignIn
) -> None:
    Escalation.objects.create(conversation=draft.conversation, by=cast.ines, to_person=cast.lukas)

    thread = sign_in(cast.lukas).get(f"/inbox/{draft.conversation_id}/").context["thread"]

    assert thread.why.sources == ()
    assert thread.why.hidden == 1
    assert all(run.marks == () for part in thread.card.paragraphs for run in part.runs)


def test_a_colleague_who_types_is_shown_and_may_be_relieved(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    Draft.objects.filter(pk=draft.pk).update(
        edited_by=cast.tomas, edited_at=timezone.now(), edited_text="Hi Sigrid, it ends"
    )

    page = sign_in(cast.ines).get(f"/inbox/{draft.conversation_id}/")

    assert "Tomas Lind is editing this draft." in page.content.decode()
    assert "Take over" in page.content.decode()
    assert not page.context["thread"].card.can & {"approve", "edit"}


def test_an_edit_that_was_left_alone_is_what_the_card_shows_and_approves(
    cast: Cast, draft: Draft, sign_in: SignIn
) -> None:
    long_ago = timezone.now() - timedelta(minutes=5)
    edited = draft.text.replace("14 March", "15 March")
    Draft.objects.filter(pk=draft.pk).update(edited_by=cast.tomas, edited_at=long_ago, edited_text=edited)

    card = sign_in(cast.ines).get(f"/inbox/{draft.conversation_id}/").context["thread"].card

    assert (card.text, "approve" in card.can) == (edited, True)
    assert "edit" in card.can
    assert card.beside == "Tomas’s 1 edited word is kept"


@pytest.mark.parametrize("state", Draft.State.values)
def test_every_state_has_a_page(cast: Cast, talk: Conversation, sign_in: SignIn, state: str) -> None:
    a_draft(conversation=talk, state=state, failure="timeout" if state == "failed" else "")

    answer = sign_in(cast.ines).get(f"/inbox/{talk.pk}/")

    assert answer.status_code == 200
    # Approved without a reply in the outbox happens to no real draft.
    assert answer.context["thread"].card.state == ("none" if state == "approved" else state)


def test_without_a_draft_one_may_be_asked_for(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    card = sign_in(cast.ines).get(f"/inbox/{talk.pk}/").context["thread"].card

    assert card.state == "none"
    assert card.asks
    assert "redraft" in card.can


def test_a_customer_for_people_only_gets_no_draft(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    cast.fjord.people_only, cast.fjord.people_only_reason = True, "their contract says so."
    cast.fjord.save()

    answer = sign_in(cast.ines).get(f"/inbox/{talk.pk}/")

    assert "their contract says so." in answer.content.decode()
    assert not answer.context["thread"].card.asks


def test_htmx_gets_the_pane_alone(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    part = sign_in(cast.ines).get(f"/inbox/{draft.conversation_id}/", headers=htmx("pane")).content.decode()

    assert "<html" not in part
    assert 'id="draft"' in part


def test_a_long_conversation_takes_few_queries(
    cast: Cast, draft: Draft, sign_in: SignIn, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(40):
        a_message(conversation=draft.conversation, text=f"Number {number}", person=cast.tomas, by="colleague")
    client = sign_in(cast.ines)

    with django_assert_max_num_queries(15):
        answer = client.get(f"/inbox/{draft.conversation_id}/")

    assert answer.context["thread"].earlier.count == 35
