"""What came in and what went out: metadata with reasons, and a second try for what was given up."""

from copilot import decisions
from copilot.decisions import Actor
from copilot.models import Draft
from interactions.models import Connection, InboxEvent
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.console.made import SignIn
from tests.crm import PushingCrm, event
from tests.work import deliver_rows, end_undo_time, run_tasks


def test_an_admin_sees_what_became_of_each_delivery_and_not_its_words(
    cast: Cast, crm: PushingCrm, sign_in: SignIn
) -> None:
    crm.says("The words of a customer")
    crm.push(event("message.received", {"message": "nonsense"}))
    crm.push(b"{}", headers={"webhook-signature": "v1,AAAA"})
    run_tasks()

    page = sign_in(cast.ada).get("/settings/events/").content.decode()

    assert "message.received" in page
    assert "Applied" in page
    assert "Given up" in page
    assert "no signature matches" in page
    assert "The words of a customer" not in page


def test_what_was_given_up_is_tried_again(cast: Cast, crm: PushingCrm, sign_in: SignIn) -> None:
    crm.says("Hello")
    InboxEvent.objects.update(state="dead", reason="an error of ours: KeyError")
    client, url = sign_in(cast.petra), f"/settings/events/{crm.last_event().pk}/replay/"

    assert "Try again" in client.get("/settings/events/?state=dead").content.decode()
    assert client.post(url).status_code == 303

    assert crm.last_event().state == InboxEvent.State.RECORDED
    entry = AuditEntry.objects.get()
    assert (entry.person, entry.verb) == (cast.petra, "replayed")
    assert entry.target == f"inboxevent:{crm.last_event().pk}"


def test_all_that_a_connection_gave_up_is_tried_again(cast: Cast, crm: PushingCrm, sign_in: SignIn) -> None:
    for _ in range(3):
        crm.says("Hello")
    InboxEvent.objects.update(state="dead", reason="an error of ours: KeyError")
    client, url = sign_in(cast.petra), f"/settings/events/replay/{crm.connection.pk}/"

    page = client.get("/settings/events/").content.decode()
    assert "3 events given up." in page and url in page
    assert "3 events tried again." in client.post(url, follow=True).content.decode()

    run_tasks()
    assert set(InboxEvent.objects.values_list("state", flat=True)) == {"applied"}
    entry = AuditEntry.objects.get()
    assert (entry.person, entry.target) == (cast.petra, f"connection:{crm.connection.pk}")
    assert entry.detail == {"events": 3}
    assert url not in client.get("/settings/events/").content.decode()
    assert client.get(url).status_code == 405


def test_another_teams_lead_tries_nothing_again(cast: Cast, crm: PushingCrm, sign_in: SignIn) -> None:
    crm.says("Hello")
    InboxEvent.objects.update(state="dead")

    assert sign_in(cast.wanda).post(f"/settings/events/replay/{crm.connection.pk}/").status_code == 404
    assert crm.last_event().state == InboxEvent.State.DEAD


def test_a_lead_sees_the_own_teams_alone(cast: Cast, crm: PushingCrm, sign_in: SignIn) -> None:
    crm.says("Hello")

    stranger = sign_in(cast.wanda)

    assert "message.received" not in stranger.get("/settings/events/").content.decode()
    assert stranger.post(f"/settings/events/{crm.last_event().pk}/replay/").status_code == 404
    assert sign_in(cast.ines).get("/settings/events/").status_code == 404


def test_a_delivery_shows_its_tries(cast: Cast, draft: Draft, connection: Connection, sign_in: SignIn) -> None:
    decisions.approve(draft.pk, draft.version, Actor(cast.ines), ["c1"])
    end_undo_time()
    deliver_rows()

    page = sign_in(cast.ada).get("/settings/deliveries/?state=sent").content.decode()

    assert "reply.approved" in page
    assert "1 try" in page
    assert "Hi Sigrid" not in page


def test_pages_follow_each_other(cast: Cast, crm: PushingCrm, sign_in: SignIn) -> None:
    for _ in range(55):
        crm.says("Hello")
    client = sign_in(cast.ada)

    first = client.get("/settings/events/")
    second = client.get(first.context["next_url"])

    assert len(first.context["lines"]) == 50
    assert len(second.context["lines"]) == 5
    assert second.context["next_url"] == ""
