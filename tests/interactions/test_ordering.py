"""Whatever order a CRM's events arrive in, and however often, the conversation ends up the same."""

from copy import deepcopy
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from interactions import handling, sync
from interactions.models import Connection, Conversation, Message, Sync
from tests.cast import Cast
from tests.conftest import EXPLORE
from tests.crm import PushingCrm, event, iso, minutes_ago, received, sent
from tests.vendors.askable import Archive, archive, askable, connection
from tests.work import run_tasks

__all__ = ["archive", "askable", "connection"]

START = minutes_ago(600)
JAN = {"id": "a-1", "name": "Fjord Shipping"}
FEB = {"id": "a-2", "name": "Fjord Holding"}


AGENTS = ({}, {"id": "g-1", "email": "ines@tern.example"}, {"id": "g-2", "email": "tomas@tern.example"})


@st.composite
def histories(draw: st.DrawFn) -> list[dict[str, Any]]:
    """A conversation as it really went: who wrote when, what was automatic, and what was done with it."""
    told = []
    for number in range(draw(st.integers(1, 8))):
        at = START + timedelta(minutes=(number - draw(st.integers(0, 1))) * 11)  # some at the same instant
        kind = draw(st.sampled_from(("asked", "asked", "answered", "changed", "changed", "rated")))
        told.append(draw(KINDS[kind](number, at)))
    return told


@st.composite
def asked(draw: st.DrawFn, number: int, at: datetime) -> dict[str, Any]:
    headers = {"Auto-Submitted": "auto-replied"} if draw(st.integers(0, 4)) == 0 else {}
    return received(
        f"please could you help with the thing {number}", message=f"m-{number}", at=at,
        account=JAN if number < 3 else FEB, headers=headers,
        subject=draw(st.sampled_from(("", f"Thing {number}"))),
        channel=draw(st.sampled_from(("email", "chat"))),
    )  # fmt: skip


@st.composite
def answered(draw: st.DrawFn, number: int, at: datetime) -> dict[str, Any]:
    account = JAN if number < 3 else FEB
    private = draw(st.booleans())
    return sent(f"answer {number}", message=f"m-{number}", at=at, account=account, private=private)


@st.composite
def changed(draw: st.DrawFn, number: int, at: datetime) -> dict[str, Any]:
    words: dict[str, Any] = {
        "status": st.sampled_from(("open", "resolved", "snoozed")), "assignee": st.sampled_from(AGENTS),
        "labels": st.lists(st.sampled_from(("vip", "bug")), unique=True),
        "snoozed_until": st.just(iso(at + timedelta(days=30, hours=number))),
        "contact": st.just({"id": "p-1", "name": "Sigrid Moe"}),
    }  # fmt: skip
    names = draw(st.sets(st.sampled_from(sorted(words)), min_size=1))
    data = {"conversation": {}, **{name: draw(words[name]) for name in sorted(names)}}
    return event("conversation.changed", data, at)


@st.composite
def rated(draw: st.DrawFn, number: int, at: datetime) -> dict[str, Any]:
    data = {"conversation": {}, "score": draw(st.integers(1, 5)), "rated_at": iso(at)}
    return event("conversation.rated", data, at)


KINDS = {"asked": asked, "answered": answered, "changed": changed, "rated": rated}
TOLD = (
    "subject", "status", "channel", "waiting_since", "last_message_at", "created_at", "language", "labels",
    "assignee", "snoozed_until", "rating", "rated_at", "resolved_at", "reopened_at", "asked_again_at",
)  # fmt: skip


def state_of(connection: Connection, name: str) -> dict[str, Any]:
    conversation = Conversation.objects.get(connection=connection, external_id=name)
    told: list[str] = ["external_id", "by", "text", "automatic", "sent_at", "author_name"]
    return {
        **{one: getattr(conversation, one) for one in TOLD},
        "contact": str(conversation.contact), "account": str(conversation.account),
        "messages": list(conversation.messages.order_by("sent_at", "external_id").values_list(*told)),
    }  # fmt: skip


def tell(crm: PushingCrm, archive: Archive, name: str, told: list[dict[str, Any]], polled: list[bool]) -> None:
    """Each comes by a webhook or, where `polled` says so, is found by the poll."""
    for body, is_polled in zip(told, polled, strict=True):
        if "conversation" in body["data"]:
            body["data"]["conversation"]["id"] = name
        if body["type"] == "conversation.changed":
            body["data"]["id"] = body["data"].pop("conversation", {}).get("id", name)
        for role in ("contact", "account"):  # each run has customers of its own
            if role in body["data"]:
                known = body["data"][role]
                known["id"] = f"{name}-{known['id'].rpartition('-')[2]}"
        if is_polled:
            archive.news.append(deepcopy(body))
            Sync.objects.update(due_at=Now())
            sync.fetch(Sync.objects.get(kind="poll").pk)
        else:
            crm.push(body)
        run_tasks()


