"""POST deliveries/<id>/replay/: what was given up leaves again, and a reply never beside a newer one."""

import pytest
from django.utils import timezone

from copilot import replaying
from copilot.decisions import Actor
from copilot.models import Draft, Signal
from interactions import delivering, outbox
from interactions.models import Connection, OutboxMessage
from people.models import AuditEntry, Scope
from tests.cast import Cast
from tests.copilot.api.calling import Program, a_draft, is_problem, program_of
from tests.factories import a_conversation, a_message, a_reply
from tests.receiver import Receiver, Reply
from tests.work import run_tasks

pytestmark = pytest.mark.django_db


@pytest.fixture
def dead(ines: Program, draft: Draft, listening: Connection, receiver: Receiver) -> OutboxMessage:
    """Ines approved; the receiver said 410, and the draft was put back."""
    receiver.will(Reply(410))
    made = ines.post(f"drafts/{draft.pk}/decisions/", {"kind": "approve", "version": draft.version}).json()
    OutboxMessage.objects.update(due_at=timezone.now())
    delivering.deliver(made["delivery"])
    Connection.objects.update(disabled_reason="")
    row = OutboxMessage.objects.get(pk=made["delivery"])
    assert row.state == "dead"
    return row


def state(draft: Draft) -> str:
    draft.refresh_from_db()
    return draft.state


def test_its_draft_is_approved_once_more_and_the_reply_leaves(
    petra: Program, cast: Cast, draft: Draft, dead: OutboxMessage, receiver: Receiver
) -> None:
    assert (state(draft), Signal.objects.get().state) == ("ready", "void")
    answer = petra.post(f"deliveries/{dead.pk}/replay/")
    assert (answer.status_code, answer.json()["state"]) == (202, "retry"), answer.json()
    assert (state(draft), Signal.objects.get().state) == ("approved", "pending")
    entry = AuditEntry.objects.get(verb="replayed")
    assert entry.person == cast.petra and entry.key is not None
    assert is_problem(petra.post(f"deliveries/{dead.pk}/replay/"), 409, "refused")

    run_tasks()
    dead.refresh_from_db()
    assert (dead.state, Signal.objects.get().state) == ("sent", "settled")
    assert [one.headers["webhook-id"] for one in receiver.deliveries].count(str(dead.pk)) == 2


@pytest.mark.parametrize("meanwhile", ["approved anew", "discarded", "customer wrote", "colleague answered"])
def test_not_beside_what_came_after_it(
    petra: Program, ines: Program, draft: Draft, dead: OutboxMessage, meanwhile: str
) -> None:
    draft.refresh_from_db()
    match meanwhile:
        case "approved anew":
            ines.post(f"drafts/{draft.pk}/decisions/", {"kind": "approve", "version": draft.version})
        case "discarded":
            ines.post(f"drafts/{draft.pk}/decisions/", {"kind": "discard", "version": draft.version})
        case "customer wrote":
            a_message(conversation=draft.conversation, at=timezone.now())
        case _:
            a_message(conversation=draft.conversation, by="colleague", at=timezone.now())
    before = state(draft)
    assert is_problem(petra.post(f"deliveries/{dead.pk}/replay/"), 409, "changed")
    dead.refresh_from_db()
    assert (dead.state, state(draft)) == ("dead", before)
    assert not AuditEntry.objects.filter(verb="replayed").exists()


def test_a_reply_without_a_draft_waits_for_an_open_one(
    cast: Cast, listening: Connection, ines: Program
) -> None:
    asked = a_conversation(team=cast.support, contact=cast.sigrid, connection=listening)
    a_message(conversation=asked)
    made = ines.post(f"conversations/{asked.pk}/replies/", {"text": "On Monday."}).json()
    OutboxMessage.objects.update(state="dead")
    fresh = a_draft(conversation=asked)
    petra = program_of(cast.petra)
    assert is_problem(petra.post(f"deliveries/{made['delivery']}/replay/"), 409, "changed")
    fresh.delete()
    assert petra.post(f"deliveries/{made['delivery']}/replay/").status_code == 202


def test_all_of_a_connection_and_the_old_answers_stay(
    cast: Cast, petra: Program, dead: OutboxMessage, draft: Draft, listening: Connection
) -> None:
    a_message(conversation=draft.conversation, at=timezone.now())
    OutboxMessage.objects.filter(kind="event").delete()
    for _ in range(3):
        outbox.announce(draft.conversation, "draft.ready", {})
    OutboxMessage.objects.filter(kind="event").update(state="dead")
    path = f"connections/{listening.pk}/replay/"
    reader = program_of(cast.petra, [Scope.READ, Scope.WRITE])
    assert is_problem(reader.post(path, {"of": "deliveries"}), 403)
    assert petra.post(path, {"of": "deliveries"}).json() == {"replayed": 3, "kept_back": 1}
    assert petra.post(path).json() == {"replayed": 0, "kept_back": 0}
    assert is_problem(petra.post(path, {"of": "everything"}), 400, "invalid")


def test_from_the_page_of_deliveries(cast: Cast, dead: OutboxMessage, draft: Draft, petra: Program) -> None:
    petra.client.force_login(cast.petra, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = petra.client.get("/settings/deliveries/").content.decode()
    assert f"/settings/deliveries/{dead.pk}/replay/" in page and "1 delivery given up." in page
    said = petra.client.post(f"/settings/deliveries/{dead.pk}/replay/", follow=True).content.decode()
    assert "The delivery is sent again." in said and state(draft) == "approved"

    OutboxMessage.objects.update(state="dead")
    a_message(conversation=draft.conversation, at=timezone.now())
    said = petra.client.post(f"/settings/deliveries/{dead.pk}/replay/", follow=True).content.decode()
    assert "Something was said in this conversation since" in said
    said = petra.client.post(f"/settings/deliveries/replay/{dead.connection_id}/", follow=True).content.decode()
    assert "1 reply kept back" in said


def test_an_email_that_was_given_up(cast: Cast) -> None:
    asked = a_conversation(team=cast.support, contact=cast.sigrid)
    row = a_reply(conversation=asked, person=cast.ines)
    OutboxMessage.objects.update(state="dead")
    row.refresh_from_db()
    assert replaying.replay(row, Actor(cast.petra))
    run_tasks()
    row.refresh_from_db()
    assert row.state == "sent"
