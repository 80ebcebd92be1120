"""What is fetched from a CRM: its news beside the webhooks, its past, and what differs from ours."""

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db.models.functions import Now
from django.utils import timezone

import bell
from copilot.management.commands.sweep import sweep_once
from copilot.models import Draft
from interactions import comparing, handling, inbox, sync
from interactions.crm import post
from interactions.models import Connection, Conversation, InboxEvent, Message, OutboxMessage, Sync
from people.models import AuditEntry
from tests.cast import Cast
from tests.copilot.api.calling import is_problem, program_of
from tests.crm import PushingCrm, event, minutes_ago, received, sent
from tests.factories import a_reply
from tests.vendors.askable import Archive, Askable, archive, askable, by_kill, connection, killed
from tests.vendors.server import Fault
from tests.work import run_tasks

__all__ = ["archive", "askable", "connection"]

pytestmark = pytest.mark.django_db

DAY = 24 * 60


def turn(kind: str) -> Sync:
    """Let the wait be over, and a worker take the row."""
    row = Sync.objects.filter(kind=kind).latest("pk")
    Sync.objects.filter(pk=row.pk, state="due").update(due_at=Now())
    sync.fetch(row.pk)
    row.refresh_from_db()
    return row


def wait_of(row: Sync) -> float:
    """Seconds until it is due again."""
    return (row.due_at - timezone.now()).total_seconds()


def standing(crm: PushingCrm) -> Sync:
    """The connection's poll, which has asked once: from then on is news."""
    sync.keep_standing()
    return turn("poll")


def ended() -> None:
    """The worker is told to stop at once."""
    raise KeyboardInterrupt


def changed(conversation: str, minutes: float, **told: Any) -> dict[str, Any]:
    return event("conversation.changed", {"id": conversation, **told}, minutes_ago(minutes))


def test_a_poll_tells_what_a_lost_webhook_never_did_and_once(crm: PushingCrm, archive: Archive) -> None:
    archive.news = [received("long ago", message="m-0", at=minutes_ago(DAY))]
    row = standing(crm)
    assert (row.state, row.seen, row.cursor) == ("due", 0, {"after": 1}), "what was before is the backfill's"
    assert 50 < wait_of(row) <= 60

    archive.news += [received(f"news {n}", message=f"m-{n}", at=minutes_ago(9 - n)) for n in (1, 2, 3)]
    crm.push(archive.news[1], key="n-1")
    crm.push(archive.news[2], key="a webhook with a key of its own")
    run_tasks()
    row = turn("poll")
    run_tasks()
    assert [one.text for one in Message.objects.order_by("sent_at")] == ["news 1", "news 2", "news 3"]
    assert Draft.objects.filter(state=Draft.State.QUEUED).count() == 1
    assert (row.seen, row.cursor) == (3, {"after": 4}) and wait_of(row) < 6, "there may be more behind it"
    assert wait_of(turn("poll")) > 50, "there is not"
    assert InboxEvent.objects.count() == 4


@pytest.mark.django_db(transaction=True)
def test_a_page_and_the_cursor_behind_it_are_kept_together(
    crm: PushingCrm, archive: Archive, askable: Askable
) -> None:
    standing(crm)
    archive.news = [received(f"news {n}", message=f"m-{n}", at=minutes_ago(60 - n)) for n in range(25)]
    turn("poll")

    def dying_turn() -> None:
        askable.dies = by_kill
        turn("poll")

    assert killed(dying_turn)
    row = Sync.objects.get(kind="poll")
    assert (row.state, row.seen, InboxEvent.objects.count()) == ("working", 10, 10), "all of a page, or nothing"

    assert sync.release_expired() == 0, "its worker may still be at it"
    Sync.objects.update(lease_until=minutes_ago(1))
    assert sync.release_expired() == 1
    assert [turn("poll").seen for _ in range(3)] == [20, 25, 25]
    run_tasks()
    assert Message.objects.count() == InboxEvent.objects.count() == 25


