"""What a person does with a draft in the console, with htmx and without JavaScript."""

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from copilot import decisions
from copilot.decisions import Actor, Wording
from copilot.models import Decision, Draft, Signal
from interactions.letter import Letter
from interactions.models import Conversation, Escalation, OutboxMessage
from tests.cast import Cast
from tests.copilot.console.made import SignIn, htmx
from tests.work import deliver_rows, end_undo_time

VERBS = ("approve", "edit", "stop", "redraft", "discard", "undo", "escalate")


def post(client: Client, draft: Draft, verb: str, *, part: bool = False, **fields: Any) -> HttpResponse:
    url = f"/inbox/{draft.conversation_id}/drafts/{draft.n}/{verb}/"
    fields.setdefault("version", draft.version)
    return client.post(url, fields, headers=htmx("draft") if part else {})  # type: ignore[return-value]


def sent_letter() -> Letter:
    return Letter.read(bytes(OutboxMessage.objects.get(kind="reply").payload))


def test_approving_queues_exactly_the_draft(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    answer = post(sign_in(cast.ines), draft, "approve", ticks=["c1"])

    assert (answer.status_code, answer["Location"]) == (303, f"/inbox/{draft.conversation_id}/")
    assert sent_letter().text == draft.text.strip()
    assert sent_letter().to == ("sigrid@fjord.example",)
    assert Decision.objects.get().person == cast.ines


def test_htmx_gets_the_card_the_panel_the_row_and_the_way_back(
    cast: Cast, draft: Draft, sign_in: SignIn
) -> None:
    part = post(sign_in(cast.ines), draft, "approve", part=True, ticks=["c1"]).content.decode()

    assert "<html" not in part
    assert 'data-state="approved"' in part
    assert 'id="why"' in part
    assert f'id="row-{draft.conversation_id}"' in part
    assert "Until it leaves it can be taken back." in part
    assert "Undo" in part


def test_a_missing_tick_is_asked_for(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    answer = post(sign_in(cast.ines), draft, "approve", part=True)

    assert answer.status_code == 422
    assert "1 check to tick first." in answer.content.decode()
    assert not OutboxMessage.objects.exists()


def test_a_missing_tick_without_javascript_brings_the_page_back(
    cast: Cast, draft: Draft, sign_in: SignIn
) -> None:
    answer = post(sign_in(cast.ines), draft, "approve")

    assert answer.status_code == 422
    assert "<html" in answer.content.decode()
    assert "1 check to tick first." in answer.content.decode()


def test_the_second_person_sees_who_was_faster_and_keeps_what_they_typed(
    cast: Cast, draft: Draft, sign_in: SignIn
) -> None:
    decisions.approve(draft.pk, draft.version, Actor(cast.tomas), ["c1"])

    answer = post(sign_in(cast.ines), draft, "approve", part=True, text="My own words to Sigrid")

    page = answer.content.decode()
    assert answer.status_code == 409
    assert "Tomas Lind has approved a reply already." in page
    assert "My own words to Sigrid" in page
    assert Decision.objects.count() == 1


def test_a_newer_message_refuses_the_approval(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    Draft.objects.filter(pk=draft.pk).update(state=Draft.State.STALE, version=draft.version + 1)

    answer = post(sign_in(cast.ines), draft, "approve", part=True, ticks=["c1"])

    assert answer.status_code == 409
    assert "The customer wrote again." in answer.content.decode()
    assert 'data-state="stale"' in answer.content.decode()


def test_a_page_without_a_version_is_too_old(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    answer = post(sign_in(cast.ines), draft, "approve", version="", ticks=["c1"])

    assert answer.status_code == 422
    assert "too old" in answer.content.decode()


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("name", ["lukas", "ada"])
def test_strangers_find_nothing(cast: Cast, draft: Draft, sign_in: SignIn, verb: str, name: str) -> None:
    assert post(sign_in(getattr(cast, name)), draft, verb, ticks=["c1"]).status_code == 404


@pytest.mark.parametrize("verb", [verb for verb in VERBS if verb != "escalate"])
def test_looking_decides_nothing(cast: Cast, draft: Draft, sign_in: SignIn, verb: str) -> None:
    url = f"/inbox/{draft.conversation_id}/drafts/{draft.n}/{verb}/"
    assert sign_in(cast.ines).get(url).status_code == 405


def test_opening_the_text_shows_who_edits_and_assigns_it(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    part = post(sign_in(cast.ines), draft, "edit", part=True).content.decode()

    draft.refresh_from_db()
    assert 'data-state="editing"' in part
    assert "<textarea" in part
    assert draft.edited_by == cast.ines
    assert Conversation.objects.get().assignee == cast.ines


def test_without_javascript_the_text_opens_on_the_page(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)

    answer = post(client, draft, "edit")

    assert answer["Location"] == f"/inbox/{draft.conversation_id}/?edit=1"
    assert "<textarea" in client.get(answer["Location"]).content.decode()


def test_the_editor_saves_by_itself(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    answer = post(sign_in(cast.ines), draft, "edit", save="1", text="Hi Sigrid, in March")

    draft.refresh_from_db()
    assert answer.json()["version"] == draft.version  # type: ignore[attr-defined]
    assert draft.edited_text == "Hi Sigrid, in March"


def test_saving_after_a_colleague_decided_says_so(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    decisions.approve(draft.pk, draft.version, Actor(cast.tomas), ["c1"])

    answer = post(sign_in(cast.ines), draft, "edit", save="1", text="Hi Sigrid, in March")

    assert answer.status_code == 409
    assert "Your text is kept" in answer.json()["detail"]  # type: ignore[attr-defined]


def test_the_changes_can_be_looked_at_before_sending(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    text = draft.text.replace("14 March", "15 March")

    part = post(sign_in(cast.ines), draft, "edit", part=True, show="changes", text=text).content.decode()

    assert '<ins><span class="sr">added: </span>15</ins>' in part
    assert '<del><span class="sr">removed: </span>14</del>' in part


def test_closing_the_text_keeps_it(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    text = draft.text.replace("14 March", "15 March")

    part = post(sign_in(cast.ines), draft, "edit", part=True, close="1", text=text).content.decode()

    draft.refresh_from_db()
    assert draft.edited_text == text
    assert "Your 1 edited word is kept" in part


def test_text_that_was_kept_is_shown_and_can_be_approved_as_it_stands(
    cast: Cast, draft: Draft, sign_in: SignIn
) -> None:
    client, url = sign_in(cast.ines), f"/inbox/{draft.conversation_id}/"
    text = draft.text.replace("We will send", "I shall send")
    post(client, draft, "edit", text=text, close="1")

    page = client.get(url).content.decode()
    assert "I shall send the new price by Friday." in page
    assert "I will see to it:" not in page
    kept = client.get(url).context["thread"].card
    assert [one.typed for one in kept.paragraphs].count(True) == 1
    assert any(run.marks for one in kept.paragraphs for run in one.runs)

    post(client, draft, "approve", text=kept.text)

    assert sent_letter().text == text.strip()
    assert Decision.objects.get().kind == Decision.Kind.EDIT


def test_addresses_and_subject_that_were_kept_are_there_when_the_text_is_opened_again(
    cast: Cast, draft: Draft, sign_in: SignIn
) -> None:
    client = sign_in(cast.ines)
    told = {"to": "sigrid@fjord.example", "cc": "erik@fjord.example", "subject": "Your contract"}
    post(client, draft, "edit", text=draft.text, close="1", **told)

    for opened in (
        post(client, draft, "edit", part=True),
        client.get(f"/inbox/{draft.conversation_id}/?edit=1"),
    ):
        assert "erik@fjord.example" in opened.content.decode() and "Your contract" in opened.content.decode()
    other = sign_in(cast.tomas).get(f"/inbox/{draft.conversation_id}/").content.decode()
    assert "erik@fjord.example" not in other, "what others may approve is as the card shows it"


def test_closing_an_unchanged_text_leaves_no_editor_behind(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)
    post(client, draft, "edit")

    post(client, draft, "edit", close="1", text=draft.text)

    draft.refresh_from_db()
    assert draft.edited_by is None


def test_a_colleague_is_asked_before_taking_over(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    decisions.save_edit(draft.pk, Actor(cast.tomas), "Hi Sigrid, Tomas here")
    client = sign_in(cast.ines)

    refused = post(client, draft, "edit", part=True)
    taken = client.post(f"/inbox/{draft.conversation_id}/drafts/1/edit/")

    assert refused.status_code == 409
    assert "Tomas Lind is editing this draft." in refused.content.decode()
    assert taken.status_code == 303
    draft.refresh_from_db()
    assert draft.edited_by == cast.ines
    assert draft.edited_text == "Hi Sigrid, Tomas here"


def test_sending_an_edit_leaves_its_difference(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    text = draft.text.replace("14 March", "15 March")
    client = sign_in(cast.ines)

    changes = {"to": "sigrid@fjord.example, moe@fjord.example", "cc": "", "subject": "Your contract"}
    answer = post(client, draft, "approve", text=text, **changes)

    assert answer.status_code == 303
    assert sent_letter().to == ("sigrid@fjord.example", "moe@fjord.example")
    assert sent_letter().subject == "Your contract"
    end_undo_time()
    deliver_rows()
    page = client.get(f"/inbox/{draft.conversation_id}/")
    assert page.context["thread"].card.state == "sent"
    assert page.context["thread"].diff.headline == "You changed 1 of 20 words"


def test_a_wrong_address_comes_back_with_the_typed_text(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    answer = post(sign_in(cast.ines), draft, "approve", part=True, text="Hello Sigrid", to="sigrid at fjord")

    page = answer.content.decode()
    assert answer.status_code == 422
    assert "is not an email address" in page
    assert "Hello Sigrid" in page
    assert "sigrid at fjord" in page


def test_the_reason_for_an_edit_is_one_press(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    decisions.edit(draft.pk, draft.version, Actor(cast.ines), Wording(text="Hi Sigrid, in March."))
    client, url = sign_in(cast.ines), f"/inbox/{draft.conversation_id}/drafts/1/"

    part = client.post(url, {"reason": "tone"}, headers=htmx("diff")).content.decode()

    assert Signal.objects.get().reason == "tone"
    assert 'aria-pressed="true"' in part
    client.post(url, {"reason": "tone"}, headers=htmx("diff"))
    assert Signal.objects.get().reason == ""
    client.post(url, {"reason": "made up"})
    assert Signal.objects.get().reason == ""


def test_undo_brings_the_edited_text_back(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)
    post(client, draft, "approve", text="Hi Sigrid, in March.")

    part = post(client, draft, "undo", part=True).content.decode()

    assert OutboxMessage.objects.get(kind="reply").state == OutboxMessage.State.CANCELLED
    assert "Nothing was sent" in part
    draft.refresh_from_db()
    assert (draft.state, draft.edited_text) == (Draft.State.READY, "Hi Sigrid, in March.")


def test_undo_after_it_left_is_too_late(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)
    post(client, draft, "approve", ticks=["c1"])
    end_undo_time()
    deliver_rows()

    answer = post(client, draft, "undo", part=True)

    assert answer.status_code == 409
    assert "It is too late to take this back." in answer.content.decode()


def test_a_discarded_draft_comes_back(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)

    gone = post(client, draft, "discard", part=True, reason="Called her instead").content.decode()
    back = post(client, draft, "undo", part=True).content.decode()

    assert "Called her instead" in gone
    assert "Bring back" in gone
    assert 'data-state="ready"' in back


def test_redrafting_takes_a_hint(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    part = post(sign_in(cast.ines), draft, "redraft", part=True, instruction="Shorter").content.decode()

    draft.refresh_from_db()
    assert draft.instructions == ["Shorter"]
    assert 'data-state="queued"' in part


def test_drafting_can_be_stopped(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    Draft.objects.filter(pk=draft.pk).update(state=Draft.State.STREAMING)

    part = post(sign_in(cast.ines), draft, "stop", part=True).content.decode()

    assert "Drafting was stopped." in part
    assert 'data-state="failed"' in part


def test_an_escalation_asks_to_whom_and_travels(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    client, url = sign_in(cast.ines), f"/inbox/{draft.conversation_id}/drafts/1/escalate/"

    form = client.get(url, headers=htmx("dialog")).content.decode()
    answer = post(
        client,
        draft,
        "escalate",
        to=f"user:{cast.lukas.pk}",
        reason="above_limit",
        question="May we credit it?",
    )

    assert "Petra Novak" in form
    assert answer.status_code == 303
    assert Escalation.objects.get().to_person == cast.lukas
    theirs = sign_in(cast.lukas).get("/inbox/?view=escalated")
    assert "With Lukas" in theirs.content.decode()
    page = sign_in(cast.lukas).get(f"/inbox/{draft.conversation_id}/").content.decode()
    assert "May we credit it?" in page
    assert "Return it" in page


def test_an_escalation_to_nobody_stays_in_its_dialog(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    answer = post(sign_in(cast.ines), draft, "escalate", part=True, question="Who decides?")

    assert answer.status_code == 422
    assert answer["HX-Retarget"] == "#dialog"
    assert "Who decides?" in answer.content.decode()


def test_the_receiver_takes_it_by_answering(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    decisions.escalate(draft.pk, draft.version, Actor(cast.ines), cast.sales, "other", "Yours?")
    draft.refresh_from_db()

    post(sign_in(cast.lukas), draft, "edit")

    taken = Escalation.objects.get()
    assert (taken.state, taken.to_person) == (Escalation.State.TAKEN, cast.lukas)
