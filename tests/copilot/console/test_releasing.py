"""A reply that needs a second yes, from the setting to the send: on the pages, over REST, in everyone's way."""

from typing import Any

import pytest

from copilot.amounts import amounts
from copilot.models import Decision, Draft, ReleaseRule, Signal
from interactions.erasing import erase
from interactions.models import Approval, Conversation, OutboxMessage
from people.models import AuditEntry, Membership
from tests.cast import Cast
from tests.copilot.api.calling import a_draft, is_problem, program_of
from tests.copilot.console.made import SignIn, htmx
from tests.crm import PushingCrm
from tests.receiver import Receiver
from tests.work import end_undo_time, run_tasks

OFFER = "Hi Sigrid,\n\nYou get back € 1.250,00.\n\nKind regards,\nInes"


def test_amounts_are_read_on_the_safe_side() -> None:
    text = "€1,250.00, 1 250 kr, USD 5k, 2 million euros, 12.5 EUR, 1.200 EUR, 499,90 €; 7 boxes, room 9000"
    assert [float(one) for one in amounts(text)] == [1250, 1250, 5000, 2_000_000, 12.5, 1200, 499.9]


@pytest.fixture
def draft(crm: PushingCrm, receiver: Receiver, cast: Cast) -> Draft:
    """Sigrid wrote through a CRM that delivers; the team releases amounts above 500."""
    crm.connection.deliver_to = receiver.url
    crm.connection.save()
    crm.says("I want my money back.", at=None)
    run_tasks()
    talk = crm.conversation()
    talk.drafts.all().delete()
    Conversation.objects.filter(pk=talk.pk).update(account=cast.fjord, contact=cast.sigrid, team=cast.support)
    talk.refresh_from_db()
    ReleaseRule.objects.create(team=cast.support, above=500, by="lead")
    return a_draft(conversation=talk, text=OFFER)


def approve(draft: Draft, cast: Cast) -> Any:
    draft.refresh_from_db()
    program = program_of(cast.ines)
    return program.post(f"drafts/{draft.pk}/decisions/", {"kind": "approve", "version": draft.version})


def last(draft: Draft) -> OutboxMessage:
    return draft.conversation.deliveries.filter(kind="reply").latest("created_at")


def page_of(draft: Draft, sign_in: SignIn, person: Any, view: str = "") -> str:
    query = {"view": view} if view else {}
    return sign_in(person).get(f"/inbox/{draft.conversation_id}/", query).content.decode()


def test_a_lead_releases_what_an_agent_approved(
    draft: Draft, cast: Cast, sign_in: SignIn, receiver: Receiver
) -> None:
    ines, petra = sign_in(cast.ines), sign_in(cast.petra)
    ines.post(f"/inbox/{draft.conversation_id}/drafts/{draft.n}/approve/", {"version": draft.version})
    row = last(draft)
    assert row.state == "waiting" and row.reason == "It names 1,250, more than 500."
    end_undo_time()
    run_tasks()
    assert not [one for one in receiver.deliveries if b"1.250,00" in one.body]

    page = page_of(draft, sign_in, cast.ines)
    assert "Waits for a lead" in page and "Take it back" in page and "Release and send" not in page
    page = page_of(draft, sign_in, cast.petra, "waiting")
    for shown in (
        "Waits for you",
        "€ 1.250,00",
        "sigrid@fjord.example",
        "Ines",
        row.reason,
        "Release and send",
    ):
        assert shown in page, shown
    assert "Waits for a release" in petra.get("/inbox/?view=waiting").content.decode()

    release = f"/inbox/deliveries/{row.pk}/release/"
    assert ines.post(release).status_code == 404  # never by whoever approved it
    assert sign_in(cast.tomas).post(release).status_code == 404  # nor in another role
    assert petra.post(release, headers=htmx("draft")).status_code == 200
    assert petra.post(release, headers=htmx("draft")).status_code == 409
    row.refresh_from_db()
    assert row.state == "pending" and row.release and row.release.person == cast.petra
    deed = AuditEntry.objects.get(verb="released reply")
    assert deed.person == cast.petra and deed.detail["why"] == "It names 1,250, more than 500."
    end_undo_time()
    run_tasks()
    assert len([one for one in receiver.deliveries if b"1.250,00" in one.body]) == 1
    assert Signal.objects.get().state == "settled"


def test_a_lead_returns_it_and_the_agent_mends_it(draft: Draft, cast: Cast, sign_in: SignIn) -> None:
    assert approve(draft, cast).json()["waits_for"] == "lead"
    back, petra = f"/inbox/deliveries/{last(draft).pk}/return/", sign_in(cast.petra)
    assert petra.post(back, {"reason": " "}, headers=htmx("draft")).status_code == 422
    assert petra.post(back, {"reason": "At most 500 this year."}).status_code == 303

    draft.refresh_from_db()
    assert draft.state == "ready" and last(draft).state == "returned" and Signal.objects.get().state == "void"
    page = page_of(draft, sign_in, cast.ines)
    assert "Petra Novak returned it: At most 500 this year. Nothing was sent." in page
    assert AuditEntry.objects.filter(verb="returned reply", person=cast.petra).exists()
    wording = {"kind": "edit", "version": draft.version, "text": OFFER.replace("1.250", "400")}
    mended = program_of(cast.ines).post(f"drafts/{draft.pk}/decisions/", wording).json()
    assert mended["waits_for"] is None and last(draft).state == "pending"