def test_a_crm_in_trouble_is_asked_again_and_one_that_refuses_is_not(
    crm: PushingCrm, archive: Archive, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    standing(crm)
    archive.will(Fault(429, retry_after="120"))
    row = turn("poll")
    assert (row.state, row.attempts, row.reason) == ("due", 1, "the CRM answered 429")
    assert 110 < wait_of(row) <= 120, "as long as it asked for"
    archive.will(Fault(502))
    assert 20 < wait_of(turn("poll")) <= 30
    monkeypatch.setattr(post, "TIMEOUT_SECONDS", 0.2)
    archive.will(Fault(ending="hang"), Fault(ending="close"))
    assert turn("poll").reason == "the CRM did not answer (ReadTimeout)"
    assert turn("poll").attempts == 4
    assert (turn("poll").attempts, turn("poll").reason) == (0, "")

    archive.will(Fault(401))
    row = turn("poll")
    assert (row.state, row.reason) == ("failed", "the CRM answered 401")
    sync.keep_standing()
    assert Sync.objects.filter(kind="poll").count() == 1 and sync.due_syncs(9) == []

    archive.news = [received("meanwhile")]
    petra = program_of(cast.petra)
    path = f"connections/{crm.connection.pk}/syncs/"
    answer = petra.post(path, {"kind": "poll"})
    assert (answer.status_code, answer.json()["state"]) == (202, "due")
    turn("poll")
    run_tasks()
    assert Message.objects.get().text == "meanwhile", "it goes on where it was"
    assert is_problem(petra.post(path, {"kind": "everything"}), 400, "invalid")
    assert AuditEntry.objects.get(verb="started poll").person == cast.petra


def test_a_backfill_brings_the_past_and_disturbs_nothing(
    crm: PushingCrm, archive: Archive, askable: Askable, cast: Cast
) -> None:
    crm.says("waiting", conversation="p-7", message="p-7-1", at=minutes_ago(5))
    crm.says("done with", conversation="p-8", message="p-8-1", at=minutes_ago(9 * DAY))
    run_tasks()
    reply = a_reply(conversation=crm.conversation("p-7"), person=cast.ines, undo_seconds=3600)
    handling.resolve(crm.conversation("p-8"), cast.ines)
    drafts = Draft.objects.count()
    for n in range(90):
        archive.past[f"p-{n}"] = [
            received(f"question {n}", conversation=f"p-{n}", message=f"old-{n}", at=minutes_ago(20 * DAY)),
            *([changed(f"p-{n}", 19 * DAY, status="resolved")] if n % 3 == 0 else []),
            *([sent("an answer", conversation="p-7", message="a-7", at=minutes_ago(DAY))] if n == 7 else []),
        ]

    petra = program_of(cast.petra)
    path = f"connections/{crm.connection.pk}/syncs/"
    answer = petra.post(path, {"kind": "backfill"}).json()
    assert (answer["state"], answer["started_by"]) == ("due", cast.petra.pk)
    assert petra.post(path, {"kind": "backfill"}).json()["id"] == answer["id"], "one at a time"
    row = turn("backfill")
    assert (row.state, row.total, row.seen) == ("due", 90, 35) and 0 < wait_of(row) <= 5
    askable.dies = ended
    with pytest.raises(KeyboardInterrupt):
        turn("backfill")
    Sync.objects.update(lease_until=minutes_ago(1))
    sync.release_expired()

    crm.says("I need help now", conversation="now", message="now-1")
    live, old = inbox.due_events(500), inbox.due_events(500, is_history=True)
    assert (len(live), len(old)) == (1, 35), "it does not wait behind the past"
    while row.state == "due":
        row = turn("backfill")
    run_tasks()

    assert (row.state, row.seen, row.reason) == ("done", 121, "") and row.ended_at
    assert InboxEvent.objects.exclude(state__in=("applied", "ignored")).count() == 0
    assert Conversation.objects.count() == 91 and Message.objects.count() == 94
    assert Conversation.objects.filter(status="resolved").count() == 31
    assert Draft.objects.count() == drafts + 1, "the one that was asked for now"
    assert OutboxMessage.objects.get(pk=reply.pk).state == "pending"
    assert crm.conversation("p-8").status == "resolved"
    listed = petra.get(path).json()["results"]
    assert [(one["kind"], one["state"], one["seen"]) for one in listed] == [("backfill", "done", 121)]


def test_what_was_written_a_moment_ago_is_news_though_the_past_told_it(
    crm: PushingCrm, archive: Archive, cast: Cast
) -> None:
    archive.past["c-1"] = [
        received("before", message="m-1", at=minutes_ago(DAY)),
        received("help!", message="m-2", at=minutes_ago(1)),
    ]
    sync.start_backfill(crm.connection, cast.petra)
    turn("backfill")
    assert len(inbox.due_events(9, is_history=True)) == 2
    crm.push(archive.past["c-1"][1], key="h-c-1-1")
    assert len(inbox.due_events(9)) == 1, "told by its webhook too, it waits no longer"
    run_tasks()
    assert Draft.objects.get().state == Draft.State.QUEUED
    assert crm.conversation().messages.count() == 2


def test_no_more_of_the_past_is_asked_for_than_is_applied(
    crm: PushingCrm, archive: Archive, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sync, "MOST_WAITING", 20)
    archive.past = {
        f"p-{n}": [received("old", conversation=f"p-{n}", message=f"p-{n}", at=minutes_ago(DAY))]
        for n in range(30)
    }
    sync.start_backfill(crm.connection, cast.petra)
    assert [turn("backfill").seen for _ in range(3)] == [25, 25, 25]
    run_tasks()
    assert turn("backfill").state == "done"
    assert len(archive.asked("GET", "/past")) == 2


def test_a_pause_a_stop_and_another_worker_end_a_step_without_a_trace(
    crm: PushingCrm, archive: Archive, askable: Askable, cast: Cast
) -> None:
    row = standing(crm)
    archive.news = [received("news")]
    connections = Connection.objects.filter(pk=crm.connection.pk)

    askable.meanwhile = lambda: connections.update(paused_at=Now())
    assert turn("poll").state == "due" and not InboxEvent.objects.exists()
    asked = len(archive.calls)
    assert sync.due_syncs(9) == [] and turn("poll").state == "due" and len(archive.calls) == asked
    connections.update(paused_at=None)

    askable.meanwhile = lambda: sync.stop(row, cast.petra)
    row = turn("poll")
    assert (row.state, row.reason) == ("stopped", "Petra Novak stopped it.") and not InboxEvent.objects.exists()
    assert sync.stop(row, cast.petra) is False
    sync.start(crm.connection, "poll", cast.petra)

    def another_worker() -> None:
        sync.fetch(row.pk)
        assert len(archive.calls) == asked + 2, "one at a time"
        Sync.objects.update(lease_until=minutes_ago(1))
        sync.release_expired()
        sync.fetch(row.pk)

    asked, askable.meanwhile = len(archive.calls) - 1, another_worker
    row = turn("poll")
    assert (row.state, row.seen, InboxEvent.objects.count()) == ("due", 1, 1), "the slower one kept nothing"

    connections.update(revoked_at=Now())
    sync.keep_standing()
    assert {one.state for one in Sync.objects.all()} == {"stopped"}
    with pytest.raises(sync.CannotFetch, match="revoked"):
        sync.start_backfill(crm.connection, cast.petra)


def test_a_comparison_reports_what_differs_and_mends_it(
    crm: PushingCrm, archive: Archive, cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparing, "AT_ONCE", 2)
    Connection.objects.update(created_at=minutes_ago(30 * DAY))
    for name in ("same", "moved", "missed", "ours", "gone"):
        question = received("Where is it?", conversation=name, message=f"{name}-1", at=minutes_ago(2 * DAY))
        crm.push(question)
        archive.past[name] = [question]
    archive.past["far"] = [received("ages ago", conversation="far", message="far-1", at=minutes_ago(20 * DAY))]
    archive.past["new"] = [received("Hello?", conversation="new", message="new-1", at=minutes_ago(50))]
    run_tasks()
    archive.past["moved"] += [
        changed("moved", 60, status="resolved", labels=["vip"], assignee={"email": cast.tomas.email})
    ]
    archive.past["missed"] += [
        received("Still there?", conversation="missed", message="missed-2", at=minutes_ago(9))
    ]
    handling.resolve(crm.conversation("ours"), cast.ines)
    OutboxMessage.objects.all().delete()  # what told the CRM of it is lost
    archive.past["ours"] += [changed("ours", 90, status="open")]
    del archive.past["gone"]

    sync.keep_standing()
    row = Sync.objects.get(kind="compare")
    assert 0 < wait_of(row) <= DAY * 60 and row.due_at.astimezone().minute == 0
    assert sync.start(crm.connection, "compare", cast.petra).pk == row.pk
    while not (row := turn("compare")).ended_at:
        assert wait_of(row) <= 5
    run_tasks()

    report = row.report
    assert (row.state, row.cursor) == ("due", {}) and wait_of(row) > 5, "again in the next night"
    assert (row.seen, report["looked"]) == (6, 6)
    assert report["mended"] == {"status": 1, "labels": 1, "assignee": 1, "message": 1, "conversation": 1}
    assert report["left"] == {"status": 1, "gone": 1}
    assert {"conversation": crm.conversation("missed").pk, "field": "message", "mended": True} in report[
        "examples"
    ]
    assert {one["conversation"] for one in report["examples"] if not one["mended"]} == {
        crm.conversation("ours").pk, crm.conversation("gone").pk
    }  # fmt: skip
    moved = crm.conversation("moved")
    assert (moved.status, moved.labels, moved.assignee) == ("resolved", ["vip"], cast.tomas)
    assert crm.conversation("missed").messages.count() == 2 and crm.conversation("new").messages.count() == 1
    assert crm.conversation("ours").status == "resolved", "our word is the newer one"
    assert not Conversation.objects.filter(external_id="far").exists()
    assert Draft.objects.filter(conversation__external_id="new", state=Draft.State.QUEUED).exists()

    sync.start(crm.connection, "compare", cast.petra)
    row = turn("compare")
    assert "ended_at" not in row.report and row.report["mended"] == {}, "the report is of this run alone"


def test_the_sweep_rings_for_what_is_due_and_old_mail_by_itself(
    crm: PushingCrm, archive: Archive, bells: redis.Redis, cast: Cast, django_capture_on_commit_callbacks: Any
) -> None:
    archive.past["c-1"] = [received("old", at=minutes_ago(DAY))]
    standing(crm)
    sync.start_backfill(crm.connection, cast.petra)
    turn("backfill")
    crm.says("now", conversation="c-2")
    Sync.objects.filter(kind="poll").update(due_at=Now() - timedelta(seconds=1))
    with django_capture_on_commit_callbacks(execute=True):
        sweep_once({})
    bell.drain()
    assert (bells.llen("fetching"), bells.llen("inbox")) == (2, 1)


def test_a_crm_that_only_pushes_is_never_asked(cast: Cast, crm: PushingCrm) -> None:
    Connection.objects.update(kind="generic")
    sync.keep_standing()
    assert not Sync.objects.exists()
    answer = program_of(cast.petra).post(f"connections/{crm.connection.pk}/syncs/", {"kind": "backfill"})
    assert is_problem(answer, 422, "refused") and "cannot be asked" in answer.json()["detail"]
