"""A reply on its way, as its card shows it: the seconds to undo it, a refusal, another try."""

from datetime import timedelta

from django.utils import timezone

from copilot import decisions
from copilot.decisions import Actor
from copilot.models import Draft
from interactions.models import OutboxMessage
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.copilot.console.test_decide import post

VERBS = ("approve", "edit", "stop", "redraft", "discard", "undo", "escalate")


def test_a_reply_on_its_way_counts_down(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    cast.ines.undo_seconds = 30
    cast.ines.save()
    post(sign_in(cast.ines), draft, "approve", ticks=["c1"])

    card = sign_in(cast.tomas).get(f"/inbox/{draft.conversation_id}/").context["thread"].card

    assert card.state == "approved"
    assert 28 <= card.seconds_left <= 30
    assert card.meta == "to sigrid@fjord.example"
    assert "undo" in card.can


def test_a_refused_reply_says_why_and_is_open_again(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    row = decisions.approve(draft.pk, draft.version, Actor(cast.ines), ["c1"]).outbox
    assert row is not None
    OutboxMessage.objects.filter(pk=row.pk).update(state="dead", reason="The receiver answered 400.")
    Draft.objects.filter(pk=draft.pk).update(state=Draft.State.READY)

    card = sign_in(cast.ines).get(f"/inbox/{draft.conversation_id}/").context["thread"].card

    assert card.state == "refused"
    assert card.reason == "The receiver answered 400. Nothing was sent."
    assert "approve" in card.can


def test_a_reply_that_is_tried_again_says_when(cast: Cast, draft: Draft, sign_in: SignIn) -> None:
    row = decisions.approve(draft.pk, draft.version, Actor(cast.ines), ["c1"]).outbox
    assert row is not None
    OutboxMessage.objects.filter(pk=row.pk).update(
        state="retry", reason="The receiver answered 503.", due_at=timezone.now() + timedelta(minutes=5)
    )

    card = sign_in(cast.ines).get(f"/inbox/{draft.conversation_id}/").context["thread"].card

    assert card.state == "approved"
    assert card.meta.startswith("The receiver answered 503. Next try ")
    assert "undo" not in card.can
