"""Writing without a draft, asking for one, and notes for colleagues."""

import pytest

from copilot.models import Decision, Draft, DraftingSwitch
from interactions.letter import Letter
from interactions.models import Conversation, Message, OutboxMessage
from tests.cast import Cast
from tests.copilot.console.made import SignIn, htmx


def test_a_reply_of_ones_own_is_sent(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)

    sheet = client.get(f"/inbox/{talk.pk}/reply/").content.decode()
    answer = client.post(f"/inbox/{talk.pk}/reply/", {"text": "In March.", "version": 0})

    assert 'data-state="writing"' in sheet
    assert "sigrid@fjord.example" in sheet
    assert answer.status_code == 303
    assert Letter.read(bytes(OutboxMessage.objects.get(kind="reply").payload)).text == "In March."
    assert Decision.objects.get().kind == Decision.Kind.WRITE
    page = client.get(f"/inbox/{talk.pk}/")
    assert page.context["thread"].card.state == "approved"


def test_it_can_be_taken_back(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    client = sign_in(cast.ines)
    client.post(f"/inbox/{talk.pk}/reply/", {"text": "In March."})

    part = client.post(f"/inbox/{talk.pk}/drafts/0/undo/", headers=htmx("draft"))

    assert part.status_code == 200
    assert OutboxMessage.objects.get().state == OutboxMessage.State.CANCELLED
    assert "In March." in client.get(f"/inbox/{talk.pk}/reply/").content.decode()


def test_an_empty_reply_comes_back(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    answer = sign_in(cast.ines).post(f"/inbox/{talk.pk}/reply/", {"text": "  "}, headers=htmx("draft"))

    assert answer.status_code == 422
    assert "The reply is empty." in answer.content.decode()


def test_what_is_typed_is_kept_until_it_is_sent(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    client, url = sign_in(cast.ines), f"/inbox/{talk.pk}/reply/"

    client.post(url, {"text": "In Mar", "save": "1"})

    assert "In Mar" in client.get(url).content.decode()
    client.post(url, {"text": "In March.", "close": "1", "cc": "erik@fjord.example"})
    sheet = client.get(url).content.decode()
    assert "In March." in sheet and "erik@fjord.example" in sheet
    client.post(url, {"text": "In March."})
    sheet = client.get(url).content.decode()
    assert "In March.</textarea>" not in sheet and "erik@fjord.example" not in sheet


def test_a_draft_is_written_on_request(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    part = sign_in(cast.ines).post(f"/inbox/{talk.pk}/reply/", {"ask": "1"}, headers=htmx("draft"))

    assert 'data-state="queued"' in part.content.decode()
    assert Draft.objects.get().requested_by == cast.ines


def test_where_drafting_is_off_a_request_is_declined(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    DraftingSwitch.objects.create(team=cast.support, mode="off")

    answer = sign_in(cast.ines).post(f"/inbox/{talk.pk}/draft/", headers=htmx("draft"))

    assert answer.status_code == 422
    assert "Drafting is switched off here." in answer.content.decode()


def test_a_note_is_kept_for_colleagues(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    client, url = sign_in(cast.ines), f"/inbox/{talk.pk}/note/"

    part = client.post(url, {"text": "Not the price list yet."}, headers=htmx("arrivals")).content.decode()

    note = Message.objects.get(by=Message.By.NOTE)
    assert (note.text, note.person) == ("Not the price list yet.", cast.ines)
    assert "Internal note" in part
    assert not OutboxMessage.objects.exists()
    talk.refresh_from_db()
    assert talk.waiting_since is not None


def test_an_empty_note_stays_in_its_dialog(cast: Cast, talk: Conversation, sign_in: SignIn) -> None:
    answer = sign_in(cast.ines).post(f"/inbox/{talk.pk}/note/", {"text": ""}, headers=htmx("arrivals"))

    assert answer.status_code == 422
    assert answer["HX-Retarget"] == "#dialog"


@pytest.mark.parametrize("action", ["reply", "note", "draft", "assign", "snooze", "resolve", "reopen"])
@pytest.mark.parametrize("name", ["lukas", "ada"])
def test_strangers_find_nothing(
    cast: Cast, talk: Conversation, sign_in: SignIn, action: str, name: str
) -> None:  # fmt: skip
    assert sign_in(getattr(cast, name)).post(f"/inbox/{talk.pk}/{action}/", {"text": "x"}).status_code == 404