@settings(
    max_examples=EXPLORE or 10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(history=histories(), data=st.data())
def test_shuffled_and_repeated_events_settle_to_the_same(
    crm: PushingCrm, archive: Archive, history: list[dict[str, Any]], data: st.DataObject
) -> None:
    sync.keep_standing()
    sync.fetch(Sync.objects.get(kind="poll").pk)
    repeated = history + data.draw(st.lists(st.sampled_from(history), max_size=3))
    shuffled = data.draw(st.permutations(repeated))
    ways = data.draw(st.lists(st.booleans(), min_size=len(shuffled), max_size=len(shuffled)))
    number = Conversation.objects.count()
    tell(crm, archive, f"straight{number}", history, [False] * len(history))
    tell(crm, archive, f"shuffled{number}", list(shuffled), ways)
    assert state_of(crm.connection, f"shuffled{number}") == state_of(crm.connection, f"straight{number}")


@pytest.mark.parametrize("late", [False, True])
def test_the_oldest_word_says_what_it_is_about_and_the_newest_how_it_stands(
    crm: PushingCrm, late: bool
) -> None:
    until = [START + timedelta(days=30), START + timedelta(days=60)]
    rating = {"conversation": {"id": "c-1"}, "score": 4, "rated_at": iso(START)}
    told = [
        event("conversation.rated", rating, START),
        received("first", subject="The first", channel="chat", message="m-1", at=minutes_ago(500)),
        received("second", subject="The second", message="m-2", at=minutes_ago(400)),
        *(
            event("conversation.changed", {"id": "c-1", "status": "snoozed", "snoozed_until": iso(one)}, at)
            for one, at in zip(until, (minutes_ago(300), minutes_ago(200)), strict=True)
        ),
        event("conversation.changed", {"id": "c-1", "status": "snoozed"}, minutes_ago(100)),
    ]
    for body in reversed(told) if late else told:
        crm.push(body)
        run_tasks()
    conversation = crm.conversation()
    assert (conversation.subject, conversation.channel) == ("The first", "chat")
    assert (conversation.status, conversation.snoozed_until) == ("snoozed", until[1])


def test_a_late_message_does_not_reopen(crm: PushingCrm, cast: Cast) -> None:
    crm.says("first", at=minutes_ago(50))
    crm.answers("answered", at=minutes_ago(30))
    run_tasks()
    handling.resolve(crm.conversation(), cast.ines)
    crm.says("told late", at=minutes_ago(40))
    run_tasks()
    conversation = crm.conversation()
    assert (conversation.status, conversation.waiting_since) == ("resolved", None)
    assert conversation.messages.count() == 3


def test_a_new_message_reopens_and_wakes(crm: PushingCrm) -> None:
    crm.says("first", at=minutes_ago(50))
    run_tasks()
    for status in ("resolved", "snoozed"):
        Conversation.objects.update(status=status, snoozed_until=minutes_ago(-60))
        crm.says("and one more thing")
        run_tasks()
        assert (crm.conversation().status, crm.conversation().snoozed_until) == ("open", None)


def test_waiting_begins_with_the_oldest_unanswered_message(crm: PushingCrm) -> None:
    crm.says("first", at=minutes_ago(50))
    crm.answers("answered", at=minutes_ago(40))
    crm.says("second", at=minutes_ago(30))
    crm.says("third", at=minutes_ago(20))
    run_tasks()
    assert crm.conversation().waiting_since == Message.objects.get(text="second").sent_at


def test_a_contact_who_changes_account_leaves_the_history_where_it_was(crm: PushingCrm) -> None:
    crm.says("for the first company", conversation="c-old", at=minutes_ago(50), account=JAN)
    crm.says("for the second", conversation="c-new", at=minutes_ago(10), account=FEB)
    run_tasks()
    old, new = crm.conversation("c-old"), crm.conversation("c-new")
    assert old.contact == new.contact and new.contact
    assert str(old.account) == "Fjord Shipping"
    assert str(new.account) == str(new.contact.account) == "Fjord Holding"


def test_news_of_the_old_account_told_late_does_not_move_the_contact_back(crm: PushingCrm) -> None:
    crm.says("for the second", conversation="c-new", at=minutes_ago(10), account=FEB)
    crm.says("for the first company", conversation="c-old", at=minutes_ago(50), account=JAN)
    run_tasks()
    assert str(crm.conversation("c-new").contact.account) == "Fjord Holding"  # type: ignore[union-attr]
    assert str(crm.conversation("c-old").account) == "Fjord Shipping"