def test_over_rest_the_same_holds(draft: Draft, cast: Cast) -> None:
    told = approve(draft, cast).json()
    assert (told["waits_for"], told["state"], told["undo_until"]) == ("lead", "approved", None)
    path, petra, ines = f"decisions/{told['id']}/", program_of(cast.petra), program_of(cast.ines)
    again = ines.post(f"conversations/{draft.conversation_id}/replies/", {"text": "One more thing"})
    assert is_problem(again, 409, "changed")
    assert is_problem(ines.post(f"{path}release/"), 403)
    assert is_problem(program_of(cast.lukas).post(f"{path}release/"), 404)
    assert is_problem(petra.post(f"{path}return/"), 400, "invalid")
    answer = petra.post(f"{path}release/", once="r-1").json()
    assert answer["released_by"] == cast.petra.pk and answer["undo_until"] and answer["waits_for"] is None
    assert petra.post(f"{path}release/", once="r-1").json() == answer
    late = petra.post(f"{path}return/", {"reason": "Wait."})
    assert is_problem(late, 409, "changed") and "Petra Novak has released it already" in late.json()["detail"]
    delivery = petra.get(f"deliveries/{told['delivery']}/").json()
    assert delivery["release_by"] == "lead" and delivery["released_by"] == cast.petra.pk
    assert ines.post(f"{path}undo/").status_code == 200  # within the releaser's undo time


@pytest.mark.parametrize("faster", ["undo", "customer", "colleague", "erased"])
def test_what_comes_first_ends_the_wait(draft: Draft, cast: Cast, crm: PushingCrm, faster: str) -> None:
    decision = approve(draft, cast).json()["id"]
    if faster == "undo":
        program_of(cast.ines).post(f"decisions/{decision}/undo/")
    elif faster == "customer":
        crm.says("Never mind, I found it.")
    elif faster == "colleague":
        crm.answers("You have it back.")
    else:
        erase(cast.sigrid.pk, person=cast.ada)
    run_tasks()
    if faster == "erased":
        assert not Approval.objects.exists() and not OutboxMessage.objects.filter(kind="reply").exists()
        return
    late = program_of(cast.petra).post(f"decisions/{decision}/release/")
    assert is_problem(late, 409, "changed") and "Nothing was sent." in late.json()["detail"]
    assert last(draft).state == "cancelled"
    draft.refresh_from_db()
    assert draft.state == {"undo": "ready", "customer": "stale", "colleague": "answered_elsewhere"}[faster]


def test_flags_topics_and_who_may_set_them(draft: Draft, cast: Cast, sign_in: SignIn) -> None:
    petra, account = sign_in(cast.petra), f"/accounts/{cast.fjord.pk}/"
    for person in (cast.ines, cast.karim, cast.wanda):
        assert sign_in(person).post(f"{account}release/", {"by": "lead"}).status_code == 404
    told = {"by": "account_manager", "reason": "in dispute"}
    assert petra.post(f"{account}release/", told).status_code == 303
    assert "Replies wait for the account manager: in dispute" in petra.get(account).content.decode()
    team = {"team": cast.support.pk, "above": "", "new-topic": "refunds", "new-by": "account_manager"}
    assert sign_in(cast.ines).post("/settings/team/release/", team).status_code == 404
    assert petra.post("/settings/team/release/", team | {"above": "much"}).status_code == 422
    assert petra.post("/settings/team/release/", team).status_code == 303
    assert "Topic: refunds" in petra.get("/settings/team/").content.decode()
    Conversation.objects.filter(pk=draft.conversation_id).update(topic="refunds")

    assert approve(draft, cast).json()["waits_for"] == "account_manager"
    assert last(draft).reason == "Fjord Shipping is flagged: in dispute. It is about refunds."
    assert "Waits for Karim Haddad" in page_of(draft, sign_in, cast.petra)
    release = f"/inbox/deliveries/{last(draft).pk}/release/"
    assert petra.post(release).status_code == 404
    sign_in(cast.karim).post(f"/inbox/deliveries/{last(draft).pk}/return/", {"reason": "No."})

    # Where nobody of that role is left it falls to the other one, and without any it does not leave.
    Membership.objects.filter(user=cast.karim).delete()
    assert approve(draft, cast).json()["waits_for"] == "lead"
    program_of(cast.ines).post(f"decisions/{Decision.objects.latest('pk').pk}/undo/")
    Membership.objects.filter(user=cast.petra).delete()
    assert is_problem(approve(draft, cast), 422, "refused")
